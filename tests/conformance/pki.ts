import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  findPath,
  type ParsedCertificate,
  type ParsedCrl,
  readCertificate,
  readCrl,
  revocationBy,
} from '@kydai/pki';
import { MissingCorpus, openCorpus, type SuiteOptions, type SuiteResult } from './corpus.ts';

const debian = '/usr/lib/python3/dist-packages/cryptography_vectors/x509/PKITS_data';

/** What of PKITS is not applicable, by file name, and why. */
const notApplicable: readonly (readonly [RegExp, string])[] = [
  [
    /Polic|CPSPointer|UserNotice/i,
    'certificate policies are not processed: a path that demands one is refused',
  ],
  [/DSA/, 'DSA is not accepted'],
  [/deltaCRL/, 'delta CRLs of others are not used: where the complete one is missing the path is refused'],
  [
    /indirectCRL|cRLIssuer/,
    'indirect CRLs are not used: where no other covers a certificate the path is refused',
  ],
  [
    /onlySomeReasons/,
    'CRLs for some reasons only are not used: where no other covers a certificate it is refused',
  ],
];

/**
 * NIST PKITS: every `Valid...EE` certificate must have a valid path over the whole pool, with CRLs checked, and no
 * `Invalid...EE` certificate may have one. Tests that are not applicable must still not be accepted when invalid.
 */
export async function run(options: SuiteOptions): Promise<SuiteResult> {
  const folder = await openCorpus(options.corpus ?? defaultCorpus(options.shared));
  const certificates = readAll(folder, '.crt', (der) => readCertificate(der));
  const crls = [...readAll(folder, '.crl', (der) => readCrl(der)).values()];
  const anchor = [...certificates].find(([name]) => name.includes('TrustAnchorRoot'))?.[1];
  if (anchor === undefined) throw new MissingCorpus(`\`${folder}\` holds no TrustAnchorRootCertificate.crt`);
  const pool = [...certificates]
    .filter(([name]) => !name.includes('EE.crt'))
    .map(([, certificate]) => certificate);
  const at = Date.UTC(2020, 0, 1);
  const failures: string[] = [];
  let passed = 0;
  let skipped = 0;
  const names = readdirSync(join(folder, 'certs')).filter((name) => name.endsWith('EE.crt'));
  for (const name of names.toSorted()) {
    const valid = name.startsWith('Valid');
    const fault = certificates.has(name)
      ? verdictOn(certificates.get(name)!, { pool, crls, anchors: [anchor], at })
      : 'cannot be read';
    const reason = notApplicable.find(([pattern]) => pattern.test(name))?.[1];
    if (valid === (fault === undefined)) passed++;
    else if (reason !== undefined && fault !== undefined) skipped++;
    else if (reason !== undefined && !/^(Valid|Invalid)/.test(name)) skipped++;
    else failures.push(`${name}: ${fault ?? 'a valid path was found'}`);
  }
  return { passed, failed: failures.length, skipped, failures };
}

interface Sources {
  readonly pool: readonly ParsedCertificate[];
  readonly crls: readonly ParsedCrl[];
  readonly anchors: readonly ParsedCertificate[];
  readonly at: number;
}

function verdictOn(target: ParsedCertificate, sources: Sources): string | undefined {
  const { pool, anchors, at } = sources;
  const verdict = findPath(target, pool, { anchors, at, revocation: revocationBy(sources) });
  return verdict.path === undefined ? verdict.fault : undefined;
}

function defaultCorpus(shared: string): string {
  const places = [join(shared, 'PKITS_data'), join(shared, 'pkits.tar.gz'), debian];
  const found = places.find((place) => existsSync(place));
  if (found !== undefined) return found;
  throw new MissingCorpus(
    'NIST PKITS is not here: install python3-cryptography-vectors or name it with --corpus',
  );
}

/** Every file that can be read, by name; those with algorithms that are not accepted are left out. */
function readAll<T>(folder: string, suffix: string, read: (der: Uint8Array) => T): Map<string, T> {
  const found = new Map<string, T>();
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (!path.endsWith(suffix)) continue;
    try {
      found.set(path.split('/').at(-1)!, read(readFileSync(join(folder, path))));
    } catch {
      // Counted where its test is judged.
    }
  }
  return found;
}
