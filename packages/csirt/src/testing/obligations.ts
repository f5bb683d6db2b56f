import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Obligation } from '@kydai/contracts';
import { loadObligations } from '../report/obligations.ts';

const folder = join(import.meta.dirname, '../../../../policies/obligations');

/** The project's own obligations, for tests. */
export function ownObligations(): readonly Obligation[] {
  const files = readdirSync(folder).map((file) => ({ file, text: readFileSync(join(folder, file), 'utf8') }));
  return loadObligations(files).obligations;
}
