import type { Worker } from 'node:worker_threads';
import { StoreError } from '../error.ts';
import { startThread } from '../thread/start.ts';
import type { Batch, Outcome } from './commit.ts';
import type { Engine } from './engine.ts';
import { openSqlite } from './sqlite.ts';
import { failureOf, GroupWriter, type OutcomeMessage, outcomeOf } from './worker-messages.ts';

interface Pending {
  readonly batches: readonly Batch[];
  readonly resolve: (outcomes: readonly Outcome[]) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * SQLite with a thread of its own for commits: the sync to disk, which takes longer than all else, no longer holds up
 * the thread that answers requests. Reads, migrations and the statements of the audit log stay on a second connection
 * here; under WAL they see what was committed before they began.
 *
 * INVARIANT: a group's outcome is told only after its transaction is on disk. When the thread ends, the groups that it
 * had not answered are rejected as `disk-failed` (whether they are on disk is seen by reading), and the next group
 * starts another thread.
 */
export function openSqliteWithThread(file: string): Engine {
  const here = openSqlite(file);
  const pending = new Map<number, Pending>();
  let worker: { readonly thread: Worker; readonly writer: GroupWriter } | undefined;
  let nextId = 1;
  let closed = false;

  function start(): NonNullable<typeof worker> {
    const started = startThread(new URL('./worker-thread.ts', import.meta.url), { file });
    started.on('message', (message: OutcomeMessage) => {
      const waiting = pending.get(message.id);
      pending.delete(message.id);
      // An idle store must not keep a program from ending.
      if (pending.size === 0) started.unref();
      if ('failed' in message) waiting?.reject(failureOf(message.failed));
      else waiting?.resolve(waiting.batches.map((batch, at) => outcomeOf(batch, message.conflicts[at]!)));
    });
    started.on('error', lost);
    started.on('exit', () => lost());
    function lost(cause?: unknown): void {
      if (worker?.thread === started) worker = undefined;
      const failure = new StoreError(
        'disk-failed',
        'the thread that writes records ended; read again, then retry',
        {
          cause,
        },
      );
      for (const { reject } of pending.values()) reject(failure);
      pending.clear();
    }
    return { thread: started, writer: new GroupWriter() };
  }

  return {
    ...here,
    ahead: 8,
    apply(batches: readonly Batch[]) {
      if (closed) return Promise.reject(new StoreError('closed', 'the record store is closed'));
      worker ??= start();
      const { thread, writer } = worker;
      const message = writer.message(nextId++, batches);
      return new Promise((resolve, reject) => {
        pending.set(message.id, { batches, resolve, reject });
        thread.ref();
        thread.postMessage(message);
      });
    },
    async close() {
      closed = true;
      const ending = worker?.thread;
      if (ending !== undefined) {
        const ended = new Promise((resolve) => ending.once('exit', resolve));
        ending.ref();
        ending.postMessage('close');
        await ended;
      }
      await here.close();
    },
  };
}
