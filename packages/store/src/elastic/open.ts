import { Client, type ClientOptions } from '@elastic/elasticsearch';
import type { Clock, Event, EventFilter, EventQuery, EventStore } from '@kydai/contracts';
import { StoreError } from '../error.ts';
import { LegalHold } from '../lake/manifest.ts';
import { Tails } from '../lake/tail.ts';
import { type BulkLimits, BulkWriter, defaultBulkLimits } from './bulk.ts';
import { fromDocument } from './document.ts';
import { elasticError, isPassing } from './failure.ts';
import { Others } from './others.ts';
import { removeOld } from './retain.ts';
import { aggregateEvents, ask, fieldStatistics, scanEvents, searchPage } from './search.ts';
import { type Abilities, installTemplates } from './template.ts';

export interface ElasticOptions {
  /** `https://es.example:9200` */
  readonly node: string;
  readonly auth?: { readonly apiKey: string } | { readonly username: string; readonly password: string };
  /** PEM of the authority that signed the server's certificate. */
  readonly ca?: string;
  readonly clock: Clock;
  /** Name of the data stream; `logs-kydai-default` unless told. */
  readonly stream?: string;
  /** Of new backing indices; 1 and 1 unless told. */
  readonly shards?: number;
  readonly replicas?: number;
  readonly limits?: Partial<BulkLimits>;
}

/** The event store of a city that has outgrown one disk. */
export interface ElasticStore extends EventStore {
  /** `again` where the events may be stored already, however long ago: asks for their ids before it writes. */
  append(events: readonly Event[], options?: { readonly again?: boolean }): Promise<void>;
  /**
   * Events that match, until the signal ends it: those of this process as they become durable, those of others that
   * write to the same stream within a few seconds.
   */
  tail(filter: EventFilter | undefined, signal: AbortSignal): AsyncGenerator<Event, void, undefined>;
  /** Tells followers of events that are durable elsewhere, and come here later (appended `again`). */
  publish(events: readonly Event[]): void;
  /** All events of a query in batches, as they were when it began: a point in time. */
  scan(query: Omit<EventQuery, 'cursor' | 'limit'>): AsyncGenerator<readonly Event[], void, undefined>;
  hold(hold: LegalHold): Promise<void>;
  release(id: string): Promise<boolean>;
  holds(): Promise<readonly LegalHold[]>;
  /** Whether the server answers now. */
  alive(): Promise<boolean>;
}

/**
 * Opens the event store in an Elasticsearch cluster: a data stream with component templates. Made for servers of
 * version 8 and 9, by the client of version 8 (a client of 9 is refused by servers of 8).
 *
 * A server that cannot be reached, or refuses the key, is no reason to fail here: the templates are put before the
 * first use.
 *
 * INVARIANT: an event is acknowledged only once Elasticsearch has synced it, and is stored once. What an append rejects
 * with `unavailable` may be stored in part; appending it again is right.
 */
export async function openElastic(options: ElasticOptions): Promise<ElasticStore> {
  const stream = options.stream ?? 'logs-kydai-default';
  if (!/^[a-z][a-z0-9.-]{0,99}$/.test(stream))
    throw new StoreError('query', 'the name of a data stream is of small letters, digits, dots and hyphens');
  const client = new Client(clientOptions(options));
  const writer = new BulkWriter(client, stream, { ...defaultBulkLimits, ...options.limits });
  const tails = new Tails();
  const others = new Others(client, stream, options.clock, (events) => tails.publish(events));
  const publish = (events: readonly Event[]) => {
    others.knew(events);
    tails.publish(events);
  };
  const holdsIndex = `${stream}-holds`;
  let closing: Promise<void> | undefined;
  let ready: Promise<Abilities> | undefined;
  let written = true;

  const prepare = (): Promise<Abilities> => {
    ready ??= installTemplates(client, stream, {
      shards: options.shards ?? 1,
      replicas: options.replicas ?? 1,
    }).catch((error: unknown) => {
      ready = undefined;
      throw error;
    });
    return ready;
  };
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    if (closing !== undefined) throw new StoreError('closed', 'the event store is closed');
    try {
      await prepare();
      return await work();
    } catch (error) {
      throw elasticError(error);
    }
  };
  /** Makes what was appended visible to searches, when there is anything new. */
  const refresh = async () => {
    if (!written) return;
    written = false;
    try {
      await client.indices.refresh({ index: stream, ignore_unavailable: true, allow_no_indices: true });
    } catch (error) {
      written = true;
      throw error;
    }
  };
  const readHolds = async (): Promise<readonly LegalHold[]> => {
    await client.indices.refresh({ index: holdsIndex, ignore_unavailable: true, allow_no_indices: true });
    const { hits } = await ask(client, holdsIndex, { size: 10_000, query: { match_all: {} } });
    return hits.hits.map((hit) => LegalHold.parse(JSON.parse(String(hit._source['hold']))));
  };
  const key = (id: string) => encodeURIComponent(Buffer.from(id).toString('base64url'));

  await prepare().catch((error: unknown) => {
    const failure = elasticError(error);
    if (failure.code !== 'unavailable' && !isPassing(error)) throw failure;
  });

  return {
    append: (events, { again = false } = {}) =>
      guarded(async () => {
        try {
          await writer.append(events, again);
        } finally {
          written = true;
        }
        if (!again) publish(events);
      }),
    publish,
    search: (query) =>
      guarded(async () => {
        if (query.signal?.aborted !== true) await refresh();
        return searchPage(client, stream, query);
      }),
    aggregate: (query) =>
      guarded(async () => {
        if (query.signal?.aborted !== true) await refresh();
        return aggregateEvents(client, stream, query);
      }),
    statistics: (query) =>
      guarded(async () => {
        if (query.signal?.aborted !== true) await refresh();
        return fieldStatistics(client, stream, query);
      }),
    get: (id) =>
      guarded(async () => {
        if (typeof id !== 'string' || id === '' || id.length > 1_024 || !id.isWellFormed()) return undefined;
        await refresh();
        const { hits } = await ask(client, stream, {
          query: { term: { 'kydai.id': { value: id } } },
          size: 1,
        });
        return hits.hits[0] && fromDocument(hits.hits[0]._source);
      }),
    stats: () =>
      guarded(async () => {
        await refresh();
        const edge = (kind: string) => ({ [kind]: { field: 'kydai.time' } });
        const { hits, aggregations } = await ask(client, stream, {
          size: 0,
          track_total_hits: true,
          aggs: { oldest: edge('min'), newest: edge('max') },
        });
        const events = hits.total?.value ?? 0;
        const { _all: all } = await client.indices.stats({ index: `${stream}*`, metric: 'store' });
        const at = (name: string) => Number((aggregations?.[name] as { value: number } | undefined)?.value);
        return {
          events,
          bytes: all.primaries?.store?.size_in_bytes ?? 0,
          ...(events > 0 && { oldest: at('oldest'), newest: at('newest') }),
        };
      }),
    retain: (dataset, before) =>
      guarded(async () => {
        if (typeof before !== 'number' || Number.isNaN(before))
          throw new StoreError('query', '`before` must be a time in epoch milliseconds');
        await refresh();
        const { lifecycle } = await prepare();
        const removed = await removeOld(client, stream, {
          dataset,
          before,
          holds: await readHolds(),
          lifecycle,
        });
        if (removed > 0) written = true;
        return removed;
      }),
    async *tail(filter, signal) {
      if (closing !== undefined) throw new StoreError('closed', 'the event store is closed');
      const following = tails.follow(filter, signal);
      void others.begin();
      try {
        yield* following;
      } finally {
        others.end();
      }
    },
    async *scan(query) {
      try {
        await guarded(refresh);
        yield* scanEvents(client, stream, query);
      } catch (error) {
        throw elasticError(error);
      }
    },
    hold: (given) =>
      guarded(async () => {
        const parsed = LegalHold.safeParse(given);
        if (!parsed.success)
          throw new StoreError('query', 'a legal hold needs an id, a reason and whole times');
        await client.transport.request({
          method: 'PUT',
          path: `/${holdsIndex}/_doc/${key(parsed.data.id)}`,
          querystring: { refresh: true },
          body: { hold: JSON.stringify(parsed.data) },
        });
      }),
    release: (id) =>
      guarded(async () => {
        const there = (await readHolds()).some((hold) => hold.id === id);
        if (there)
          await client.transport.request({
            method: 'DELETE',
            path: `/${holdsIndex}/_doc/${key(id)}`,
            querystring: { refresh: true },
          });
        return there;
      }),
    holds: () => guarded(readHolds),
    async alive() {
      if (closing !== undefined) return false;
      return guarded(async () => true)
        .then(
          () => client.cluster.health({ timeout: '1s' }).then(() => true),
          () => false,
        )
        .catch(() => false);
    },
    close() {
      closing ??= (async () => {
        tails.close();
        await writer.close();
        await client.close();
      })();
      return closing;
    },
  };
}

function clientOptions({ node, auth, ca }: ElasticOptions): ClientOptions {
  return {
    node,
    ...(auth !== undefined && { auth }),
    ...(ca !== undefined && { tls: { ca } }),
    maxRetries: 0,
    requestTimeout: 60_000,
    compression: false,
  };
}
