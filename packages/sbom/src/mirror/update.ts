import { existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Clock } from '@kydai/contracts';
import { osvMirror } from '../commands/choices.ts';
import { type ImportProgress, type ImportSummary, importAdvisories } from '../database/import.ts';
import { SbomError } from '../error.ts';
import { type DownloadLimits, type DownloadOutcome, download, fileNameFor } from './download.ts';

/** The ecosystems whose lockfiles and package databases we read. */
const defaultEcosystems = [
  'npm',
  'PyPI',
  'Go',
  'crates.io',
  'Maven',
  'Packagist',
  'RubyGems',
  'NuGet',
  'Debian',
  'Alpine',
] as const;

export interface UpdateOptions {
  /** Base of a mirror laid out as OSV's: `http(s):`, `file:`, or a folder such as a mounted stick. */
  readonly from: string;
  /** Those that are there, for a folder; `defaultEcosystems` for a server, unless told. */
  readonly ecosystems?: readonly string[];
  /**
   * Further files, as URLs or paths: the KEV catalog, EPSS scores. Unless told, those of CISA and FIRST with OSV's own
   * mirror, and those that lie beside the archives in a folder.
   */
  readonly also?: readonly string[];
  /** Where the mirror is kept between runs. */
  readonly folder: string;
  /** Path of the database file; replaced as a whole. */
  readonly output: string;
  readonly clock: Clock;
  readonly fetch?: typeof fetch;
  readonly limits?: Partial<DownloadLimits>;
  readonly onDownload?: (progress: {
    readonly name: string;
    readonly bytes: number;
    readonly total: number | undefined;
    readonly outcome?: DownloadOutcome;
  }) => void;
  readonly onImport?: (progress: ImportProgress) => void;
}

export interface UpdateSummary extends ImportSummary {
  /** By name of the ecosystem or further file. */
  readonly fetched: Readonly<Record<string, DownloadOutcome | 'local'>>;
}

/**
 * Brings the mirror up to date and imports it. A run that was broken off is completed by the next; the database changes
 * only when everything that was asked for is there.
 *
 * @throws SbomError `mirror`, `not-found`, and those of `importAdvisories`
 */
export async function updateAdvisories(options: UpdateOptions): Promise<UpdateSummary> {
  const fetched: Record<string, DownloadOutcome | 'local'> = {};
  const inputs: string[] = [];
  const stamps: string[] = [];
  /** Of what comes from a folder: the data is as old as its newest file. */
  const local: number[] = [];
  const take = async (name: string, source: string) => {
    if (!isRemote(source)) {
      inputs.push(source);
      local.push(statSync(source).mtimeMs);
      fetched[name] = 'local';
      return;
    }
    const path = join(options.folder, `${fileNameFor(name)}${extension(source)}`);
    const outcome = await download({
      url: source,
      path,
      fetch: options.fetch ?? fetch,
      ...(options.limits === undefined ? {} : { limits: options.limits }),
      onProgress: (bytes, total) => options.onDownload?.({ name, bytes, total }),
    });
    const bytes = statSync(path).size;
    options.onDownload?.({ name, bytes, total: bytes, outcome });
    inputs.push(path);
    stamps.push(`${path}.stamp`);
    fetched[name] = outcome;
  };

  for (const [name, source] of archivesOf(options)) await take(name, source);
  for (const each of options.also ?? extras(options))
    await take(basename(each.split(/[?#]/)[0]!), localPath(each));
  const asOf = local.length === inputs.length ? Math.min(options.clock.now(), Math.max(...local)) : undefined;
  try {
    const summary = await importAdvisories({
      inputs,
      output: options.output,
      clock: asOf === undefined ? options.clock : { now: () => asOf },
      ...(options.onImport === undefined ? {} : { onProgress: options.onImport }),
    });
    return { ...summary, fetched };
  } catch (error) {
    // What cannot be read is not asked for under its validator again.
    for (const stamp of stamps) rmSync(stamp, { force: true });
    throw error;
  }
}

/** Where CISA and FIRST publish what is exploited, and what is likely to be. */
const published = [
  'https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json',
  'https://epss.empiricalsecurity.com/epss_scores-current.csv.gz',
] as const;

/** What a stick may hold beside the archives. */
const beside = /^(?:kev|known_exploited_vulnerabilities|epss(?:_scores.*)?)\.(?:json|csv)(?:\.gz)?$/i;

function extras({ from }: UpdateOptions): readonly string[] {
  const base = from.replace(/\/+$/, '');
  if (base === osvMirror) return published;
  if (isRemote(base)) return [];
  const folder = localPath(base);
  return readdirSync(folder)
    .filter((name) => beside.test(name))
    .toSorted()
    .map((name) => join(folder, name));
}

function archivesOf(options: UpdateOptions): readonly (readonly [name: string, source: string])[] {
  const base = options.from.replace(/\/+$/, '');
  if (isRemote(base)) {
    return (options.ecosystems ?? defaultEcosystems).map((name) => [
      name,
      `${base}/${encodeURIComponent(name)}/all.zip`,
    ]);
  }
  const folder = localPath(base);
  if (!existsSync(folder))
    throw new SbomError('not-found', `no mirror at \`${folder}\`; is the stick mounted?`);
  const names =
    options.ecosystems ??
    readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() && existsSync(join(folder, entry.name, 'all.zip')) ? [entry.name] : [],
    );
  if (names.length === 0) {
    throw new SbomError('not-found', `no \`ECOSYSTEM/all.zip\` in \`${folder}\`; is it a mirror of osv?`);
  }
  return names.toSorted().map((name) => {
    const archive = join(folder, name, 'all.zip');
    if (!existsSync(archive)) throw new SbomError('not-found', `the mirror has no \`${name}/all.zip\``);
    return [name, archive];
  });
}

function isRemote(source: string): boolean {
  return /^https?:/i.test(source);
}

function localPath(source: string): string {
  if (!/^file:/i.test(source)) return source;
  try {
    return fileURLToPath(source);
  } catch (error) {
    throw new SbomError('not-found', `\`${source}\` is no file url of this machine`, { cause: error });
  }
}

function extension(url: string): string {
  return /\.(zip|json|csv|ya?ml|tar|tgz)(\.gz)?$/i.exec(new URL(url).pathname)?.[0] ?? '';
}
