import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parseAnyBom, parseBom, readBom, SbomError, writeBom } from '@kydai/sbom';
import { openCorpus, type SuiteOptions, type SuiteResult } from './corpus.ts';

/**
 * The CycloneDX project's own documents, JSON and XML, 1.2 to 1.7: every valid one is read, comes back unchanged and validates; every
 * invalid one is refused with the place.
 */
export async function run(options: SuiteOptions): Promise<SuiteResult> {
  const folder = await openCorpus(options.corpus ?? join(options.shared, 'cyclonedx-resources.tar.gz'));
  const failures: string[] = [];
  let passed = 0;
  let skipped = 0;
  for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted()) {
    const name = file.slice(file.lastIndexOf('/') + 1);
    const version = /(\d\.\d)(?:\/[^/]*|\.(?:json|xml))$/.exec(file)?.[1];
    if (!/^(in)?valid-.*\.(json|xml)$/.test(name) || version === undefined) continue;
    if (version < '1.2') {
      skipped += 1;
      continue;
    }
    const problem = await judge(readFileSync(join(folder, file)), file, name.startsWith('valid-'));
    if (problem === undefined) passed += 1;
    else failures.push(`${file}: ${problem}`);
  }
  return { passed, failed: failures.length, skipped, failures };
}

async function judge(bytes: Uint8Array, file: string, valid: boolean): Promise<string | undefined> {
  let text: string;
  try {
    text = writeBom(await readBom(bytes, file));
  } catch (error) {
    if (!(error instanceof SbomError)) return `threw ${(error as Error).stack}`;
    if (valid) return error.message;
    // After the file's name comes the place: a pointer into the document, or a line.
    const place = error.message.replace(`\`${file}\``, '');
    return /(\/|line \d|position \d)/.test(place) ? undefined : `refused without a place: ${error.message}`;
  }
  if (!valid) return 'accepted';
  if (
    file.endsWith('.json') &&
    !isDeepStrictEqual(JSON.parse(text), JSON.parse(new TextDecoder().decode(bytes)))
  ) {
    return 'changed on the way';
  }
  return isDeepStrictEqual(parseBom(text), await parseAnyBom(bytes, file)) ? undefined : 'does not read back';
}
