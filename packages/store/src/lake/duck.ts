import { type DuckDBConnection, DuckDBInstance, type DuckDBValue } from '@duckdb/node-api';
import type { QueryProgress } from '@kydai/contracts';
import { StoreError } from '../error.ts';
import { ipv6Macros } from '../filter/network.ts';
import type { SqlValue } from '../filter/sql.ts';
import { interruptedAtExit } from './at-exit.ts';
import type { LakeLimits } from './limits.ts';
import { giveKey } from './parquet.ts';
import type { StoredRow } from './row.ts';
import type { Seal } from './seal.ts';

export interface Asked {
  readonly sql: string;
  readonly values?: readonly SqlValue[];
}

/** Who waits for a query. */
export interface Watch {
  readonly signal?: AbortSignal | undefined;
  readonly progress?: QueryProgress | undefined;
}

/** The query engine, bounded in memory, threads, time and in how many queries run at once. */
export interface Duck {
  /** Runs one query. Rejects with `cancelled` when the signal ends it or it takes too long. */
  rows(asked: Asked, watch?: Watch): Promise<readonly StoredRow[]>;
  /** Runs a query on an engine of its own, in turn with the others. */
  alone<T>(query: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  /** Runs work on a connection of its own, beside the queries. */
  work<T>(run: (connection: DuckDBConnection) => Promise<T>): Promise<T>;
  /** Cancels what runs and refuses what waits. */
  close(): Promise<void>;
}

/** Starts the engine; `scratch` is where it may spill. */
export async function openDuck(scratch: string, limits: LakeLimits, seal?: Seal): Promise<Duck> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(limits.threads),
    memory_limit: `${Math.floor(limits.memoryBytes / 1e6)}MB`,
    temp_directory: scratch,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    preserve_insertion_order: 'false',
  });
  const setup = await instance.connect();
  for (const macro of ipv6Macros) await setup.run(macro);
  if (seal !== undefined) await giveKey(setup, seal);
  // The footers of Parquet files, which every query reads first. DuckDB fails on the cached ones of encrypted files.
  else await setup.run('set parquet_metadata_cache = true');
  setup.closeSync();

  const running = new Set<DuckDBConnection>();
  const waiting: (() => void)[] = [];
  let free = limits.queries;
  let closed = false;

  async function enter(signal: AbortSignal | undefined): Promise<void> {
    if (free > 0) {
      free--;
      return;
    }
    if (waiting.length >= 1_000)
      throw new StoreError('busy', 'too many queries wait already; try again later');
    await new Promise<void>((resolve, reject) => {
      const go = () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      };
      const stop = () => {
        const at = waiting.indexOf(go);
        if (at >= 0) waiting.splice(at, 1);
        reject(new StoreError('cancelled', 'the query was cancelled'));
      };
      signal?.addEventListener('abort', stop, { once: true });
      waiting.push(go);
    });
  }

  function leave(): void {
    const next = waiting.shift();
    if (next === undefined) free++;
    else next();
  }

  return {
    async rows({ sql, values = [] }, { signal, progress } = {}) {
      await enter(signal);
      try {
        if (closed) throw new StoreError('closed', 'the event store is closed');
        if (signal?.aborted) throw new StoreError('cancelled', 'the query was cancelled');
        const connection = await instance.connect();
        running.add(connection);
        const ended = interruptedAtExit(connection);
        let why: string | undefined;
        const stop = (reason: string) => {
          why = reason;
          connection.interrupt();
        };
        const abort = () => stop('the query was cancelled');
        const timer = setTimeout(
          () => stop(`the query took longer than ${limits.queryTime / 1000} s; narrow it down`),
          limits.queryTime,
        );
        signal?.addEventListener('abort', abort, { once: true });
        let telling: NodeJS.Timeout | undefined;
        try {
          if (progress !== undefined) {
            await connection.run('set enable_progress_bar = true');
            await connection.run('set enable_progress_bar_print = false');
            telling = setInterval(() => progress(shareOf(connection)), 250);
          }
          const reader = await connection.runAndReadAll(sql, values as DuckDBValue[]);
          return reader.getRowObjectsJS() as StoredRow[];
        } catch (error) {
          if (why !== undefined) throw new StoreError('cancelled', why, { cause: error });
          if (closed) throw new StoreError('closed', 'the event store was closed', { cause: error });
          throw engineError(error);
        } finally {
          clearTimeout(timer);
          clearInterval(telling);
          signal?.removeEventListener('abort', abort);
          running.delete(connection);
          ended();
          connection.closeSync();
        }
      } finally {
        leave();
      }
    },

    async alone(query, signal) {
      await enter(signal);
      try {
        return await query();
      } finally {
        leave();
      }
    },

    async work(run) {
      const connection = await instance.connect();
      try {
        return await run(connection);
      } finally {
        connection.closeSync();
      }
    },

    async close() {
      closed = true;
      for (const go of waiting.splice(0)) go();
      for (const connection of running) connection.interrupt();
      while (running.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
      instance.closeSync();
    },
  };
}

/** How far the engine believes to be, from 0 to 1. */
function shareOf({ progress }: DuckDBConnection): number {
  return Math.min(1, Math.max(0, progress.percentage / 100));
}

function engineError(error: unknown): unknown {
  const message = error instanceof Error ? error.message : '';
  if (message.startsWith('Out of Memory')) {
    return new StoreError('query', 'the query needs more memory than it may use; narrow it down', {
      cause: error,
    });
  }
  return error;
}
