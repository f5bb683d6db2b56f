import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../program.ts';

/**
 * `npm run gate`: our own build gate on ourselves. Imports the npm advisories and the list of known exploited
 * vulnerabilities from the outside material beside the project, and gates the project's own lockfile.
 */
const root = join(import.meta.dirname, '../..');
const advisories = join(root, '../shared/corpora/advisories');
if (!existsSync(advisories)) {
  console.log('skipped: no advisories beside the project; import your own with `npx kydai sbom db import`');
  process.exit(0);
}
const kydai = (...args: string[]) => [join(root, 'packages/kydai/src/main.ts'), 'sbom', ...args];
const database = join(temporaryFolder(), 'advisories.kydb');
const inputs = ['osv-npm-sample.tar.gz', 'kev.json.gz'].map((name) => join(advisories, name));
execFileSync(process.execPath, kydai('db', 'import', ...inputs, '--db', database), { stdio: 'inherit' });
const gate = spawnSync(
  process.execPath,
  kydai('gate', root, '--db', database, '--vex', join(root, '.ci/vex.json')),
  { stdio: 'inherit' },
);
process.exitCode = gate.status ?? 2;
