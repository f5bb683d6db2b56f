import type { DuckDBConnection } from '@duckdb/node-api';
import { StoreError } from '../error.ts';
import type { ParquetFile } from './manifest.ts';
import { columnsOf, optionalColumns, parquetRows, writeParquet } from './parquet.ts';
import type { Place } from './seal.ts';

/** For all files: higher ones cost more and save next to nothing. */
export const level = 1;
/** By how much, in milliseconds, files may overlap and still be put one behind the other. */
const tolerance = 5 * 60_000;

/**
 * Merges small files of one day and dataset into one, without sorting them anew where they follow each other in time. The
 * old ones stay until the manifest no longer names them.
 */
export async function mergeFiles(
  connection: DuckDBConnection,
  { folder, seal }: Place,
  files: readonly ParquetFile[],
  number: number,
): Promise<ParquetFile> {
  const { day, dataset } = files[0]!;
  const found = columnsOf(files);
  const columns = optionalColumns.filter((name) => found.has(name));
  const inOrder = [...files].sort((a, b) => a.minTime - b.minTime || a.maxTime - b.maxTime);
  const apart = inOrder.every((file, at) => at === 0 || file.minTime >= inOrder[at - 1]!.maxTime - tolerance);
  const sort = apart ? '' : 'order by time, id';
  const rows = `(select * from ${parquetRows(folder, inOrder)} ${sort})`;
  const merged = await writeParquet(connection, folder, rows, {
    day,
    dataset,
    number,
    columns,
    level,
    encrypted: seal !== undefined,
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
