import type { DuckDBConnection } from '@duckdb/node-api';
import { StoreError } from '../error.ts';
import { columnTypes, identifier, literal } from '../filter/columns.ts';
import { usedColumns } from './line.ts';
import type { ParquetFile } from './manifest.ts';
import { columnsOf, filingDay, optionalColumns, parquetRows, segmentRows, writeParquet } from './parquet.ts';

const quick = 1;
/** For files that are written again, by a merge or when old events go. */
export const rewriteLevel = 6;

/** Partitions of one conversion that get a file of their own; the rest share one, so that nobody can make thousands. */
const maxPartitions = 64;

export interface Converted {
  readonly files: readonly ParquetFile[];
  readonly nextFile: number;
}

/**
 * Turns write-ahead segments into Parquet files, one for each day and dataset. The files are durable afterwards, but
 * count only once the manifest names them. Rejects with `damaged` when the segments do not hold `expected` events.
 */
export async function convertSegments(
  connection: DuckDBConnection,
  folder: string,
  segments: readonly string[],
  expected: number,
  nextFile: number,
): Promise<Converted> {
  const used = usedColumns();
  const columns = optionalColumns.filter((name) => used.has(name) || !columnTypes.has(name));
  const rows = segmentRows(segments, used);
  await connection.run(`create or replace temp table staging as select *, ${filingDay} as day from ${rows}`);
  try {
    const counts = columns.map((name) => `count(${identifier(name)}) as ${identifier(name)}`).join(', ');
    const groups = (
      await connection.runAndReadAll(
        `select day as part_day, dataset as part_dataset, count(*) as part_rows, ${counts} from staging
         group by day, dataset order by part_rows desc, day, dataset`,
      )
    ).getRowObjectsJS();
    const filled = (some: readonly Record<string, unknown>[]) =>
      columns.filter((name) => some.some((group) => Number(group[name]) > 0));
    const found = groups.reduce((sum, group) => sum + Number(group['part_rows']), 0);
    if (found !== expected) {
      throw new StoreError(
        'damaged',
        `write-ahead segments hold ${found} events where ${expected} were written; they are kept as they are`,
      );
    }
    const files: ParquetFile[] = [];
    let number = nextFile;
    const alone = groups.slice(0, groups.length > maxPartitions ? maxPartitions - 1 : maxPartitions);
    const same = (group: Record<string, unknown>) =>
      `(day = ${literal(String(group['part_day']))} and dataset = ${literal(String(group['part_dataset']))})`;
    for (const group of alone) {
      const rows = `(select * from staging where ${same(group)})`;
      const file = {
        day: String(group['part_day']),
        dataset: String(group['part_dataset']),
        number: number++,
      };
      files.push(
        await writeParquet(connection, folder, rows, { ...file, columns: filled([group]), level: quick }),
      );
    }
    if (groups.length > alone.length) {
      const rows = `(select * from staging where not (${alone.map(same).join(' or ')}))`;
      const others = groups.slice(alone.length);
      const day = others.map((group) => String(group['part_day'])).sort()[0]!;
      const file = { day, dataset: null, number: number++ };
      files.push(
        await writeParquet(connection, folder, rows, { ...file, columns: filled(others), level: quick }),
      );
    }
    return { files, nextFile: number };
  } finally {
    await connection.run('drop table if exists staging');
  }
}

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
  const rows = parquetRows(folder, files);
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
