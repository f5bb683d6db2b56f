import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { formatPurl, type PackageUrlParts, parsePurl } from '@kydai/sbom';
import { openCorpus, type SuiteOptions, type SuiteResult } from './corpus.ts';

interface Case {
  readonly description: string;
  readonly test_type: 'parse' | 'build' | 'validate';
  readonly input: unknown;
  readonly expected_output?: unknown;
  readonly expected_failure: boolean;
}

/** The package-url suite: text to parts, parts to text, and text to canonical text. */
export async function run(options: SuiteOptions): Promise<SuiteResult> {
  const folder = await openCorpus(options.corpus ?? join(options.shared, 'purl-tests.tar.gz'));
  const failures: string[] = [];
  let passed = 0;
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('-test.json'),
  );
  for (const file of files.toSorted()) {
    const { tests } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { tests: readonly Case[] };
    for (const each of tests) {
      const problem = judge(each);
      if (problem === undefined) passed += 1;
      else failures.push(`${file}: ${each.test_type} \`${JSON.stringify(each.input)}\`: ${problem}`);
    }
  }
  return { passed, failed: failures.length, failures };
}

function judge(each: Case): string | undefined {
  let got: unknown;
  try {
    if (each.test_type === 'parse') got = parsePurl(each.input as string);
    else if (each.test_type === 'build') got = formatPurl(each.input as PackageUrlParts);
    else got = formatPurl(parsePurl(each.input as string, { lenient: true }));
  } catch (error) {
    return each.expected_failure ? undefined : (error as Error).message;
  }
  if (each.expected_failure) return `accepted as ${JSON.stringify(got)}`;
  return isDeepStrictEqual(got, each.expected_output)
    ? undefined
    : `${JSON.stringify(got)} instead of ${JSON.stringify(each.expected_output)}`;
}
