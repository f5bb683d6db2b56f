import {
  type Clock,
  type GateReport,
  GateRun,
  type GateRunPage,
  type RecordStore,
  recordKind,
  uuidv7,
  type WaiverPage,
  write,
} from '@kydai/contracts';
import type { Caller } from '../sign-in/caller.ts';

const gateRuns = recordKind<GateRun>({
  name: 'gate_runs',
  schema: GateRun,
  key: (run) => run.id,
  indexes: {
    pipeline: (run) => run.pipeline,
    build: (run) => run.build,
    verdict: (run) => run.verdict,
    received: (run) => run.received,
  },
});

/** What is kept of one pipeline; the audit log has all of them. */
const mostRuns = 1000;

/** The verdicts that pipelines tell of. */
export interface GateRuns {
  keep(report: GateReport, caller: Caller): Promise<GateRun>;
  /** The newest first; of one pipeline, or of all. */
  page(asked: {
    readonly pipeline?: string | undefined;
    readonly limit: number;
    readonly offset: number;
  }): Promise<GateRunPage>;
  /** Those that the last run of each pipeline named. */
  waivers(): Promise<WaiverPage>;
}

export function openGateRuns({
  records,
  clock,
}: {
  readonly records: RecordStore;
  readonly clock: Clock;
}): GateRuns {
  /** By pipeline, the newest run first. */
  const latest = async () => {
    const { records: found } = await records.find(gateRuns, { order: '-received', limit: 2000 });
    return Map.groupBy(
      found.map(({ value }) => value),
      (run) => run.pipeline,
    );
  };
  return {
    async keep(report, caller) {
      const now = clock.now();
      const run: GateRun = { ...report, id: uuidv7(now), received: now, by: caller.actor };
      const { records: old } = await records.find(gateRuns, {
        where: { pipeline: run.pipeline },
        order: '-received',
        offset: mostRuns - 1,
        limit: 100,
      });
      await records.commit(
        [write.put(gateRuns, run), ...old.map(({ value }) => write.delete(gateRuns, value.id))],
        [
          {
            at: now,
            actor: caller.actor,
            action: 'gate.run',
            target: `build:${run.build}`,
            detail: {
              pipeline: run.pipeline,
              verdict: run.verdict,
              database: run.database.digest.slice(0, 12),
            },
          },
        ],
      );
      return run;
    },
    async page({ pipeline, limit, offset }) {
      const where = pipeline === undefined ? {} : { where: { pipeline } };
      const [found, all] = await Promise.all([
        records.find(gateRuns, { ...where, order: '-received', limit, offset }),
        latest(),
      ]);
      return {
        items: found.records.map(({ value }) => value),
        total: found.total,
        pipelines: [...all].map(([name, runs]) => ({
          pipeline: name,
          runs: runs.length,
          last: runs[0]!.received,
          verdicts: runs.slice(0, 30).map((run) => run.verdict),
        })),
      };
    },
    async waivers() {
      const items = [...(await latest()).values()].flatMap(([run]) =>
        run!.waivers.map((waiver) => ({
          ...waiver,
          pipeline: run!.pipeline,
          build: run!.build,
          run: run!.id,
          seen: run!.received,
        })),
      );
      items.sort((a, b) =>
        `${a.expires} ${a.advisory} ${a.component}`.localeCompare(
          `${b.expires} ${b.advisory} ${b.component}`,
        ),
      );
      return { items, total: items.length };
    },
  };
}
