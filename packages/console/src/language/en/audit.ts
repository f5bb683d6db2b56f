import type { audit as vi } from '../vi/audit.ts';
import type { English } from './english.ts';

/** The audit log. */
export const audit: English<typeof vi> = {
  'audit.title': 'Audit log',
  'audit.lead': 'Append-only; every entry is a leaf of a Merkle tree. Changing an old entry shows.',
  'audit.verify': 'Verify the whole log',
  'audit.verifying': 'Reading every entry again…',
  'audit.intact': 'The log is intact',
  'audit.broken': 'The log was changed',
  'audit.verdict': '{size} entries, {checkpoints} signed checkpoints',
  'audit.root': 'Tree root',
  'audit.empty': 'The log has no entries yet',
  'audit.col.index': 'No.',
  'audit.col.actor': 'Who',
  'audit.col.action': 'What',
  'audit.col.target': 'To what',
  'audit.hash': 'Leaf hash',
};
