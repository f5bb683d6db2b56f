import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { columnTypes, identifier, literal } from '../filter/columns.ts';
import { syncFile, syncFolder } from './disk.ts';
import { maxEventBytes } from './line.ts';
import type { ParquetFile } from './manifest.ts';

const own = ['id', 'time', 'received', 'source', 'dataset'] as const;
const day = 86_400_000;

/** The columns that a file has only where some row has a value in them, in the order in which they are written. */
export const optionalColumns: readonly string[] = ['id_text', ...columnTypes.keys(), 'odd', 'rest'];

/** The columns that at least one of some files has. */
export function columnsOf(files: readonly ParquetFile[]): ReadonlySet<string> {
  return new Set(files.flatMap(({ columns }) => columns));
}

/** The event's id as text: ids that are UUIDs are kept as such, in a third of the space. */
export function idText(columns: ReadonlySet<string>): string {
  return columns.has('id_text') ? 'coalesce(id_text, cast(id as varchar))' : 'cast(id as varchar)';
}

/** The event's id as an expression that sorts like its text. */
export function idOrder(columns: ReadonlySet<string>): string {
  return columns.has('id_text') ? idText(columns) : 'id';
}

/** What a query selects to make events of rows. */
export function eventColumns(columns: ReadonlySet<string>): string {
  const optional = optionalColumns.filter((name) => name !== 'id_text' && columns.has(name)).map(identifier);
  return [`${idText(columns)} as event_id`, 'time', 'received', 'source', 'dataset', ...optional, 'raw'].join(
    ', ',
  );
}

function fileList(paths: readonly string[]): string {
  return `[${paths.map(literal).join(', ')}]`;
}

/** The rows of Parquet files as a table expression. */
export function parquetRows(folder: string, files: readonly ParquetFile[]): string {
  const same = files.every(({ columns }) => columns.join() === files[0]!.columns.join());
  const paths = fileList(files.map(({ path }) => `${folder}/${path}`));
  return `read_parquet(${paths}, hive_partitioning = false${same ? '' : ', union_by_name = true'})`;
}

/**
 * The rows of write-ahead segments as a table expression, with those of the columns that are named; the header lines of
 * frames have no id.
 */
export function segmentRows(paths: readonly string[], columns: ReadonlySet<string>): string {
  const types = [
    ...own.map((name) => [name, name === 'time' || name === 'received' ? 'BIGINT' : 'VARCHAR'] as const),
    ...[...columnTypes]
      .filter(([name]) => columns.has(name))
      .map(([name, type]) => [name, type === 'text' ? 'VARCHAR' : 'BIGINT'] as const),
    ['odd', 'JSON'] as const,
    ['rest', 'JSON'] as const,
    ['raw', 'VARCHAR'] as const,
  ];
  const uuid = "regexp_full_match(line_id, '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}')";
  const listed = types.map(([name, type]) => `${identifier(name)}: '${type}'`).join(', ');
  return `(select case when ${uuid} then cast(line_id as uuid) end as id, case when not ${uuid} then line_id end as id_text,
      * exclude (line_id)
    from (select * rename (id as line_id) from read_json(${fileList(paths)}, format = 'newline_delimited',
      columns = {${listed}}, maximum_object_size = ${maxEventBytes * 4})) where line_id is not null)`;
}

/**
 * The UTC day under which an event is filed: that of its time, or of its receipt where its time is more than a week
 * before or a day after that. So a device whose clock is wrong cannot make a partition for every day of history.
 */
export const filingDay = `strftime(make_timestamp_ms(case when time between received - ${7 * day} and received + ${day}
  then time else received end), '%Y-%m-%d')`;

/** A dataset as a folder name. */
export function slug(dataset: string): string {
  const safe = [...Buffer.from(dataset, 'utf8')]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[a-z0-9_.-]/i.test(character)
        ? character
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
  return safe.slice(0, 100).replace(/^\.+$/, (dots) => '%2E'.repeat(dots.length)) || '%';
}

export interface NewFile {
  readonly day: string;
  readonly dataset: string | null;
  /** Its number, unique in the lake. */
  readonly number: number;
  /** Those of the optional columns that have a value. */
  readonly columns: readonly string[];
  /** 1 is quick, higher is smaller. */
  readonly level: number;
}

/**
 * Writes the rows of a query as one Parquet file, durable under its final name, and says what is in it. There must be
 * at least one row.
 */
export async function writeParquet(
  connection: DuckDBConnection,
  folder: string,
  rows: string,
  { day, dataset, number, columns, level }: NewFile,
): Promise<ParquetFile> {
  const path = join(
    'parquet',
    `day=${day}`,
    `dataset=${dataset === null ? '%mixed' : slug(dataset)}`,
    `${number}.parquet`,
  );
  const scratch = `tmp/${number}.parquet`;
  const list = [
    'id',
    ...columns.filter((name) => name === 'id_text'),
    ...own.slice(1),
    ...columns.filter((name) => name !== 'id_text'),
    'raw',
  ];
  const copy = `copy (select ${list.map(identifier).join(', ')} from ${rows} order by time, id)
    to ${literal(join(folder, scratch))}
    (format parquet, compression zstd, compression_level ${level}, parquet_version v2, row_group_size 122880)`;
  try {
    await connection.run(copy);
  } catch (error) {
    // Half a file on a full disk would take the room that the next attempt needs.
    await rm(join(folder, scratch), { force: true });
    throw error;
  }
  const id = idText(new Set(columns));
  const facts = await connection.runAndReadAll(`select count(*) as n, min(time) as t0, max(time) as t1,
    min(${id}) as i0, max(${id}) as i1 from read_parquet(${literal(join(folder, scratch))})`);
  const fact = facts.getRowObjectsJS()[0]!;
  const final = join(folder, path);
  await syncFile(join(folder, scratch));
  await mkdir(dirname(final), { recursive: true });
  await rename(join(folder, scratch), final);
  await syncFolder(dirname(final));
  await syncFolder(dirname(dirname(final)));
  await syncFolder(join(folder, 'parquet'));
  return {
    path,
    day,
    dataset,
    rows: Number(fact['n']),
    bytes: (await stat(final)).size,
    minTime: Number(fact['t0']),
    maxTime: Number(fact['t1']),
    minId: String(fact['i0']),
    maxId: String(fact['i1']),
    columns,
  };
}
