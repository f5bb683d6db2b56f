import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance, StatementType } from '@duckdb/node-api';
import { StoreError } from '../error.ts';
import { columnTypes, identifier, literal } from '../filter/columns.ts';
import { interruptedAtExit } from './at-exit.ts';
import type { ParquetFile } from './manifest.ts';
import { columnsOf, giveKey, idText, parquetRows } from './parquet.ts';
import type { Place } from './seal.ts';

export interface SqlOptions {
  /** Rows of the answer, at most 10,000; 1,000 unless told. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

export interface SqlAnswer {
  readonly columns: readonly string[];
  /** Plain values; anything that JSON lacks (decimals, dates, lists, ...) as DuckDB writes it as text. */
  readonly rows: readonly (readonly (string | number | boolean | null)[])[];
  /** Whether there were more rows than the limit. */
  readonly truncated: boolean;
}

const maxLength = 20_000;
const maxLimit = 10_000;
const maxBytes = 16 * 1024 * 1024;

/**
 * Answers one SELECT over the table `events`, in an engine of its own that can read the lake's Parquet files and nothing
 * else: no other file, no network, no extension, no setting, no temporary file, and no statement but SELECT. Bounded in
 * memory, threads, time and the size of the answer. Rejects with `query` or `cancelled`.
 */
export async function sandboxed(
  { folder, seal }: Place,
  files: readonly ParquetFile[],
  text: string,
  time: number,
  { limit = 1_000, signal }: SqlOptions,
): Promise<SqlAnswer> {
  if (typeof text !== 'string' || text.length > maxLength || text.includes('\0')) {
    throw new StoreError('query', `the SQL must be text of at most ${maxLength} characters`);
  }
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > maxLimit) {
    throw new StoreError('query', `limit must be a whole number from 1 to ${maxLimit}`);
  }
  if (signal?.aborted) throw new StoreError('cancelled', 'the query was cancelled');
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '1',
    memory_limit: '256MB',
    temp_directory: '',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  try {
    const connection = await instance.connect();
    if (seal !== undefined) await giveKey(connection, seal);
    await connection.run(`create view events as ${view(folder, files)}`);
    for (const setting of [
      `allowed_directories = [${literal(join(folder, 'parquet'))}]`,
      'enable_external_access = false',
      'lock_configuration = true',
    ]) {
      await connection.run(`set ${setting}`);
    }
    let why: string | undefined;
    const stop = (reason: string) => {
      why = reason;
      connection.interrupt();
    };
    const abort = () => stop('the query was cancelled');
    const timer = setTimeout(() => stop(`the query took longer than ${time / 1000} s; narrow it down`), time);
    signal?.addEventListener('abort', abort, { once: true });
    const ended = interruptedAtExit(connection);
    try {
      return await ask(connection, text, limit);
    } catch (error) {
      if (why !== undefined) throw new StoreError('cancelled', why, { cause: error });
      if (error instanceof StoreError) throw error;
      throw new StoreError('query', oneLine(error), { cause: error });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      ended();
      connection.closeSync();
    }
  } finally {
    instance.closeSync();
  }
}

async function ask(connection: DuckDBConnection, text: string, limit: number): Promise<SqlAnswer> {
  // Some pragmas become a SELECT while they are parsed: they are told by how they begin.
  if (!/^(\s|\(|--[^\n]*\n|\/\*[^*]*\*\/)*(select|with|from|values)\b/i.test(text)) {
    throw new StoreError('query', 'only SELECT is allowed here');
  }
  const statements = await connection.extractStatements(text);
  if (statements.count !== 1) throw new StoreError('query', 'write exactly one statement');
  const statement = await statements.prepare(0);
  if (statement.statementType !== StatementType.SELECT) {
    throw new StoreError('query', 'only SELECT is allowed here');
  }
  const result = await statement.stream();
  const columns = result.deduplicatedColumnNames();
  const rows: (string | number | boolean | null)[][] = [];
  let bytes = 0;
  for await (const some of result.yieldRowsJson()) {
    for (const row of some) {
      if (rows.length === limit) return { columns, rows, truncated: true };
      const plain = row.map((value) =>
        value !== null && typeof value === 'object' ? JSON.stringify(value) : value,
      );
      bytes += plain.reduce<number>((sum, value) => sum + (typeof value === 'string' ? value.length : 8), 0);
      if (bytes > maxBytes)
        throw new StoreError('query', 'the answer is too large; select fewer columns or rows');
      rows.push(plain);
    }
  }
  return { columns, rows, truncated: false };
}

/** All columns that events can have, whichever the files have; times as timestamps. */
function view(folder: string, files: readonly ParquetFile[]): string {
  const there = columnsOf(files);
  const optional = [...columnTypes, ['odd', 'text'] as const, ['rest', 'text'] as const].map(
    ([name, type]) =>
      there.has(name)
        ? identifier(name)
        : `cast(null as ${type === 'text' ? 'varchar' : 'bigint'}) as ${identifier(name)}`,
  );
  if (files.length === 0) {
    return `select '' as id, to_timestamp(0) as time, to_timestamp(0) as received, '' as source, '' as dataset,
      ${optional.join(', ')}, '' as raw where false`;
  }
  return `select ${idText(there)} as id, to_timestamp(time / 1000) as time, to_timestamp(received / 1000) as received,
    source, dataset, ${optional.join(', ')}, raw from ${parquetRows(folder, files)}`;
}

/** DuckDB's message without its stack of hints, and without the paths of this machine. */
function oneLine(error: unknown): string {
  const message = error instanceof Error ? error.message : 'the query failed';
  return message
    .split('\n')[0]!
    .replace(/"?\/[^\s"]*"?/g, '(a file)')
    .slice(0, 300);
}
