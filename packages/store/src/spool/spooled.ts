import { setTimeout as delay } from 'node:timers/promises';
import type { Event } from '@kydai/contracts';
import { type ElasticOptions, type ElasticStore, openElastic } from '../elastic/open.ts';
import { StoreError } from '../error.ts';
import { Spool } from './spool.ts';

export interface SpooledOptions extends ElasticOptions {
  /** Where events wait while Elasticsearch is away; made where it is missing. */
  readonly folder: string;
  /** Told when events begin to wait, and when none waits any more. */
  readonly onChange?: (state: 'spooling' | 'draining' | 'drained', waiting: number, why?: string) => void;
  /** Milliseconds between attempts to reach the server; 1,000 unless told. */
  readonly retry?: number;
}

/** Elasticsearch with a spool before it: an append succeeds while the server is away. */
export interface SpooledStore extends ElasticStore {
  /**
   * The events whose ids are above one, from the server (when it can be reached) and the spool, at most `limit`: what a
   * start asks for to go on where a kill left it.
   */
  since(id: string, limit: number): Promise<readonly Event[]>;
  /** Events that wait on disk for the server. They are durable, and not in answers yet. */
  waiting(): number;
  /** Writes events that may be there already, however long ago; past the spool. */
  import(events: readonly Event[]): Promise<void>;
}

/**
 * Opens Elasticsearch with a spool. When the server cannot be reached (or refuses for want of room) events go to a
 * write-ahead log on disk, and so does everything after them, until the log was drained in order.
 *
 * INVARIANT: an acknowledged event is on the disk of one of the two, and reaches Elasticsearch exactly once, in the
 * order of receipt, also when either is killed.
 */
export async function openSpooledElastic(options: SpooledOptions): Promise<SpooledStore> {
  const { folder, onChange = () => undefined, retry = 1_000 } = options;
  const spool = await Spool.open(folder);
  const store = await openElastic({ ...options, limits: { patience: 2_000, ...options.limits } });
  const stopping = new AbortController();
  let draining: Promise<void> | undefined;
  let closing: Promise<void> | undefined;

  const drain = async (why?: string) => {
    onChange('spooling', spool.size, why);
    while (!stopping.signal.aborted) {
      try {
        if (await store.alive()) {
          onChange('draining', spool.size);
          while (
            !stopping.signal.aborted &&
            (await spool.drain((events) => store.append(events, { again: true })))
          ) {
            // One segment after the other.
          }
          if (spool.empty) break;
          continue;
        }
      } catch {
        // Away again: the segment begins anew when it returns.
      }
      await delay(retry, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
    draining = undefined;
    if (!stopping.signal.aborted) onChange('drained', 0);
  };
  const toSpool = async (events: readonly Event[], why?: string) => {
    const kept = spool.append(events);
    draining ??= drain(why);
    await kept;
    store.publish(events);
  };

  if (!spool.empty) draining = drain();
  /** What waits is told with the failure, so that nobody takes it for lost. */
  const telling = async <T>(ask: () => Promise<T>): Promise<T> => {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof StoreError && error.code === 'unavailable') || spool.size === 0) throw error;
      const waiting = `${error.message}; ${spool.size} newer ones are on disk here`;
      throw new StoreError('unavailable', waiting, { cause: error });
    }
  };
  return {
    ...store,
    search: (query) => telling(() => store.search(query)),
    aggregate: (query) => telling(() => store.aggregate(query)),
    statistics: (query) => telling(() => store.statistics(query)),
    async append(events) {
      if (closing !== undefined) throw new StoreError('closed', 'the event store is closed');
      if (draining !== undefined) await toSpool(events);
      else {
        try {
          await store.append(events);
        } catch (error) {
          if (!(error instanceof StoreError && ['unavailable', 'disk-full', 'busy'].includes(error.code)))
            throw error;
          await toSpool(events, error.message);
        }
      }
    },
    waiting: () => spool.size,
    async since(id, limit) {
      const found = new Map<string, Event>();
      const add = (events: readonly Event[]) => {
        for (const event of events) if (event.id > id && found.size < limit) found.set(event.id, event);
        return found.size < limit;
      };
      try {
        const filter = { op: 'range', field: 'id', gt: id } as const;
        for await (const events of store.scan({ filter, order: 'oldest' })) if (!add(events)) break;
      } catch (error) {
        if (!(error instanceof StoreError && error.code === 'unavailable')) throw error;
      }
      for await (const events of spool.peek()) if (!add(events)) break;
      return [...found.values()];
    },
    import: (events) => store.append(events, { again: true }),
    close() {
      closing ??= (async () => {
        stopping.abort();
        await store.close();
        await draining;
        await spool.close();
      })();
      return closing;
    },
  };
}
