import type { Event, EventAggregation, EventBucket } from '@kydai/contracts';
import { StoreError } from '../error.ts';
import { columnTypes, identifier, literal, pointer } from '../filter/columns.ts';
import { compileFilter, fieldOf } from '../filter/match.ts';
import { filterSql, type SqlValue } from '../filter/sql.ts';
import type { Duck } from './duck.ts';
import { neededTexts } from './grams.ts';
import { liveBetween, visitLive } from './live.ts';
import { columnsOf, idText, parquetRows } from './parquet.ts';
import { cancelled, checkTime, filesIn, rangesSql, type Span, spanSql, type View } from './search.ts';

const maxBuckets = 100_000;
const maxTop = 10_000;

/**
 * Counts events per time bucket and value. Buckets begin at whole multiples of the interval since the epoch, so that
 * the same bucket has the same start in every answer; empty ones are left out. With both an interval and a field, the
 * most frequent values are those of the whole span. An event without the field is not counted; one with a list counts
 * once for each different value.
 */
export async function aggregate(
  duck: Duck,
  view: View,
  query: EventAggregation,
): Promise<readonly EventBucket[]> {
  const span = { from: checkTime('from', query.from, 0), to: checkTime('to', query.to, 0) };
  const { interval, by } = query;
  const top = query.top ?? 10;
  if (interval !== undefined && !(Number.isSafeInteger(interval) && interval > 0)) {
    throw new StoreError('query', 'interval must be a whole number of milliseconds above 0');
  }
  if (!Number.isSafeInteger(top) || top < 1 || top > maxTop) {
    throw new StoreError('query', `top must be a whole number from 1 to ${maxTop}`);
  }
  if (by !== undefined) checkField(by);
  const { sql: counts, values } = await countsSql(view, query, span);
  const rows = await duck.rows(
    {
      sql:
        by === undefined
          ? `${counts} having sum(n) > 0 order by t limit ${maxBuckets + 1}`
          : `with counts as (${counts}), best as (select v, sum(n) as total from counts group by v order by total desc, v limit ${top})
             select counts.t, counts.v, counts.n from counts join best on counts.v = best.v
             order by counts.t, best.total desc, counts.v limit ${maxBuckets + 1}`,
      values,
    },
    query,
  );
  if (rows.length > maxBuckets) {
    throw new StoreError(
      'query',
      `the answer has more than ${maxBuckets} buckets; widen the interval or narrow the span`,
    );
  }
  const buckets = rows.map(
    (row): EventBucket => ({
      ...(interval !== undefined && { time: Number(row['t']) * interval }),
      ...(by !== undefined && { value: String(row['v']) }),
      count: Number(row['n']),
    }),
  );
  return buckets.length === 0 && interval === undefined && by === undefined ? [{ count: 0 }] : buckets;
}

/** Refuses with `query` what cannot be the name of a field. */
export function checkField(name: unknown): void {
  if (
    typeof name !== 'string' ||
    name === '' ||
    name.length > 256 ||
    name.includes('\0') ||
    !name.isWellFormed()
  )
    throw new StoreError('query', '`by` must be a field name of 1 to 256 characters');
}

/** The counts per bucket `t` and value `v` as a query with a column `n`, over Parquet files and live events. */
export async function countsSql(
  view: View,
  query: EventAggregation,
  span: Span,
): Promise<{ readonly sql: string; readonly values: SqlValue[] }> {
  const live = await liveCounts(view, query, span);
  const { files, ranges } = await view.grams.candidates(filesIn(view.files, span), neededTexts(query.filter));
  const values: SqlValue[] = [JSON.stringify(live)];
  const parts = [
    `select cast(j->>'$[0]' as bigint) as t, j->>'$[1]' as v, cast(j->>'$[2]' as bigint) as n
     from (select unnest(cast($1 as json[])) as j)`,
  ];
  if (files.length > 0)
    parts.push(parquetCounts(view, files, query, [...spanSql(span), ...rangesSql(ranges)], values));
  const sql = `select t, v, cast(sum(n) as bigint) as n from (${parts.join(' union all ')}) group by t, v`;
  return { sql, values };
}

/** Bucket number, value, count. */
type Count = readonly [number, string | null, number];

async function liveCounts(view: View, query: EventAggregation, span: Span): Promise<readonly Count[]> {
  const { interval = 0, by } = query;
  const test = query.filter && compileFilter(query.filter);
  cancelled(query.signal);
  const counts = new Map<number, Map<string | null, number>>();
  await visitLive(
    liveBetween(view.live, span.from, span.to),
    (event) => {
      if (event.time < span.from || event.time >= span.to || (test !== undefined && !test(event))) return;
      const bucket = interval === 0 ? 0 : Math.floor(event.time / interval);
      let values = counts.get(bucket);
      if (values === undefined) {
        values = new Map();
        counts.set(bucket, values);
      }
      for (const value of by === undefined ? [null] : valuesOf(event, by)) {
        values.set(value, (values.get(value) ?? 0) + 1);
      }
    },
    () => cancelled(query.signal),
  );
  return [...counts].flatMap(([bucket, values]) =>
    [...values].map(([value, n]): Count => [bucket, value, n]),
  );
}

function valuesOf(event: Event, name: string): Iterable<string> {
  const value = fieldOf(event, name);
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return new Set(value.map((one) => String(one).toWellFormed()));
  if (typeof value === 'number' && !Number.isFinite(value)) return [];
  return [String(value).toWellFormed()];
}

function parquetCounts(
  view: View,
  files: View['files'],
  { filter, by, interval }: EventAggregation,
  conditions: string[],
  values: SqlValue[],
): string {
  const columns = columnsOf(files);
  if (filter !== undefined) conditions.push(filterSql(filter, { columns, id: idText(columns) }, values));
  const bucket = interval === undefined ? '0' : `cast(floor(time / ${interval}) as bigint)`;
  const rows = parquetRows(view.folder, files);
  const where = conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
  if (by === undefined)
    return `select ${bucket} as t, null as v, count(*) as n from ${rows} ${where} group by 1`;
  return `select t, v, count(*) as n from (select ${bucket} as t, ${valueSql(by, columns)} as v from ${rows} ${where})
    where v is not null group by t, v`;
}

/** The value of a field as text; several rows where it is a list. */
function valueSql(name: string, columns: ReadonlySet<string>): string {
  const own = name === 'event.dataset' ? 'dataset' : name;
  if (own === 'id') return idText(columns);
  if (own === 'source' || own === 'dataset' || own === 'raw') return own;
  const type = columnTypes.get(name);
  if (type === undefined) return columns.has('rest') ? `unnest(${jsonList('rest', name)})` : 'null';
  const odd = columns.has('odd');
  if (!columns.has(name)) return odd ? `unnest(${jsonList('odd', name)})` : 'null';
  const column = type === 'text' ? identifier(name) : `cast(${identifier(name)} as varchar)`;
  return odd
    ? `unnest(case when ${column} is not null then [${column}] else ${jsonList('odd', name)} end)`
    : column;
}

function jsonList(column: string, name: string): string {
  const path = literal(pointer(name));
  const text = `json_extract_string(${column}, ${path})`;
  return `case when ${column} is null or not contains(${column}, ${literal(JSON.stringify(name))}) then [] else
    case json_type(${column}, ${path}) when 'ARRAY' then list_distinct(cast(json_extract(${column}, ${path}) as varchar[]))
    when 'OBJECT' then [] else [${text}] end end`;
}
