import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock, Event, EventFilter, EventQuery, EventStore } from '@kydai/contracts';
import {
  type Lake,
  type LegalHold,
  openLake,
  openSpooledElastic,
  type SpooledStore,
  type SqlAnswer,
  type SqlOptions,
} from '@kydai/store';
import type { Logger } from 'pino';
import type { Config } from '../config/schema.ts';
import { ShellError } from '../error.ts';

/** The event store that the configuration chose, with what both kinds can do besides their contract. */
export interface EventKeeper {
  readonly kind: 'lake' | 'elasticsearch';
  readonly store: EventStore;
  /** Events that match, as they come. */
  tail(filter: EventFilter | undefined, signal: AbortSignal): AsyncGenerator<Event, void, undefined>;
  /** All events of a query, in batches. */
  read(query: Omit<EventQuery, 'cursor' | 'limit'>): AsyncGenerator<readonly Event[], void, undefined>;
  hold(hold: LegalHold): Promise<void>;
  release(id: string): Promise<boolean>;
  holds(): Promise<readonly LegalHold[]>;
  /** Events on disk that wait for Elasticsearch. */
  waiting(): number;
  /** Read-only SQL. @throws ShellError `usage` with Elasticsearch */
  sql(text: string, options: SqlOptions): Promise<SqlAnswer>;
  /** The lake of the data folder, to move its history from; with Elasticsearch only. */
  history(): Promise<Lake>;
  /** Writes events that may be there already; with Elasticsearch only. */
  import(events: readonly Event[]): Promise<void>;
  close(): Promise<void>;
}

/** Opens the store of the configuration. With Elasticsearch, events that it cannot take now wait in `FOLDER/spool`. */
export async function openEventKeeper(parts: {
  readonly config: Config['events'];
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Logger;
}): Promise<EventKeeper> {
  const { config, folder, clock, log } = parts;
  const key = readEventsKey(config.keyFile);
  const lake = () => openLake({ folder, clock, ...(key && { key }) });
  if (config.store === 'lake') return keepInLake(await lake());
  const { node, apiKey, ca, stream, replicas } = config.elasticsearch;
  const store = await openSpooledElastic({
    node,
    stream,
    replicas,
    clock,
    folder: join(folder, 'spool'),
    ...(apiKey !== '' && { auth: { apiKey } }),
    ...(ca !== '' && { ca: readCa(ca) }),
    onChange: (state, waiting, why) => {
      if (state === 'spooling')
        log.warn({ waiting, why }, 'Elasticsearch takes no events: they wait on disk');
      else if (state === 'drained') log.info('Elasticsearch has all events that waited');
    },
  });
  return {
    kind: 'elasticsearch',
    store: recoverable(store),
    tail: store.tail,
    read: (query) => store.scan(query),
    hold: store.hold,
    release: store.release,
    holds: store.holds,
    waiting: store.waiting,
    async sql() {
      throw new ShellError('usage', 'SQL is asked of the lake; events are kept in Elasticsearch here');
    },
    history: lake,
    import: (events) => store.import(events),
    close: () => store.close(),
  };
}

const sinceAtMost = 1_000_000;

/**
 * A start asks for what came after an id, to judge and count what a kill left undone. With the server away, or not
 * through with the spool, part of that is on disk only; so these questions are answered from both.
 */
function recoverable(store: SpooledStore): EventStore {
  const since = (filter: EventFilter | undefined) =>
    filter?.op === 'range' && filter.field === 'id' && typeof filter.gt === 'string'
      ? store.since(filter.gt, sinceAtMost)
      : undefined;
  return {
    ...store,
    async search(query) {
      const found = query.cursor === undefined && query.order === 'oldest' ? since(query.filter) : undefined;
      return found === undefined ? store.search(query) : { events: await found };
    },
    async aggregate(query) {
      const found = query.by === 'source' && query.interval === undefined ? since(query.filter) : undefined;
      if (found === undefined) return store.aggregate(query);
      const counts = new Map<string, number>();
      for (const { source } of await found) counts.set(source, (counts.get(source) ?? 0) + 1);
      return Array.from(counts, ([value, count]) => ({ value, count }));
    },
  };
}

/** The key of the lake; undefined where no file is named. @throws ShellError `setting` where it holds none */
export function readEventsKey(file: string): Uint8Array | undefined {
  if (file === '') return undefined;
  let text = '';
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new ShellError('setting', `setting \`events.keyFile\`: cannot read \`${file}\``, { cause: error });
  }
  if (!/^[0-9a-f]{64}$/i.test(text))
    throw new ShellError(
      'setting',
      `setting \`events.keyFile\`: \`${file}\` must hold 64 hexadecimal digits; make one with \`openssl rand -hex 32\``,
    );
  return Buffer.from(text, 'hex');
}

function readCa(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ShellError('setting', `setting \`events.elasticsearch.ca\`: cannot read \`${file}\``, {
      cause: error,
    });
  }
}

function keepInLake(store: Lake): EventKeeper {
  return {
    kind: 'lake',
    store,
    tail: (filter, signal) => store.tail(filter, signal),
    read: (query) => readLake(store, query),
    hold: (hold) => store.hold(hold),
    release: (id) => store.release(id),
    holds: () => store.holds(),
    waiting: () => 0,
    sql: (text, options) => store.sql(text, options),
    async history() {
      throw new ShellError('usage', 'history moves from the lake to Elasticsearch: set `events.store` first');
    },
    async import() {
      throw new ShellError('usage', 'history moves from the lake to Elasticsearch: set `events.store` first');
    },
    close: () => store.close(),
  };
}

/** Every event of a query, page by page; pages are positions, so nothing that arrives meanwhile moves them. */
export async function* readLake(
  store: EventStore,
  query: Omit<EventQuery, 'limit'>,
): AsyncGenerator<readonly Event[], void, undefined> {
  let cursor = query.cursor;
  do {
    const page = await store.search({ ...query, limit: 5_000, ...(cursor !== undefined && { cursor }) });
    if (page.events.length > 0) yield page.events;
    cursor = page.next;
  } while (cursor !== undefined);
}
