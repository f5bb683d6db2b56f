import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { columnTypes, identifier, literal } from '../filter/columns.ts';
import { syncFile, syncFolder } from './disk.ts';
import { maxEventBytes } from './line.ts';
import type { ParquetFile } from './manifest.ts';

const own = ['id', 'time', 'received', 'source', 'dataset'] as const;
const day = 86_400_000;

/** Every column of a Parquet file, in order, as a list for SQL. */
export const columnList: string = [...own, ...columnTypes.keys(), 'odd', 'rest', 'raw']
  .map(identifier)
  .join(', ');

/** The types of the lines of a write-ahead segment, as DuckDB's JSON reader takes them. */
const lineTypes = [
  ...own.map((name) => [name, name === 'time' || name === 'received' ? 'BIGINT' : 'VARCHAR'] as const),
  ...[...columnTypes].map(([name, type]) => [name, type === 'text' ? 'VARCHAR' : 'BIGINT'] as const),
  ['odd', 'JSON'] as const,
  ['rest', 'JSON'] as const,
  ['raw', 'VARCHAR'] as const,
]
  .map(([name, type]) => `${identifier(name)}: '${type}'`)
  .join(', ');

export function fileList(paths: readonly string[]): string {
  return `[${paths.map(literal).join(', ')}]`;
}

/** The rows of Parquet files as a table expression. */
export function parquetRows(paths: readonly string[]): string {
  return `read_parquet(${fileList(paths)}, hive_partitioning = false)`;
}

/** The rows of write-ahead segments as a table expression; the header lines of frames have no id. */
export function segmentRows(paths: readonly string[]): string {
  return `(select * from read_json(${fileList(paths)}, format = 'newline_delimited', columns = {${lineTypes}},
    maximum_object_size = ${maxEventBytes * 4}) where id is not null)`;
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
}

/**
 * Writes the rows of a query as one Parquet file, durable under its final name, and says what is in it. Undefined where
 * there are no rows.
 */
export async function writeParquet(
  connection: DuckDBConnection,
  folder: string,
  rows: string,
  file: NewFile,
): Promise<ParquetFile | undefined> {
  const path = join(
    'parquet',
    `day=${file.day}`,
    `dataset=${file.dataset === null ? '%mixed' : slug(file.dataset)}`,
    `${file.number}.parquet`,
  );
  const scratch = join(folder, 'tmp', `${file.number}.parquet`);
  await connection.run(`copy (select ${columnList} from ${rows} order by time, id) to ${literal(scratch)}
    (format parquet, compression zstd, parquet_version v2, row_group_size 122880)`);
  const facts =
    await connection.runAndReadAll(`select count(*) as n, min(time) as t0, max(time) as t1, min(id) as i0,
    max(id) as i1, count(odd) as odd from ${parquetRows([scratch])}`);
  const fact = facts.getRowObjectsJS()[0]!;
  if (Number(fact['n']) === 0) {
    await rm(scratch);
    return undefined;
  }
  await syncFile(scratch);
  const final = join(folder, path);
  await mkdir(dirname(final), { recursive: true });
  await rename(scratch, final);
  await syncFolder(dirname(final));
  await syncFolder(dirname(dirname(final)));
  await syncFolder(join(folder, 'parquet'));
  return {
    path,
    day: file.day,
    dataset: file.dataset,
    rows: Number(fact['n']),
    bytes: (await stat(final)).size,
    minTime: Number(fact['t0']),
    maxTime: Number(fact['t1']),
    minId: String(fact['i0']),
    maxId: String(fact['i1']),
    odd: Number(fact['odd']) > 0,
  };
}
