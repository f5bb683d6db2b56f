import type { DuckDBConnection } from '@duckdb/node-api';
import { StoreError } from '../error.ts';
import type { ParquetFile } from './manifest.ts';
import { columnsOf, optionalColumns, parquetRows, writeParquet } from './parquet.ts';

/** For files that are written again, by a merge or when old events go. */
export const rewriteLevel = 6;

/** Merges small files of one day and dataset into one. The old ones stay until the manifest no longer names them. */
export async function mergeFiles(
  connection: DuckDBConnection,
  folder: string,
  files: readonly ParquetFile[],
  number: number,
): Promise<ParquetFile> {
  const { day, dataset } = files[0]!;
  const found = columnsOf(files);
  const columns = optionalColumns.filter((name) => found.has(name));
  const rows = `(select * from ${parquetRows(folder, files)} order by time, id)`;
  const merged = await writeParquet(connection, folder, rows, {
    day,
    dataset,
    number,
    columns,
    level: rewriteLevel,
  });
  const expected = files.reduce((sum, { rows }) => sum + rows, 0);
  if (merged.rows !== expected) {
    throw new StoreError(
      'damaged',
      `Parquet files of ${day} hold other events than were written; they are kept as they are`,
    );
  }
  return merged;
}
