import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { versionScheme } from '@kydai/sbom';
import { openCorpus, type SuiteOptions, type SuiteResult } from './corpus.ts';

/** Files of lines `a < b`, `a = b`, `a > b`; the ecosystem is in the file's name. */
const ecosystems: ReadonlyMap<string, string> = new Map([
  ['alpine', 'Alpine'],
  ['cran', 'CRAN'],
  ['debian', 'Debian'],
  ['hackage', 'Hackage'],
  ['maven', 'Maven'],
  ['nuget', 'NuGet'],
  ['packagist', 'Packagist'],
  ['pub', 'Pub'],
  ['pypi', 'PyPI'],
  ['redhat', 'Red Hat'],
  ['rubygems', 'RubyGems'],
  ['semver', 'npm'],
]);

/** Every line of the version-ordering corpus, read in both directions. */
export async function run(options: SuiteOptions): Promise<SuiteResult> {
  const folder = await openCorpus(options.corpus ?? join(options.shared, 'version-ordering.tar.gz'));
  const failures: string[] = [];
  let passed = 0;
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.txt'),
  );
  for (const file of files.toSorted()) {
    const scheme = versionScheme(ecosystems.get(/([a-z]+)-versions/.exec(file)?.[1] ?? '') ?? '');
    for (const [index, line] of readFileSync(join(folder, file), 'utf8').split('\n').entries()) {
      const text = line.trim();
      if (text === '' || text.startsWith('#') || text.startsWith('//')) continue;
      const [a, sign, b] = text.split(/ +/);
      const wanted = sign === '<' ? -1 : sign === '>' ? 1 : sign === '=' ? 0 : undefined;
      if (scheme === undefined || a === undefined || b === undefined || wanted === undefined) {
        failures.push(`${file}:${index + 1}: cannot be read: \`${text}\``);
        continue;
      }
      const forward = Math.sign(scheme.compare(a, b));
      const backward = Math.sign(scheme.compare(b, a));
      if (forward === wanted && backward === -wanted + 0) passed += 1;
      else failures.push(`${file}:${index + 1}: \`${text}\`, ours says ${'<=>'[forward + 1]}`);
    }
  }
  return { passed, failed: failures.length, failures };
}
