import {
  type Clock,
  type Decide,
  type FindingsView,
  type RecordStore,
  type SystemView,
  write,
} from '@kydai/contracts';
import {
  type AdvisoryDatabase,
  assess,
  type Bom,
  findings as findingKind,
  gate,
  parseAnyBom,
  type SbomRecord,
  sboms as sbomKind,
  writeBom,
} from '@kydai/sbom';
import type { Caller } from '../sign-in/caller.ts';
import { currentAdvisories } from './advisories.ts';

/** The SBOMs of deployed systems, judged by the advisories that were imported. */
export interface SbomRegister {
  /** Keeps a system's SBOM in place of its last one, and judges it. @throws SbomError for a document that is no SBOM */
  keep(sbom: {
    readonly system: string;
    readonly owner: string;
    readonly text: string;
    readonly caller: Caller;
  }): Promise<SystemView>;
  view(): Promise<FindingsView>;
  close(): void;
}

const unjudged = { verdict: 'unchecked', assessed: null, findings: {}, database: '' } as const;

export function openSboms(parts: {
  readonly records: RecordStore;
  readonly clock: Clock;
  readonly decide: Decide;
  readonly advisoriesFile: string;
}): SbomRegister {
  const { records, clock, decide, advisoriesFile } = parts;
  const advisories = currentAdvisories(advisoriesFile);
  const withDatabase = <T>(use: (database: AdvisoryDatabase) => T): T | undefined => {
    const database = advisories.current();
    return database === undefined ? undefined : use(database);
  };

  const judge = (system: string, bom: Bom, caller: Caller) =>
    withDatabase((database) => {
      const assessment = assess(bom, database, { system });
      const principal = caller.uid;
      const { verdict, findings } = gate({ assessment, decide, principal, build: system, now: clock.now() });
      const counts: Record<string, number> = {};
      const count = (name: string) => {
        counts[name] = (counts[name] ?? 0) + 1;
      };
      for (const finding of findings) {
        count(finding.severity);
        if (finding.knownExploited) count('knownExploited');
        if (finding.malicious) count('malicious');
      }
      return {
        findings,
        summary: {
          verdict,
          assessed: clock.now(),
          findings: counts,
          database: assessment.database.digest,
          notAssessed: assessment.notAssessed.length,
        },
      };
    });

  return {
    async keep({ system, owner, text, caller }) {
      const bom = await parseAnyBom(text, system);
      const subject = bom.metadata?.component;
      const components = bom.components?.length ?? 0;
      const judged = judge(system, bom, caller);
      const record: SbomRecord = {
        id: system,
        name: subject?.name ?? system,
        version: subject?.version ?? '',
        owner,
        bom: writeBom(bom),
        components,
        notAssessed: components,
        received: clock.now(),
        ...unjudged,
        ...judged?.summary,
      };
      const before = await records.find(findingKind, { where: { system }, limit: 10_000 });
      await records.commit(
        [
          write.put(sbomKind, record),
          ...before.records.map(({ value }) => write.delete(findingKind, findingKind.key(value))),
          ...(judged?.findings ?? []).map((finding) => write.put(findingKind, finding)),
        ],
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
      return systemView(record);
    },
    async view() {
      const [systems, findings] = await Promise.all([
        records.find(sbomKind, { order: 'name', limit: 1000 }),
        records.find(findingKind, { limit: 2000 }),
      ]);
      const info = withDatabase((database) => database.info);
      return {
        systems: systems.records.map(({ value }) => systemView(value)),
        findings: findings.records.map(({ value }) => value),
        database:
          info === undefined
            ? null
            : { digest: info.digest, advisories: info.advisories, imported: info.imported },
      };
    },
    close: () => advisories.close(),
  };
}

function systemView(record: SbomRecord): SystemView {
  const { id, name, version, owner, components, notAssessed, received, verdict, findings } = record;
  return { id, name, version, owner, components, notAssessed, received, verdict, findings: { ...findings } };
}
