import type { DuckDBConnection } from '@duckdb/node-api';
import { StoreError } from '../error.ts';
import { literal } from '../filter/columns.ts';
import type { ParquetFile } from './manifest.ts';
import { filingDay, parquetRows, segmentRows, writeParquet } from './parquet.ts';

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
  await connection.run(
    `create or replace temp table staging as select *, ${filingDay} as day from ${segmentRows(segments)}`,
  );
  try {
    const groups = (
      await connection.runAndReadAll(
        'select day, dataset, count(*) as n from staging group by all order by n desc, day, dataset',
      )
    ).getRowObjectsJS();
    const found = groups.reduce((sum, group) => sum + Number(group['n']), 0);
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
      `(day = ${literal(String(group['day']))} and dataset = ${literal(String(group['dataset']))})`;
    for (const group of alone) {
      const rows = `(select * from staging where ${same(group)})`;
      const file = { day: String(group['day']), dataset: String(group['dataset']), number: number++ };
      files.push((await writeParquet(connection, folder, rows, file))!);
    }
    if (groups.length > alone.length) {
      const rows = `(select * from staging where not (${alone.map(same).join(' or ')}))`;
      const day = groups
        .slice(alone.length)
        .map((group) => String(group['day']))
        .sort()[0]!;
      files.push((await writeParquet(connection, folder, rows, { day, dataset: null, number: number++ }))!);
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
  const paths = files.map(({ path }) => `${folder}/${path}`);
  const { day, dataset } = files[0]!;
  const merged = await writeParquet(connection, folder, parquetRows(paths), { day, dataset, number });
  const expected = files.reduce((sum, { rows }) => sum + rows, 0);
  if (merged?.rows !== expected) {
    throw new StoreError(
      'damaged',
      `Parquet files of ${day} hold other events than were written; they are kept as they are`,
    );
  }
  return merged;
}
