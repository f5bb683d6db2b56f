import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { MissingCorpus, type SuiteOptions, type SuiteResult } from './corpus.ts';

/**
 * `npm run conformance -- SUITE [--corpus PATH] [--rules PATH]`: runs outside test material against the code, prints
 * the failures, and as the last line `N passed, M failed`. Exits 1 on any failure, 2 on wrong usage.
 */

const root = join(import.meta.dirname, '../..');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { corpus: { type: 'string' }, rules: { type: 'string' } },
});
const suite = positionals[0] ?? '';
const file = join(import.meta.dirname, `${suite}.ts`);
if (!/^[a-z0-9-]+$/.test(suite) || ['run', 'corpus'].includes(suite) || !existsSync(file)) {
  const all = readdirSync(import.meta.dirname)
    .filter(
      (name) => name.endsWith('.ts') && !['run.ts', 'corpus.ts'].includes(name) && !name.endsWith('.test.ts'),
    )
    .map((name) => name.slice(0, -3));
  console.error(
    `usage: npm run conformance -- SUITE [--corpus PATH] [--rules PATH], where SUITE is one of: ${all.join(', ')}`,
  );
  process.exit(2);
}

const options: SuiteOptions = {
  shared: join(root, '../shared/corpora'),
  ...(values.corpus === undefined ? {} : { corpus: resolve(values.corpus) }),
  ...(values.rules === undefined ? {} : { rules: resolve(values.rules) }),
};
try {
  const { run } = (await import(file)) as { run(options: SuiteOptions): Promise<SuiteResult> };
  const result = await run(options);
  for (const failure of result.failures.slice(0, 50)) console.log(failure);
  if (result.failures.length > 50) console.log(`... and ${result.failures.length - 50} more`);
  console.log(
    `${result.passed} passed, ${result.failed} failed${result.skipped ? `, ${result.skipped} skipped` : ''}`,
  );
  process.exitCode = result.failed > 0 ? 1 : 0;
} catch (error) {
  if (!(error instanceof MissingCorpus)) throw error;
  // A corpus that was named and is not there is a failure; the default one may be absent.
  console.log(`${suite}: skipped, ${error.message}`);
  console.log(`0 passed, ${values.corpus || values.rules ? 1 : 0} failed, 1 skipped`);
  process.exitCode = values.corpus || values.rules ? 1 : 0;
}
