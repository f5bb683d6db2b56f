import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { tellEnd } from '../thread/end.ts';
import { type Answer, carryOut, type Task, type ThreadParts } from './converter.ts';
import { giveKey } from './parquet.ts';
import { askedRows, teachRows } from './row-table.ts';
import { makeSeal, type Place } from './seal.ts';

/** The thread that converts: one request after the other. */
tellEnd();
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

let current: DuckDBConnection | undefined;
let last: Promise<unknown> = Promise.resolve();
let closing = false;

port.on('message', async (message: Task | 'close') => {
  if (message === 'close') {
    if (closing) return;
    closing = true;
    await givenUp(last);
    instance.closeSync();
    port.close();
    return;
  }
  const answered = answer(message);
  last = answered;
  port.postMessage(await answered);
});

/** Resolves once the work has ended, each of whose queries is interrupted. */
async function givenUp(work: Promise<unknown>): Promise<void> {
  const timer = setInterval(() => current?.interrupt(), 2);
  await work;
  clearInterval(timer);
}

async function answer(task: Task): Promise<Answer> {
  const connection = await instance.connect();
  current = connection;
  try {
    return { done: await carryOut(connection, place, task, askedRows) };
  } catch (error) {
    const { code = 'unknown', message = 'the conversion failed' } = error as NodeJS.ErrnoException;
    return { failed: { code, message } };
  } finally {
    current = undefined;
    connection.closeSync();
  }
}
