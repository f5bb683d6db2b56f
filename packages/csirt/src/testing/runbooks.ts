import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadPlaybooks, type Playbook } from '../playbook/load.ts';

const folder = join(import.meta.dirname, '../../../../runbooks');

/** The project's own runbooks, for tests. */
export function ownRunbookFiles(): { file: string; text: string }[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => ({ file, text: readFileSync(join(folder, file), 'utf8') }));
}

export function ownPlaybooks(): readonly Playbook[] {
  return loadPlaybooks(ownRunbookFiles()).playbooks;
}
