import type { AuditCheckpoint, AuditEntry } from '@kydai/contracts';
import { encodeEntry } from './entry.ts';
import { checkpointSigner } from './key.ts';
import { leafHash } from './merkle.ts';

/** The leaf hash (RFC 9162 section 2.1.1, hex) that an entry must have: for who checks a proof without the log. */
export function auditLeafHash(entry: AuditEntry): string {
  return leafHash(encodeEntry(entry)).toString('hex');
}

/** Whether a checkpoint is signed by this audit key (PEM of an Ed25519 public key). Throws `audit-key` for no key. */
export function verifyCheckpoint(checkpoint: AuditCheckpoint, publicKeyPem: string): boolean {
  return checkpointSigner({ publicKeyPem }).verify(checkpoint);
}
