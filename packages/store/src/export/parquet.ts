import { open, rm, stat } from 'node:fs/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import type { Event } from '@kydai/contracts';
import { columnTypes, identifier, literal } from '../filter/columns.ts';
import { diskError } from '../lake/disk.ts';
import { encodeLine } from '../lake/line.ts';
import { segmentRows } from '../lake/parquet.ts';

/**
 * Writes events as one Parquet file with the columns of docs/lake-layout.md, sorted by time. `path` must not exist;
 * beside it a scratch file lies while it is made. Resolves to the file's size in bytes.
 */
export async function writeEventsParquet(
  path: string,
  batches: AsyncIterable<readonly Event[]>,
  options: { readonly onProgress?: (events: number) => void } = {},
): Promise<number> {
  const scratch = `${path}.ndjson`;
  const used = new Set<string>();
  try {
    const handle = await open(scratch, 'wx', 0o600);
    try {
      let done = 0;
      for await (const events of batches) {
        let text = '';
        for (const event of events) {
          text += encodeLine(event);
          for (const [name] of event.fields.entries()) if (columnTypes.has(name)) used.add(name);
        }
        await handle.write(text);
        done += events.length;
        options.onProgress?.(done);
      }
      if (done === 0) await handle.write('\n');
    } finally {
      await handle.close();
    }
    const instance = await DuckDBInstance.create(':memory:', {
      threads: '2',
      memory_limit: '256MB',
      temp_directory: `${path}.tmp`,
    });
    try {
      const connection = await instance.connect();
      const columns = ['id', 'time', 'received', 'source', 'dataset', ...used, 'odd', 'rest', 'raw'];
      await connection.run(`copy (select ${columns.map(identifier).join(', ')} from ${segmentRows([scratch], used)} order by time, id)
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
    await rm(scratch, { force: true });
    await rm(`${path}.tmp`, { force: true, recursive: true });
  }
}
