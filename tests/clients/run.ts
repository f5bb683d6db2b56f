import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { startProgram } from '../program.ts';
import { Checks } from './checks.ts';

/**
 * `npm run client -- NAME`: starts the program and lets a client that someone else wrote speak to it. Prints the checks
 * that failed and, as the last line, `N passed, M failed`.
 */
const name = process.argv[2] ?? '';
const file = join(import.meta.dirname, `${name}.client.ts`);
if (!/^[a-z0-9-]+$/.test(name) || !existsSync(file)) {
  const all = readdirSync(import.meta.dirname).flatMap((each) => /^(.+)\.client\.ts$/.exec(each)?.[1] ?? []);
  console.error(`usage: npm run client -- NAME, where NAME is one of: ${all.join(', ')}`);
  process.exit(2);
}
const { run } = (await import(file)) as typeof import('./est.client.ts');
const program = await startProgram();
const checks = new Checks();
try {
  await run(program, checks);
} catch (error) {
  checks.fail('the client ran to its end', String(error));
} finally {
  checks.equal('the program stops cleanly', await program.stop('SIGINT'), 0);
}
for (const failure of checks.failures) console.log(failure);
console.log(`${checks.passed} passed, ${checks.failures.length} failed`);
process.exitCode = checks.failures.length > 0 ? 1 : 0;
