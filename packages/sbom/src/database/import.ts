import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Clock } from '@kydai/contracts';
import { SbomError } from '../error.ts';
import type { AdvisoryRecord, AffectedPackage } from './advisory.ts';
import type { Location, PackedAffected } from './format.ts';
import { IndexBuilder } from './index-builder.ts';
import { baseEcosystem, packageKey } from './key.ts';
import { Spool } from './spool.ts';
import { DatabaseWriter } from './writer.ts';

export interface ImportProgress {
  readonly phase: 'read' | 'write';
  /** The input being read, or the output. */
  readonly source: string;
  /** Records so far. */
  readonly records: number;
}

export interface ImportOptions {
  /** Folders, archives or files of OSV records, of the KEV catalog, or of EPSS scores. */
  readonly inputs: readonly string[];
  /** Path of the database file; replaced as a whole. */
  readonly output: string;
  readonly onProgress?: (progress: ImportProgress) => void;
  /** The system's clock unless told. */
  readonly clock?: Clock;
}

export interface ImportSummary {
  readonly advisories: number;
  readonly packages: number;
  readonly ecosystems: Readonly<Record<string, number>>;
  /** Records that their source has withdrawn; they are left out. */
  readonly withdrawn: number;
  /** Records that a newer one with the same id replaced. */
  readonly superseded: number;
  /** Advisories marked as known to be exploited. */
  readonly knownExploited: number;
  /** Advisories with an EPSS score. */
  readonly scored: number;
  /** Documents that are advisories of no kind that we read, and those that could not be read at all. */
  readonly skipped: number;
  /** The first hundred of those, each with the reason. */
  readonly unreadable: readonly { readonly source: string; readonly reason: string }[];
  readonly digest: string;
  readonly bytes: number;
}

interface Kept {
  readonly ids: readonly string[];
  readonly modified: string;
  readonly withdrawn: boolean;
  /** Key of the first package, so that what belongs together is written together. */
  readonly place: string;
  readonly at: readonly [offset: number, length: number];
}

/**
 * Imports advisories into one database file. The old file stays in place until the new one is complete and on the
 * disk; on any error it stays for good.
 *
 * @throws SbomError `not-found`, `invalid-archive`, `too-large`, and `invalid-advisories` where no input held any
 */
export async function importAdvisories(options: ImportOptions): Promise<ImportSummary> {
  const output = resolve(options.output);
  mkdirSync(dirname(output), { recursive: true });
  removeLeftovers(output);
  const spool = new Spool(`${output}.${process.pid}.spool`);
  const writer = new DatabaseWriter(output);
  try {
    const intake = await readAll(options, spool);
    return writeAll(options, intake, spool, writer);
  } finally {
    writer.abandon();
    spool.close();
  }
}

/** What an import left that was killed: its process is gone, and nobody else would ever remove it. */
function removeLeftovers(output: string): void {
  const folder = dirname(output);
  const prefix = `${basename(output)}.`;
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(prefix)) continue;
    const pid = /^(\d+)\.(?:spool|tmp)$/.exec(name.slice(prefix.length))?.[1];
    if (pid !== undefined && !isRunning(Number(pid))) rmSync(join(folder, name), { force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

interface Intake {
  readonly kept: ReadonlyMap<string, Kept>;
  readonly superseded: number;
  readonly catalog: string;
  readonly exploited: ReadonlySet<string>;
  /** EPSS by CVE id. */
  readonly scores: ReadonlyMap<string, number>;
  /** Day of the scores. */
  readonly scored: string;
  readonly skipped: number;
  readonly unreadable: readonly { source: string; reason: string }[];
}

async function readAll(options: ImportOptions, spool: Spool): Promise<Intake> {
  // YAML, CVSS and tar are needed here alone: a scan starts without them.
  const { parseDocument } = await import('./parse.ts');
  const { readSources } = await import('./sources.ts');
  const kept = new Map<string, Kept>();
  const exploited = new Set<string>();
  const unreadable: { source: string; reason: string }[] = [];
  const scores = new Map<string, number>();
  let catalog = '';
  let scoredOn = '';
  let superseded = 0;
  let skipped = 0;
  const skip = (source: string, reason: string, count = 1) => {
    skipped += count;
    if (unreadable.length < 100) unreadable.push({ source, reason });
  };
  const keep = (record: AdvisoryRecord) => {
    const { advisory } = record;
    const known = kept.get(advisory.id);
    if (known !== undefined) superseded += 1;
    if (known !== undefined && known.modified > advisory.modified) return;
    const at = spool.add(JSON.stringify(record));
    const [first] = record.affected;
    kept.set(advisory.id, {
      ids: [advisory.id, ...advisory.aliases],
      modified: advisory.modified,
      withdrawn: record.withdrawn,
      place: first === undefined ? '' : packageKey(first.ecosystem, first.name),
      at,
    });
  };
  for (const input of options.inputs) {
    for await (const document of readSources(input)) {
      try {
        const parsed = parseDocument(document);
        if (parsed.kind === 'other') skip(document.name, 'is no advisory');
        else if (parsed.kind === 'known-exploited') {
          catalog = parsed.catalog.catalogVersion;
          for (const id of parsed.catalog.ids) exploited.add(id);
        } else if (parsed.kind === 'exploit-prediction') {
          scoredOn = parsed.prediction.date;
          for (const [id, score] of parsed.prediction.scores) scores.set(id, score);
          const { unreadable: lines } = parsed.prediction;
          if (lines > 0) skip(document.name, `${lines} lines`, lines);
        } else {
          parsed.records.forEach(keep);
          if (parsed.unreadable > 0) skip(document.name, `${parsed.unreadable} entries`, parsed.unreadable);
        }
      } catch (error) {
        skip(document.name, (error as Error).message.split('\n')[0]!.slice(0, 200));
      }
      if (kept.size % 1000 === 0) {
        options.onProgress?.({ phase: 'read', source: input, records: kept.size });
      }
    }
    options.onProgress?.({ phase: 'read', source: input, records: kept.size });
  }
  if (kept.size === 0) {
    throw new SbomError(
      'invalid-advisories',
      `no advisory in ${options.inputs.map((i) => `\`${i}\``).join(', ')}`,
    );
  }
  return {
    kept,
    superseded,
    catalog,
    exploited: spread(exploited, kept),
    scores,
    scored: scoredOn,
    skipped,
    unreadable,
  };
}

/** What is known to be exploited under one name is so under its aliases, through any number of records. */
function spread(listed: ReadonlySet<string>, kept: ReadonlyMap<string, Kept>): ReadonlySet<string> {
  const all = new Set(listed);
  for (let before = -1; before !== all.size; ) {
    before = all.size;
    for (const { ids } of kept.values()) {
      if (ids.length > 1 && ids.some((id) => all.has(id))) for (const id of ids) all.add(id);
    }
  }
  return all;
}

function writeAll(
  options: ImportOptions,
  intake: Intake,
  spool: Spool,
  writer: DatabaseWriter,
): ImportSummary {
  const byKey = new Map<string, { ecosystem: string; name: string; affected: string[] }>();
  const ids = new IndexBuilder();
  const ecosystems: Record<string, number> = {};
  let advisories = 0;
  let withdrawn = 0;
  let matched = 0;
  let scored = 0;
  let newest = '';
  const kept = [...intake.kept.values()].sort((a, b) => (a.place < b.place ? -1 : a.place > b.place ? 1 : 0));
  for (const { at, ids: names, withdrawn: isWithdrawn } of kept) {
    if (isWithdrawn) {
      withdrawn += 1;
      continue;
    }
    const record = JSON.parse(spool.read(at)) as AdvisoryRecord;
    const knownExploited = names.some((id) => intake.exploited.has(id));
    if (knownExploited) matched += 1;
    const score = Math.max(...names.map((id) => intake.scores.get(id) ?? -1));
    if (score >= 0) scored += 1;
    const known = { ...record.advisory, knownExploited, ...(score < 0 ? {} : { epss: score }) };
    const location = writer.line(JSON.stringify(known));
    for (const id of new Set(names)) ids.add(id, location);
    for (const base of new Set(record.affected.map((each) => baseEcosystem(each.ecosystem)))) {
      ecosystems[base] = (ecosystems[base] ?? 0) + 1;
    }
    for (const each of record.affected) {
      const key = packageKey(each.ecosystem, each.name);
      const entry = byKey.get(key) ?? { ecosystem: each.ecosystem, name: each.name, affected: [] };
      // As text: half a million of them as objects take ten times the memory.
      entry.affected.push(JSON.stringify(pack(each, location)));
      byKey.set(key, entry);
    }
    advisories += 1;
    if (record.advisory.modified > newest) newest = record.advisory.modified;
    if (advisories % 10_000 === 0) {
      options.onProgress?.({ phase: 'write', source: options.output, records: advisories });
    }
  }
  writer.endBlock();
  const packages = new IndexBuilder();
  for (const key of [...byKey.keys()].toSorted()) {
    const { ecosystem, name, affected } = byKey.get(key)!;
    const head = JSON.stringify({ key, ecosystem, name });
    packages.add(key, writer.line(`${head.slice(0, -1)},"affected":[${affected.join(',')}]}`));
    byKey.delete(key);
  }
  const { digest, bytes } = writer.finish(packages, ids, {
    imported: (options.clock ?? Date).now(),
    advisories,
    packages: packages.count,
    ecosystems,
    newest,
    knownExploited: { catalog: intake.catalog, listed: intake.exploited.size, matched },
    ...(intake.scores.size === 0 ? {} : { exploitPrediction: { date: intake.scored, scored } }),
    withdrawn,
  });
  options.onProgress?.({ phase: 'write', source: options.output, records: advisories });
  const { superseded, skipped, unreadable } = intake;
  return {
    advisories,
    packages: packages.count,
    ecosystems,
    withdrawn,
    superseded,
    knownExploited: matched,
    scored,
    skipped,
    unreadable,
    digest,
    bytes,
  };
}

function pack(affected: AffectedPackage, location: Location): PackedAffected {
  return {
    at: [location.block, location.offset],
    ...(affected.ranges.length === 0
      ? {}
      : { r: affected.ranges.map((range) => [range.type === 'SEMVER' ? 'S' : 'E', range.events] as const) }),
    ...(affected.versions.length === 0 ? {} : { v: affected.versions }),
    ...(affected.gitOnly ? { g: 1 as const } : {}),
  };
}
