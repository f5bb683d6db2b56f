import { rm, stat } from 'node:fs/promises';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { Event } from '@kydai/contracts';
import { identifier, literal } from '../filter/columns.ts';
import { Chunks, type Shape, shapeOf } from '../lake/chunks.ts';
import { diskError } from '../lake/disk.ts';
import { encodeFrame } from '../lake/encode.ts';
import { frameShape } from '../lake/frame.ts';
import { everyRow, partition } from '../lake/partition.ts';
import { appendRows, createStaging } from '../lake/staging.ts';
import { TextMemory } from '../lake/text-memory.ts';

/**
 * Writes events as one Parquet file with the columns of docs/lake-layout.md, sorted by time. `path` must not exist;
 * beside it a scratch folder lies while it is made. Resolves to the file's size in bytes.
 */
export async function writeEventsParquet(
  path: string,
  batches: AsyncIterable<readonly Event[]>,
  options: { readonly onProgress?: (events: number) => void } = {},
): Promise<number> {
  try {
    const instance = await DuckDBInstance.create(':memory:', {
      threads: '2',
      memory_limit: '256MB',
      temp_directory: `${path}.tmp`,
    });
    try {
      const connection = await instance.connect();
      const shape = shapeOf(new Uint8Array(256).fill(1), true);
      await createStaging(connection, shape);
      let done = 0;
      for await (const events of batches) {
        await stageEvents(connection, shape, events);
        done += events.length;
        options.onProgress?.(done);
      }
      const columns = await filled(connection, shape);
      await connection.run(`copy (select ${columns.map(identifier).join(', ')} from staging order by time, id)
        to ${literal(path)} (format parquet, compression zstd, compression_level 3, parquet_version v2)`);
      connection.closeSync();
    } finally {
      instance.closeSync();
    }
    return (await stat(path)).size;
  } catch (error) {
    await rm(path, { force: true });
    throw diskError(error);
  } finally {
    await rm(`${path}.tmp`, { force: true, recursive: true });
  }
}

async function stageEvents(
  connection: DuckDBConnection,
  shape: Shape,
  events: readonly Event[],
): Promise<void> {
  const content = encodeFrame(events);
  const rows = partition([{ content, frames: [{ ...frameShape(content), start: 0, end: content.length }] }]);
  const memory = new TextMemory([content]);
  try {
    await appendRows(connection, new Chunks(shape, rows, everyRow(rows), memory));
  } finally {
    memory.release();
  }
}

/** The columns that every file has, and those in which some row has a value. */
async function filled(connection: DuckDBConnection, { columns, all }: Shape): Promise<readonly string[]> {
  const counts = columns.map((name) => `count(${identifier(name)}) as ${identifier(name)}`).join(', ');
  const [found] = (await connection.runAndReadAll(`select ${counts} from staging`)).getRowObjectsJS();
  return all.filter((name) => !columns.includes(name) || Number(found![name]) > 0);
}
