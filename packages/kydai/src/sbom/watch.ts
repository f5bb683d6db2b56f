import { type Clock, type RecordStore, recordKind, write } from '@kydai/contracts';
import { type Bom, createInventory, parseAnyBom, type SbomRecord, sboms as sbomKind } from '@kydai/sbom';
import type { Intake } from '@kydai/siem';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { CurrentAdvisories } from './advisories.ts';
import { type FoundIn, tellFindings } from './finding-events.ts';

/** What a look at the advisories brought. */
export interface Refreshed {
  /** Digest of the database; empty where there is none. */
  readonly database: string;
  readonly packages: number;
  readonly systems: number;
  readonly findings: number;
}

/** Up to which database everything that is kept was matched. */
const WatchState = z.strictObject({ id: z.string(), database: z.string() }).readonly();
const watchStates = recordKind<z.infer<typeof WatchState>>({
  name: 'sbom_watch',
  schema: WatchState,
  key: (state) => state.id,
  indexes: {},
});

const lookEveryMs = 5000;
const nothing: Refreshed = { database: '', packages: 0, systems: 0, findings: 0 };

/**
 * Watches the advisory database. When another one takes its place, what changed in it is matched against the inventory
 * of everything that is kept; alerts go out first, then the verdicts of the systems concerned are made anew.
 *
 * INVARIANT: a database counts as matched only when every alert is durable and every verdict made; a kill before that
 * tells again at the next start, and never stays silent.
 */
export function createWatch(parts: {
  readonly records: RecordStore;
  readonly clock: Clock;
  readonly intake: Intake;
  readonly log: Logger;
  readonly advisories: CurrentAdvisories;
  readonly rejudge: (system: string, tell: boolean) => Promise<void>;
  readonly whereIs: (record: SbomRecord) => Promise<FoundIn>;
  /** Told of each system that is kept, when the program starts. */
  readonly seen: (record: SbomRecord) => Promise<void>;
}) {
  const { records, clock, intake, log, advisories, rejudge } = parts;
  const inventory = createInventory();
  let matched: string | undefined;
  let stopped = false;
  let underWay: Promise<unknown> = Promise.resolve();

  const done = async (digest: string) => {
    if (stopped) return;
    await records.commit([write.put(watchStates, { id: 'watch', database: digest })]);
    matched = digest;
  };

  /** Reads in everything that is kept. What was imported while the program was down is matched system by system. */
  const load = async () => {
    const before = (await records.get(watchStates, 'watch'))?.value.database ?? '';
    const names: string[] = [];
    for (let offset = 0; !stopped; offset += 100) {
      const page = await records.find(sbomKind, { limit: 100, offset });
      for (const { value } of page.records) {
        await parts.seen(value);
        inventory.put(value.id, await parseAnyBom(value.bom, value.id));
        names.push(value.id);
        await new Promise(setImmediate);
      }
      if (page.records.length < 100) break;
    }
    matched = before;
    await advisories.hold(async (database) => {
      await inventory.compare(database);
      const { digest } = database.info;
      if (digest === before) return;
      for (const name of names) if (!stopped) await rejudge(name, true);
      await done(digest);
    });
  };

  const match = async (): Promise<Refreshed> =>
    (await advisories.hold(async (database): Promise<Refreshed> => {
      const { digest } = database.info;
      if (digest === matched) return { ...nothing, database: digest };
      const touched = await inventory.compare(database);
      const places = new Map<string, FoundIn>();
      for (const system of new Set(touched.findings.flatMap(({ systems }) => systems))) {
        const record = (await records.get(sbomKind, system))?.value;
        if (record !== undefined) places.set(system, await parts.whereIs(record));
      }
      const found = touched.findings.flatMap(({ finding, systems }) =>
        systems.flatMap((system) => {
          const where = places.get(system);
          return where === undefined ? [] : [{ finding, in: where }];
        }),
      );
      await tellFindings(intake, clock, found);
      for (const system of touched.systems) if (!stopped) await rejudge(system, false);
      await done(digest);
      const { packages, systems } = touched;
      log.info({ packages, systems: systems.size, findings: found.length }, 'new advisories were matched');
      return { database: digest, packages, systems: systems.size, findings: found.length };
    })) ?? nothing;

  /** One after the other: two comparisons at once would each miss what the other has seen. */
  const queue = <T>(work: () => Promise<T>): Promise<T> => {
    const next = underWay.then(work);
    underWay = next.catch((error: unknown) => log.error({ err: error }, 'matching new advisories failed'));
    return next;
  };

  const loaded = queue(load).catch(() => {});
  const timer = setInterval(() => {
    let digest: string | undefined;
    try {
      digest = advisories.current()?.info.digest;
    } catch {
      // A damaged file is said to whoever asks for a verdict; the watch waits for a whole one.
      return;
    }
    if (digest !== undefined && matched !== undefined && digest !== matched) queue(match).catch(() => {});
  }, lookEveryMs);
  timer.unref();

  return {
    /** Takes note of what a system holds now. */
    put(system: string, bom: Bom): void {
      inventory.put(system, bom);
    },
    /** Resolves when everything that is kept was read in. */
    loaded,
    async refresh(): Promise<Refreshed> {
      await loaded;
      return queue(match);
    },
    async close(): Promise<void> {
      stopped = true;
      clearInterval(timer);
      await underWay;
    },
  };
}
