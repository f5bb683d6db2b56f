import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { DuckDBInstance } from '@duckdb/node-api';
import { type Answer, carryOut, type Task, type ThreadParts } from './converter.ts';
import { giveKey } from './parquet.ts';
import { askedRows, teachRows } from './row-table.ts';
import { makeSeal, type Place } from './seal.ts';

/** The thread that converts: one request after the other. */
const port = parentPort!;
const { folder, memoryBytes, secret } = workerData as ThreadParts;
const place: Place = { folder, seal: secret && makeSeal(secret) };
const instance = await DuckDBInstance.create(':memory:', {
  threads: '1',
  memory_limit: `${Math.floor(memoryBytes / 1e6)}MB`,
  temp_directory: join(folder, 'tmp', 'convert'),
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
});

const setup = await instance.connect();
teachRows(setup);
if (place.seal !== undefined) await giveKey(setup, place.seal);
setup.closeSync();

port.on('message', async (message: Task | 'close') => {
  if (message === 'close') {
    instance.closeSync();
    port.close();
    return;
  }
  port.postMessage(await answer(message));
});

async function answer(task: Task): Promise<Answer> {
  const connection = await instance.connect();
  try {
    return { done: await carryOut(connection, place, task, askedRows) };
  } catch (error) {
    const { code = 'unknown', message = 'the conversion failed' } = error as NodeJS.ErrnoException;
    return { failed: { code, message } };
  } finally {
    connection.closeSync();
  }
}
