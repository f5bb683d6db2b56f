import type { Event, EventPage, EventQuery } from '@kydai/contracts';
import { StoreError } from '../error.ts';
import { compileFilter, type EventTest } from '../filter/match.ts';
import { filterSql, type SqlValue } from '../filter/sql.ts';
import { compareText } from '../filter/text.ts';
import { type Position, readCursor, writeCursor } from './cursor.ts';
import type { Duck } from './duck.ts';
import type { GramIndex, Range } from './gram-files.ts';
import { neededTexts } from './grams.ts';
import { type LiveView, liveBetween, visitLive } from './live.ts';
import type { ParquetFile } from './manifest.ts';
import { columnsOf, eventColumns, idOrder, idText, parquetRows } from './parquet.ts';
import { toEvent } from './row.ts';
import type { StoredEvent } from './stored.ts';

/** What a query sees: the lake as it was when the query began. */
export interface View {
  readonly folder: string;
  readonly files: readonly ParquetFile[];
  readonly live: LiveView;
  readonly grams: GramIndex;
}

const maxLimit = 10_000;

export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The ranges of time in which events can be, as SQL. */
export function rangesSql(ranges: readonly Range[] | undefined): string[] {
  if (ranges === undefined || ranges.length === 0) return [];
  return [`(${ranges.map(({ from, to }) => `time between ${from} and ${to}`).join(' or ')})`];
}

/** The files that can hold events of a time span. */
export function filesIn(files: readonly ParquetFile[], { from, to }: Span): readonly ParquetFile[] {
  return files.filter(({ minTime, maxTime }) => maxTime >= from && minTime < to);
}

/** A bound of time as SQL; infinite ones need no condition. */
export function spanSql({ from, to }: Span): string[] {
  const parts: string[] = [];
  if (Number.isFinite(from)) parts.push(`time >= ${Math.ceil(from)}`);
  if (Number.isFinite(to)) parts.push(`time < ${Math.ceil(to)}`);
  return parts;
}

export function checkTime(name: string, time: number | undefined, otherwise: number): number {
  const value = time ?? otherwise;
  if (typeof value !== 'number' || Number.isNaN(value))
    throw new StoreError('query', `\`${name}\` must be a time in epoch milliseconds`);
  return value;
}

export function cancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new StoreError('cancelled', 'the query was cancelled');
}

function order(newest: boolean): (a: Position, b: Position) => number {
  const sign = newest ? -1 : 1;
  return (a, b) => sign * (a.time === b.time ? compareText(a.id, b.id) : a.time - b.time);
}

/** One page of a search over Parquet files and live events. */
export async function search(duck: Duck, view: View, query: EventQuery): Promise<EventPage> {
  const limit = query.limit ?? 100;
  if (!Number.isSafeInteger(limit) || limit < 0 || limit > maxLimit) {
    throw new StoreError('query', `limit must be a whole number from 0 to ${maxLimit}`);
  }
  if (query.order !== undefined && query.order !== 'newest' && query.order !== 'oldest') {
    throw new StoreError('query', 'order must be newest or oldest');
  }
  const newest = query.order !== 'oldest';
  let span: Span = {
    from: checkTime('from', query.from, Number.NEGATIVE_INFINITY),
    to: checkTime('to', query.to, Number.POSITIVE_INFINITY),
  };
  const after = query.cursor === undefined ? undefined : readCursor(query.cursor);
  if (after !== undefined) {
    span = newest
      ? { ...span, to: Math.min(span.to, after.time + 1) }
      : { ...span, from: Math.max(span.from, after.time) };
  }
  const test = query.filter && compileFilter(query.filter);
  cancelled(query.signal);
  if (limit === 0) return { events: [] };

  const compare = order(newest);
  const wanted = limit + 1;
  const page = { span, ranges: undefined, after, newest, wanted };
  let found = await liveEvents(view.live, test, page, query.signal);
  const candidates = await view.grams.candidates(filesIn(view.files, span), neededTexts(query.filter));
  const files = [...candidates.files].sort((a, b) =>
    newest ? b.maxTime - a.maxTime : a.minTime - b.minTime,
  );
  // The nearest files first, then twice as many each time: most pages need no more than the first few.
  for (let start = 0, count = 8; start < files.length; start += count, count *= 2) {
    const last = found.length >= wanted ? found[wanted - 1]! : undefined;
    const rest = files
      .slice(start)
      .filter(({ minTime, maxTime }) =>
        last === undefined ? true : newest ? maxTime >= last.time : minTime <= last.time,
      );
    if (rest.length === 0) break;
    const batch = files.slice(start, start + count).filter((file) => rest.includes(file));
    if (batch.length === 0) continue;
    const rows = await parquetEvents(duck, view.folder, batch, query, {
      ...page,
      ranges: candidates.ranges,
    });
    found = [...found, ...rows].sort(compare).slice(0, wanted);
  }
  if (found.length <= limit) return { events: found };
  const events = found.slice(0, limit);
  return { events, next: writeCursor(events.at(-1)!) };
}

async function liveEvents(
  live: LiveView,
  test: EventTest | undefined,
  { span, after, newest, wanted }: Wanted,
  signal: AbortSignal | undefined,
): Promise<Event[]> {
  const compare = order(newest);
  const { frames } = liveBetween(live, span.from, span.to);
  const nearest = [...frames].sort((a, b) => (newest ? b.maxTime - a.maxTime : a.minTime - b.minTime));
  let found: StoredEvent[] = [];
  // What lies beyond this time is on no page before the ones that were found.
  let last = newest ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  await visitLive(
    { frames: nearest },
    (event) => {
      const { time } = event;
      if (time < span.from || time >= span.to || (newest ? time < last : time > last)) return;
      if (after !== undefined && compare(event, after) <= 0) return;
      if (test !== undefined && !test(event)) return;
      found.push(event);
      if (found.length < wanted * 4 + 1_000) return;
      found = found.sort(compare).slice(0, wanted);
      last = found.at(-1)!.time;
    },
    () => cancelled(signal),
    ({ minTime, maxTime }) => (newest ? maxTime >= last : minTime <= last),
  );
  return found
    .sort(compare)
    .slice(0, wanted)
    .map((event) => event.whole());
}

interface Wanted {
  readonly span: Span;
  readonly ranges: readonly Range[] | undefined;
  readonly after: Position | undefined;
  readonly newest: boolean;
  readonly wanted: number;
}

async function parquetEvents(
  duck: Duck,
  folder: string,
  files: readonly ParquetFile[],
  { filter, signal, progress }: EventQuery,
  { span, ranges, after, newest, wanted }: Wanted,
): Promise<Event[]> {
  const values: SqlValue[] = [];
  const columns = columnsOf(files);
  const conditions = [...spanSql(span), ...rangesSql(ranges)];
  if (after !== undefined) {
    values.push(after.id);
    const beyond = newest ? '<' : '>';
    conditions.push(
      `(time ${beyond} ${after.time} or (time = ${after.time} and ${idText(columns)} ${beyond} $${values.length}))`,
    );
  }
  if (filter !== undefined) {
    conditions.push(filterSql(filter, { columns, id: idText(columns) }, values));
  }
  const way = newest ? 'desc' : 'asc';
  const where = conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`;
  const sql = `select ${eventColumns(columns)} from ${parquetRows(folder, files)} ${where}
    order by time ${way}, ${idOrder(columns)} ${way} limit ${wanted}`;
  return (await duck.rows({ sql, values }, { signal, progress })).map(toEvent);
}

/** The event with this id. */
export async function getEvent(duck: Duck, view: View, id: string): Promise<Event | undefined> {
  if (typeof id !== 'string' || id === '' || id.length > 1_024 || !id.isWellFormed()) return undefined;
  let found: Event | undefined;
  await visitLive(
    view.live,
    (event) => {
      if (event.id === id) found = event.whole();
    },
    () => undefined,
  );
  if (found !== undefined) return found;
  const files = view.files.filter(
    ({ minId, maxId }) => compareText(minId, id) <= 0 && compareText(maxId, id) >= 0,
  );
  if (files.length === 0) return undefined;
  const columns = columnsOf(files);
  const rows = await duck.rows({
    sql: `select ${eventColumns(columns)} from ${parquetRows(view.folder, files)} where ${idEquals(id, columns)} limit 1`,
    values: [id],
  });
  return rows[0] && toEvent(rows[0]);
}

/** A UUID is compared as one, so that row groups without it are skipped. Its value is `$1`. */
function idEquals(id: string, columns: ReadonlySet<string>): string {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) return 'id = cast($1 as uuid)';
  return columns.has('id_text') ? 'id_text = $1' : '$1 is null';
}
