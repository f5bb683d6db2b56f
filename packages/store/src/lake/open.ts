import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Clock, Event, EventFilter, EventStore } from '@kydai/contracts';
import { StoreError } from '../error.ts';
import { aggregate } from './aggregate.ts';
import { openDuck } from './duck.ts';
import { Keeper } from './keeper.ts';
import { defaultLimits, type LakeLimits } from './limits.ts';
import { lockFolder } from './lock.ts';
import { LegalHold } from './manifest.ts';
import { type SqlAnswer, type SqlOptions, sandboxed } from './sandbox.ts';
import { makeSeal } from './seal.ts';
import { getEvent, search } from './search.ts';
import { statistics } from './statistics.ts';
import { Tails } from './tail.ts';

export interface LakeOptions {
  /** Everything is kept below it; made where it is missing. */
  readonly folder: string;
  readonly clock: Clock;
  readonly limits?: Partial<LakeLimits>;
  /** 32 bytes with which everything is encrypted on disk. A lake that has a key cannot be opened without it. */
  readonly key?: Uint8Array;
}

/** The embedded event store. */
export interface Lake extends EventStore {
  /** Events that match, as they become durable, until the signal ends it. Ends with `busy` for a reader too slow. */
  tail(filter: EventFilter | undefined, signal: AbortSignal): AsyncGenerator<Event, void, undefined>;
  /**
   * Answers one read-only SELECT over the table `events` (the columns of docs/lake-layout.md, times as timestamps), in a
   * sandbox. Rejects with `query` for anything else, and for what is too expensive; `cancelled` by signal or time.
   */
  sql(text: string, options?: SqlOptions): Promise<SqlAnswer>;
  /** Keeps events from being deleted by `retain`, until released. A hold with the same id is replaced. */
  hold(hold: LegalHold): Promise<void>;
  /** Ends a legal hold; resolves to whether there was one. */
  release(id: string): Promise<boolean>;
  holds(): Promise<readonly LegalHold[]>;
  /** Turns everything that is in the write-ahead log into Parquet. It happens by itself; tests and exports ask for it. */
  flush(): Promise<void>;
  /** Merges the small files that a quiet moment would merge, now. */
  compact(): Promise<void>;
}

/**
 * Opens the lake: write-ahead segments that are turned into Parquet in the background and queried by DuckDB. See
 * docs/lake-layout.md for what is in the folder.
 *
 * INVARIANT: an event is acknowledged only once it is on disk, and is in every answer exactly once from then on, also
 * when the process is killed between any two steps. A repeated id is recognised among the events of the write-ahead
 * log and of the last conversions.
 *
 * Rejects with `key` where the lake is encrypted and the key is not given or another, `locked` when another process has the folder open, and `damaged` when its manifest cannot be read.
 */
export async function openLake({
  folder: given,
  clock,
  limits: changes = {},
  key,
}: LakeOptions): Promise<Lake> {
  const folder = resolve(given);
  if (/[*?[\]{}]/.test(folder)) {
    throw new StoreError(
      'disk-failed',
      'the path of the event store cannot hold any of * ? [ ] { }; choose another folder',
    );
  }
  const place = { folder, seal: key && makeSeal(key) };
  const limits: LakeLimits = { ...defaultLimits, ...changes };
  for (const name of ['wal', 'parquet', 'tmp']) await mkdir(join(folder, name), { recursive: true });
  const unlock = lockFolder(folder);
  try {
    const duck = await openDuck(join(folder, 'tmp'), limits, place.seal);
    const tails = new Tails();
    const keeper = await Keeper.open({
      place,
      secret: key,
      clock,
      limits,
      duck,
      kept: (events) => tails.publish(events),
    });
    let closing: Promise<void> | undefined;

    const open = () => {
      if (closing !== undefined) throw new StoreError('closed', 'the event store is closed');
    };

    return {
      async append(events) {
        open();
        await keeper.append(events);
      },
      async search(query) {
        open();
        return keeper.view((view) => search(duck, view, query));
      },
      async aggregate(query) {
        open();
        return keeper.view((view) => aggregate(duck, view, query));
      },
      async statistics(query) {
        open();
        return keeper.view((view) => statistics(duck, view, query));
      },
      async get(id) {
        open();
        return keeper.view((view) => getEvent(duck, view, id));
      },
      async stats() {
        open();
        return keeper.stats();
      },
      async retain(dataset, before) {
        open();
        return keeper.retain(dataset, before);
      },
      tail(filter, signal) {
        open();
        return tails.follow(filter, signal);
      },
      async sql(text, options = {}) {
        open();
        await keeper.flush();
        return keeper.view(({ files }) =>
          duck.alone(() => sandboxed(place, files, text, limits.queryTime, options), options.signal),
        );
      },
      async hold(given) {
        open();
        const parsed = LegalHold.safeParse(given);
        if (!parsed.success)
          throw new StoreError('query', 'a legal hold needs an id, a reason and whole times');
        await keeper.setHolds((holds) => [...holds.filter(({ id }) => id !== parsed.data.id), parsed.data]);
      },
      async release(id) {
        open();
        const there = keeper.holds.some((hold) => hold.id === id);
        if (there) await keeper.setHolds((holds) => holds.filter((hold) => hold.id !== id));
        return there;
      },
      async holds() {
        open();
        return keeper.holds;
      },
      async flush() {
        open();
        await keeper.flush();
      },
      async compact() {
        open();
        await keeper.compact();
      },
      close() {
        closing ??= (async () => {
          tails.close();
          await keeper.close();
          await duck.close();
          unlock();
        })();
        return closing;
      },
    };
  } catch (error) {
    unlock();
    throw error;
  }
}
