import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { DuckDBInstance } from '@duckdb/node-api';
import { convertSegments } from './convert.ts';
import type { ConversionAnswer, ConversionRequest } from './converter.ts';

/** The thread that converts: one request after the other. */
const port = parentPort!;
const { folder, memoryBytes } = workerData as { readonly folder: string; readonly memoryBytes: number };
const instance = await DuckDBInstance.create(':memory:', {
  threads: '1',
  memory_limit: `${Math.floor(memoryBytes / 1e6)}MB`,
  temp_directory: join(folder, 'tmp', 'convert'),
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
});

port.on('message', async (message: ConversionRequest | 'close') => {
  if (message === 'close') {
    instance.closeSync();
    port.close();
    return;
  }
  const { segments, expected, nextFile } = message;
  port.postMessage(await answer(segments, expected, nextFile));
});

async function answer(
  segments: ConversionRequest['segments'],
  expected: number,
  nextFile: number,
): Promise<ConversionAnswer> {
  const connection = await instance.connect();
  try {
    return { done: await convertSegments(connection, folder, segments, expected, nextFile) };
  } catch (error) {
    const { code = 'unknown', message = 'the conversion failed' } = error as NodeJS.ErrnoException;
    return { failed: { code, message } };
  } finally {
    connection.closeSync();
  }
}
