import {
  type AdvisoryView,
  type Clock,
  type Decide,
  type Device,
  type Finding,
  type FindingGrouping,
  type FindingGroupPage,
  type FindingSummary,
  type FoundPage,
  type RecordStore,
  type SbomGraph,
  type SystemView,
  write,
} from '@kydai/contracts';
import { devices } from '@kydai/pki';
import {
  type Bom,
  findings as findingKind,
  parseAnyBom,
  type SbomRecord,
  sboms as sbomKind,
  writeBom,
} from '@kydai/sbom';
import type { Intake } from '@kydai/siem';
import type { Logger } from 'pino';
import type { Caller } from '../sign-in/caller.ts';
import { currentAdvisories } from './advisories.ts';
import { type FoundIn, tellFindings } from './finding-events.ts';
import { type FoundFilter, FoundIndex } from './found.ts';
import { type GateRuns, openGateRuns } from './gate-runs.ts';
import { graphOf } from './graph.ts';
import { judgeSystem, riskOf } from './judge.ts';
import { createWatch, type Refreshed } from './watch.ts';

/** The SBOMs of deployed systems and of devices' firmware, judged by the advisories that were imported. */
export interface SbomRegister {
  /**
   * Keeps a system's SBOM in place of its last one, and judges it. A system with the id of a device is that device's
   * firmware: it runs in the device's zone, and gives the device its risk.
   *
   * @throws SbomError for a document that is no SBOM
   */
  keep(sbom: {
    readonly system: string;
    readonly owner: string;
    readonly zone?: string;
    readonly site?: string;
    readonly text: string;
    readonly caller: Caller;
  }): Promise<SystemView>;
  summary(): Promise<FindingSummary>;
  groups(asked: {
    readonly by: FindingGrouping;
    readonly q: string;
    readonly newest: boolean;
    readonly limit: number;
    readonly offset: number;
  }): Promise<FindingGroupPage>;
  list(filter: FoundFilter, limit: number, offset: number): Promise<FoundPage>;
  /** What the database says of an advisory; undefined where it does not know it. */
  advisory(id: string): AdvisoryView | undefined;
  /** The ways from a system to its vulnerable components; undefined where the system is not known. */
  graph(system: string, component: string | undefined): Promise<SbomGraph | undefined>;
  readonly runs: GateRuns;
  /** Matches the advisories that came since against everything that is kept. */
  refresh(): Promise<Refreshed>;
  close(): Promise<void>;
}

const unjudged = { verdict: 'unchecked', assessed: null, findings: {}, database: '' } as const;
const watcher = { type: 'Token', id: 'advisory-watch' };

export function openSboms(parts: {
  readonly records: RecordStore;
  readonly clock: Clock;
  readonly decide: Decide;
  readonly advisoriesFile: string;
  readonly intake: Intake;
  readonly log: Logger;
  /** Changes the risk of a device of the register. */
  readonly setRisk: (device: string, risk: number) => Promise<unknown>;
  /** Says what the software of a device is worth, 0 to 100, and when that was found. */
  readonly setFirmware: (device: string, risk: number, at: number) => Promise<unknown>;
}): SbomRegister {
  const { records, clock, decide, intake, log } = parts;
  const advisories = currentAdvisories(parts.advisoriesFile);
  const index = new FoundIndex();
  const deviceOf = async (id: string) => (await records.get(devices, id))?.value;

  const judge = (system: string, zone: string, bom: Bom, principal: Caller['uid']) => {
    const database = advisories.current();
    return database && judgeSystem(bom, database, { system, zone, principal, decide, clock });
  };

  /** Raises a device's risk to that of its firmware; lowers it only where nothing else has raised it. */
  const carryRisk = async (device: Device, before: number, now: number) => {
    await parts.setFirmware(device.id, now, clock.now());
    const next = device.risk > before ? Math.max(device.risk, now) : now;
    if (next !== device.risk) await parts.setRisk(device.id, next);
  };

  const replaceFindings = async (system: string, findings: readonly Finding[]) => {
    const before = await records.find(findingKind, { where: { system }, limit: 10_000 });
    const known = before.records.map(({ value }) => value);
    const since = new Map(known.map((value) => [findingKind.key(value), value.found]));
    const now = clock.now();
    const dated = findings.map((each) => ({ ...each, found: since.get(findingKind.key(each)) ?? now }));
    const writes = [
      ...known.map((value) => write.delete(findingKind, findingKind.key(value))),
      ...dated.map((finding) => write.put(findingKind, finding)),
    ];
    return { known, dated, writes };
  };

  const whereIs = async (record: SbomRecord): Promise<FoundIn> => {
    const device = await deviceOf(record.id);
    const { id: system, name, owner } = record;
    return { system, name, owner, zone: device?.zone ?? record.zone ?? '', device: device !== undefined };
  };

  const tellNews = async (known: readonly Finding[], now: readonly Finding[], where: FoundIn) => {
    const before = new Set(known.map(newsKey));
    const news = now.filter((each) => !before.has(newsKey(each)));
    await tellFindings(
      intake,
      clock,
      news.map((finding) => ({ finding, in: where })),
    );
  };

  /** Judges a kept system by the database of now; `tell` says whether what is new was not told yet. */
  const rejudge = async (id: string, tell: boolean): Promise<void> => {
    const stored = await records.get(sbomKind, id);
    if (stored === undefined) return;
    const record = stored.value;
    const where = await whereIs(record);
    const judged = judge(id, where.zone, await parseAnyBom(record.bom, id), watcher);
    if (judged === undefined) return;
    const { known, dated, writes } = await replaceFindings(id, judged.findings);
    const risk = riskOf(judged.summary.findings);
    const next = { ...record, ...judged.summary, risk };
    await records.commit([write.update(sbomKind, next, stored.version), ...writes]);
    index.put(systemView(next), dated);
    const device = await deviceOf(id);
    if (device !== undefined) await carryRisk(device, record.risk ?? 0, risk);
    if (!tell) return;
    await tellNews(known, judged.findings, where);
  };

  const seen = async (record: SbomRecord) => {
    const found = await records.find(findingKind, { where: { system: record.id }, limit: 10_000 });
    // A document that came while the older ones were still read in is newer than what is read.
    if (index.system(record.id) === undefined)
      index.put(
        systemView(record),
        found.records.map(({ value }) => value),
      );
  };

  const watch = createWatch({ records, clock, intake, log, advisories, rejudge, whereIs, seen });
  const databaseView = () => {
    const info = advisories.current()?.info;
    return info === undefined
      ? null
      : { digest: info.digest, advisories: info.advisories, imported: info.imported };
  };

  return {
    async keep({ system, owner, zone = '', site = '', text, caller }) {
      const bom = await parseAnyBom(text, system);
      const subject = bom.metadata?.component;
      const components = bom.components?.length ?? 0;
      const [stored, device] = await Promise.all([records.get(sbomKind, system), deviceOf(system)]);
      const place = device?.zone ?? zone;
      const judged = judge(system, place, bom, caller.uid);
      const risk = riskOf(judged?.summary.findings ?? {});
      const record: SbomRecord = {
        id: system,
        name: subject?.name ?? system,
        version: subject?.version ?? '',
        owner,
        zone: place,
        site,
        bom: writeBom(bom),
        components,
        notAssessed: components,
        received: clock.now(),
        ...unjudged,
        ...judged?.summary,
        risk,
      };
      const { known, dated, writes } = await replaceFindings(system, judged?.findings ?? []);
      await records.commit(
        [write.put(sbomKind, record), ...writes],
        [
          {
            at: clock.now(),
            actor: caller.actor,
            action: 'sbom.keep',
            target: `build:${system}`,
            detail: { components, verdict: record.verdict, database: record.database.slice(0, 12) },
          },
        ],
      );
      index.put(systemView(record), dated);
      watch.put(system, bom);
      await tellNews(known, judged?.findings ?? [], await whereIs(record));
      if (device !== undefined) await carryRisk(device, stored?.value.risk ?? 0, risk);
      return systemView(record);
    },
    async summary() {
      await watch.loaded;
      return { ...index.summary(), database: databaseView() };
    },
    async groups({ by, q, newest, limit, offset }) {
      await watch.loaded;
      const all = index.groups(by, q, newest);
      return { items: all.slice(offset, offset + limit), total: all.length };
    },
    async list(filter, limit, offset) {
      await watch.loaded;
      const all = index.list(filter);
      return { items: all.slice(offset, offset + limit), total: all.length };
    },
    advisory(id) {
      const [found] = advisories.current()?.byId(id) ?? [];
      return found && { ...found, aliases: [...found.aliases] };
    },
    async graph(system, component) {
      await watch.loaded;
      const view = index.system(system);
      const stored = await records.get(sbomKind, system);
      if (view === undefined || stored === undefined) return undefined;
      const bom = await parseAnyBom(stored.value.bom, system);
      return graphOf(view, bom, index.findingsOf(system), component);
    },
    runs: openGateRuns({ records, clock }),
    refresh: () => watch.refresh(),
    async close() {
      await watch.close();
      advisories.close();
    },
  };
}

function newsKey({ component, advisory, knownExploited, malicious }: Finding): string {
  return `${component.purl} ${advisory} ${knownExploited} ${malicious}`;
}

function systemView(record: SbomRecord): SystemView {
  const { id, name, version, owner, components, notAssessed, received, verdict, findings, zone, site } =
    record;
  return {
    ...{ id, name, version, owner, components, notAssessed, received, verdict },
    findings: { ...findings },
    ...(zone ? { zone } : {}),
    ...(site ? { site } : {}),
  };
}
