import type { Client } from '@elastic/elasticsearch';
import type {
  Event,
  EventAggregation,
  EventBucket,
  EventPage,
  EventQuery,
  FieldQuery,
  FieldStatistics,
} from '@kydai/contracts';
import { StoreError } from '../error.ts';
import { summarise } from '../filter/summary.ts';
import { readCursor, writeCursor } from '../lake/cursor.ts';
import { cancelled, checkTime } from '../lake/search.ts';
import { fromDocument } from './document.ts';
import { type Dsl, filterDsl } from './query.ts';

const maxLimit = 10_000;
/** Hits of one request: pages of events of a megabyte each must not fill the memory of either side. */
const hitsAtOnce = 1_000;
/** A stream that nothing was written to yet is empty, not missing. */
const lenient = { ignore_unavailable: true, allow_no_indices: true } as const;

interface Hit {
  readonly _index: string;
  readonly _id: string;
  readonly _source: Readonly<Record<string, unknown>>;
  readonly sort: readonly (string | number)[];
}
export interface Answer {
  readonly pit_id?: string;
  readonly hits: { readonly hits: readonly Hit[]; readonly total?: { readonly value: number } };
  readonly aggregations?: Readonly<Record<string, unknown>>;
}

export function ask(
  client: Client,
  stream: string | undefined,
  body: Dsl,
  signal?: AbortSignal,
): Promise<Answer> {
  return client.transport.request<Answer>(
    {
      method: 'POST',
      path: stream === undefined ? '/_search' : `/${stream}/_search`,
      querystring: stream === undefined ? {} : lenient,
      body: body as object,
    },
    signal === undefined ? {} : { signal },
  );
}

function conditions(from: number, to: number, filter: EventQuery['filter']): Dsl {
  const parts: Dsl[] = filter === undefined ? [] : [filterDsl(filter)];
  const span = {
    ...(Number.isFinite(from) && { gte: Math.ceil(from) }),
    ...(Number.isFinite(to) && { lt: Math.ceil(to) }),
  };
  if (from === Number.POSITIVE_INFINITY || to === Number.NEGATIVE_INFINITY) parts.push({ match_none: {} });
  else if (Object.keys(span).length > 0) parts.push({ range: { 'kydai.time': span } });
  return { bool: { filter: parts } };
}

/** One page. The cursor is a position in (time, id), so that what is added later moves nothing and nothing expires. */
export async function searchPage(client: Client, stream: string, query: EventQuery): Promise<EventPage> {
  const limit = query.limit ?? 100;
  if (!Number.isSafeInteger(limit) || limit < 0 || limit > maxLimit)
    throw new StoreError('query', `limit must be a whole number from 0 to ${maxLimit}`);
  if (query.order !== undefined && query.order !== 'newest' && query.order !== 'oldest')
    throw new StoreError('query', 'order must be newest or oldest');
  const from = checkTime('from', query.from, Number.NEGATIVE_INFINITY);
  const to = checkTime('to', query.to, Number.POSITIVE_INFINITY);
  const start = query.cursor === undefined ? undefined : readCursor(query.cursor);
  const where = conditions(from, to, query.filter);
  cancelled(query.signal);
  if (limit === 0) return { events: [] };
  const events: Event[] = [];
  let after: readonly (string | number)[] | undefined = start && [start.time, start.id];
  while (events.length <= limit) {
    const size = Math.min(hitsAtOnce, limit + 1 - events.length);
    const { hits } = await ask(client, stream, page(where, size, query.order, after), query.signal);
    events.push(...hits.hits.map((hit) => fromDocument(hit._source)));
    if (hits.hits.length < size) return { events };
    after = hits.hits.at(-1)!.sort;
  }
  events.pop();
  return { events, next: writeCursor(events.at(-1)!) };
}

function page(
  query: Dsl,
  size: number,
  order: EventQuery['order'],
  after: readonly (string | number)[] | undefined,
): Dsl {
  const way = order === 'oldest' ? 'asc' : 'desc';
  return {
    query,
    size,
    track_total_hits: false,
    // A backing index whose mappings were lost must not end the search.
    sort: [
      { 'kydai.time': { order: way, unmapped_type: 'long' } },
      { 'kydai.id': { order: way, unmapped_type: 'keyword' } },
    ],
    ...(after !== undefined && { search_after: after }),
  };
}

/** One document and where it is. */
export interface Found {
  readonly index: string;
  readonly key: string;
  readonly source: Readonly<Record<string, unknown>>;
}

/** Everything that matches, as it was when the first page was asked for: a point in time, read page by page. */
export async function* scan(
  client: Client,
  stream: string,
  query: Dsl,
  options: {
    readonly order?: 'newest' | 'oldest';
    readonly size?: number;
    readonly source?: boolean;
    readonly signal?: AbortSignal;
  } = {},
): AsyncGenerator<readonly Found[], void, undefined> {
  const { size = hitsAtOnce, signal } = options;
  const opened = await client.transport
    .request<{ id: string }>({
      method: 'POST',
      path: `/${stream}/_pit`,
      querystring: { keep_alive: '2m', ...lenient },
    })
    .catch((error: { statusCode?: number }) => {
      if (error.statusCode === 404) return undefined;
      throw error;
    });
  if (opened === undefined) return;
  let id = opened.id;
  let after: readonly (string | number)[] | undefined;
  try {
    for (;;) {
      const answer = await ask(
        client,
        undefined,
        {
          ...page(query, size, options.order, after),
          pit: { id, keep_alive: '2m' },
          ...(options.source === false && { _source: false }),
        },
        signal,
      );
      id = answer.pit_id ?? id;
      const { hits } = answer.hits;
      if (hits.length > 0)
        yield hits.map((hit) => ({ index: hit._index, key: hit._id, source: hit._source }));
      if (hits.length < size) return;
      after = hits.at(-1)!.sort;
    }
  } finally {
    await client.transport.request({ method: 'DELETE', path: '/_pit', body: { id } }).catch(() => undefined);
  }
}

/** `scan` of the events of a query. */
export async function* scanEvents(
  client: Client,
  stream: string,
  query: Omit<EventQuery, 'cursor' | 'limit'>,
): AsyncGenerator<readonly Event[], void, undefined> {
  const where = conditions(
    checkTime('from', query.from, Number.NEGATIVE_INFINITY),
    checkTime('to', query.to, Number.POSITIVE_INFINITY),
    query.filter,
  );
  const found = scan(client, stream, where, {
    ...(query.order !== undefined && { order: query.order }),
    ...(query.signal !== undefined && { signal: query.signal }),
  });
  for await (const batch of found) yield batch.map(({ source }) => fromDocument(source));
}

/** Different values that are told apart. */
const mostValues = 10_000;

/** What the values of a field are like, with the meaning that the lake's statistics have. */
export async function fieldStatistics(
  client: Client,
  stream: string,
  query: FieldQuery,
): Promise<FieldStatistics> {
  const { field, filter, ...span } = query;
  const narrowed = filter === undefined ? span : { ...span, filter };
  const has = { op: 'exists', field } as const;
  const having = { op: 'and', filters: filter === undefined ? [has] : [filter, has] } as const;
  const values = await aggregateEvents(client, stream, { ...narrowed, by: field, top: mostValues });
  const [all] = await aggregateEvents(client, stream, narrowed);
  const [some] = await aggregateEvents(client, stream, { ...span, filter: having });
  const found = { events: all?.count ?? 0, present: some?.count ?? 0, distinct: values.length };
  if (values.length >= mostValues) return { ...found, more: true };
  const numbers = summarise(values);
  return numbers === undefined ? found : { ...found, numbers };
}

interface Buckets {
  readonly buckets: readonly {
    readonly key: string | number;
    readonly doc_count: number;
    readonly by?: Buckets;
  }[];
}

/** Counts per bucket and value, with the meaning that the lake's have. */
export async function aggregateEvents(
  client: Client,
  stream: string,
  query: EventAggregation,
): Promise<readonly EventBucket[]> {
  const { interval, by, top = 10, filter, signal } = query;
  if (interval !== undefined && !(Number.isSafeInteger(interval) && interval > 0))
    throw new StoreError('query', 'interval must be a whole number of milliseconds above 0');
  if (!Number.isSafeInteger(top) || top < 1 || top > 10_000)
    throw new StoreError('query', 'top must be a whole number from 1 to 10000');
  if (
    by !== undefined &&
    (typeof by !== 'string' || by === '' || by.length > 256 || by.includes('\0') || !by.isWellFormed())
  )
    throw new StoreError('query', '`by` must be a field name of 1 to 256 characters');
  if (by === 'id' || by === 'raw')
    throw new StoreError('query', `events cannot be counted by \`${by}\` in Elasticsearch; each has its own`);
  const where = conditions(checkTime('from', query.from, 0), checkTime('to', query.to, 0), filter);
  cancelled(signal);
  const run = async (aggregations: Dsl) =>
    await ask(client, stream, { query: where, size: 0, track_total_hits: true, aggs: aggregations }, signal);
  const prefix = `${by === 'event.dataset' ? 'dataset' : by}\0`;
  const values = by === undefined ? undefined : await topValues(run, prefix, top);
  if (interval === undefined) {
    if (values !== undefined) return values;
    return [{ count: (await run({})).hits.total?.value ?? 0 }];
  }
  if (values?.length === 0) return [];
  const inner = values && {
    by: terms(
      values.map(({ value }) => prefix + value),
      values.length,
    ),
  };
  const { aggregations } = await run({
    time: {
      histogram: { field: 'kydai.time', interval, min_doc_count: 1 },
      ...(inner !== undefined && { aggs: inner }),
    },
  });
  const buckets = (aggregations?.['time'] as Buckets | undefined)?.buckets ?? [];
  return buckets.flatMap(({ key, doc_count, by: found }): EventBucket[] => {
    if (values === undefined) return [{ time: Number(key), count: doc_count }];
    const counts = new Map(
      found?.buckets.map((bucket) => [String(bucket.key).slice(prefix.length), bucket.doc_count]),
    );
    return values.flatMap(({ value }) => {
      const count = counts.get(value);
      return count === undefined ? [] : [{ time: Number(key), value, count }];
    });
  });
}

function terms(include: string | readonly string[], size: number): Dsl {
  return {
    terms: {
      field: 'kydai.values',
      include,
      size,
      // Counts of several shards add up to the truth when each names more than what is asked for.
      shard_size: Math.max(size * 10, 1_000),
      order: [{ _count: 'desc' }, { _key: 'asc' }],
    },
  };
}

async function topValues(
  run: (aggregations: Dsl) => Promise<Answer>,
  prefix: string,
  top: number,
): Promise<{ readonly value: string; readonly count: number }[]> {
  const any = `${prefix.replace(/[^\p{L}\p{N}\0_]/gu, '\\$&')}(.|\n)*`;
  const { aggregations } = await run({ by: terms(any, top) });
  const { buckets } = (aggregations?.['by'] as Buckets | undefined) ?? { buckets: [] };
  return buckets.map(({ key, doc_count }) => ({ value: String(key).slice(prefix.length), count: doc_count }));
}
