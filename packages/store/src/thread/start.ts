import type { Worker } from 'node:worker_threads';
import { startThread as start } from '@kydai/contracts/thread';
import type { Ending } from './end.ts';

/** How long, in milliseconds, an ending process waits for its threads: a sync of a slow disk, no more. */
const patience = 10_000;
/** The threads that run, and where each tells that it has ended. */
const running = new Map<Worker, Int32Array>();
let prepared = false;

/**
 * Starts a thread of this package. Its module calls `tellEnd`, and on the message `close` gives up what it does and
 * closes its port.
 *
 * INVARIANT: no thread is within native code when the process ends. Node tears a thread down wherever it is, and where
 * the engine calls back into it then, the process aborts: so whatever ends the process in an orderly way (its last
 * work, `process.exit`, an error that nobody caught) first tells each thread to close, and waits until it has.
 */
export function startThread(module: URL, parts: object): Worker {
  if (!prepared) {
    prepared = true;
    process.on('exit', closeAll);
  }
  const ended = new Int32Array(new SharedArrayBuffer(4));
  const thread = start(module, { ...parts, ended } satisfies Ending);
  running.set(thread, ended);
  thread.once('exit', () => running.delete(thread));
  return thread;
}

/** Node reads no more messages of its threads by now: they tell by memory that they have ended. */
function closeAll(): void {
  for (const thread of running.keys()) thread.postMessage('close');
  const until = performance.now() + patience;
  for (const ended of running.values()) Atomics.wait(ended, 0, 0, Math.max(0, until - performance.now()));
}
