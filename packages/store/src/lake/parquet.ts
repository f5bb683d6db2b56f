import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { columnTypes, identifier, literal } from '../filter/columns.ts';
import { syncFile, syncFolder } from './disk.ts';
import type { ParquetFile } from './manifest.ts';
import type { Seal } from './seal.ts';

const own = ['id', 'time', 'received', 'source', 'dataset'] as const;

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

/** The rows of Parquet files as a table expression; in their order, where the engine keeps order. */
export function parquetRows(folder: string, files: readonly ParquetFile[]): string {
  const groups = new Map<string, ParquetFile[]>();
  for (const file of files) {
    // DuckDB does not read encrypted files by the names of their columns, so that each such group is of one shape.
    const key = file.encrypted ? file.columns.join() : 'plain';
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [file]);
    else group.push(file);
  }
  const parts = Array.from(groups.values(), (group) => {
    const paths = `[${group.map(({ path }) => literal(`${folder}/${path}`)).join(', ')}]`;
    const same = group.every(({ columns }) => columns.join() === group[0]!.columns.join());
    const byName = same ? '' : ', union_by_name = true';
    return `read_parquet(${paths}, hive_partitioning = false${byName}${keyArgument(group[0]!.encrypted)})`;
  });
  return parts.length === 1
    ? parts[0]!
    : `(${parts.map((part) => `select * from ${part}`).join(' union all by name ')})`;
}

const keyName = 'lake';
const withKey = 'encryption_config';

function keyArgument(encrypted: boolean): string {
  return encrypted ? `, ${withKey} = {footer_key: '${keyName}'}` : '';
}

/**
 * Gives an engine the lake's key. DuckDB's own build has no certified source of randomness and therefore asks for this
 * consent before it writes; here the key comes from outside, and what is random are nonces, which must only differ.
 */
export async function giveKey(connection: DuckDBConnection, { parquetKey }: Seal): Promise<void> {
  await connection.run('set force_mbedtls_unsafe = true');
  await connection.run('set temp_file_encryption = true');
  await connection.run(`pragma add_parquet_key('${keyName}', '${parquetKey}')`);
}

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
  /** With the lake's key, which the connection has. */
  readonly encrypted: boolean;
}

/** What the manifest says about the rows of a file. */
export type Facts = Pick<ParquetFile, 'rows' | 'minTime' | 'maxTime' | 'minId' | 'maxId'>;

/** Rows of a group: what a query reads or leaves out as one. */
export const groupRows = 122_880;

/**
 * Writes the rows of a query, in their order, as one Parquet file, durable under its final name, and says what is in
 * it. There must be at least one row. Without `facts` they are read from what was written.
 */
export async function writeParquet(
  connection: DuckDBConnection,
  folder: string,
  rows: string,
  { day, dataset, number, columns, level, encrypted }: NewFile,
  facts?: () => Facts,
): Promise<ParquetFile> {
  const path = join(
    'parquet',
    `day=${day}`,
    `dataset=${dataset === null ? '%mixed' : slug(dataset)}`,
    `${number}.parquet`,
  );
  const scratch = join(folder, 'tmp', `${number}.parquet`);
  const list = [
    'id',
    ...columns.filter((name) => name === 'id_text'),
    ...own.slice(1),
    ...columns.filter((name) => name !== 'id_text'),
    'raw',
  ];
  const copy = `copy (select ${list.map(identifier).join(', ')} from ${rows}) to ${literal(scratch)}
    (format parquet, compression zstd, compression_level ${level}, parquet_version v2, row_group_size ${groupRows}${encrypted ? `, ${withKey} {footer_key: '${keyName}'}` : ''})`;
  let found: Facts;
  try {
    await connection.run(copy);
    found = facts?.() ?? (await readFacts(connection, scratch, columns, encrypted));
  } catch (error) {
    // Half a file on a full disk would take the room that the next attempt needs.
    await rm(scratch, { force: true });
    throw error;
  }
  const final = join(folder, path);
  await syncFile(scratch);
  await mkdir(dirname(final), { recursive: true });
  await rename(scratch, final);
  await syncFolder(dirname(final));
  await syncFolder(dirname(dirname(final)));
  await syncFolder(join(folder, 'parquet'));
  return { path, day, dataset, ...found, bytes: (await stat(final)).size, columns, encrypted };
}

async function readFacts(
  connection: DuckDBConnection,
  path: string,
  columns: readonly string[],
  encrypted: boolean,
): Promise<Facts> {
  const id = idOrder(new Set(columns));
  const facts = await connection.runAndReadAll(`select count(*) as n, min(time) as t0, max(time) as t1,
    cast(min(${id}) as varchar) as i0, cast(max(${id}) as varchar) as i1 from read_parquet(${literal(path)}${keyArgument(encrypted)})`);
  const fact = facts.getRowObjectsJS()[0]!;
  return {
    rows: Number(fact['n']),
    minTime: Number(fact['t0']),
    maxTime: Number(fact['t1']),
    minId: String(fact['i0']),
    maxId: String(fact['i1']),
  };
}
