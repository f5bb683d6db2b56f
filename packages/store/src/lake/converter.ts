import type { Worker } from 'node:worker_threads';
import type { DuckDBConnection } from '@duckdb/node-api';
import { StoreError } from '../error.ts';
import { startThread } from '../thread/start.ts';
import { type Converted, convertSegments } from './convert.ts';
import type { Duck } from './duck.ts';
import type { LakeLimits } from './limits.ts';
import type { LiveSegment } from './live.ts';
import type { ParquetFile } from './manifest.ts';
import { mergeFiles } from './merge.ts';
import type { RowTable } from './row-table.ts';
import type { Place } from './seal.ts';
import { stagedRows } from './staging.ts';

/** What the thread begins with. */
export interface ThreadParts {
  readonly folder: string;
  readonly memoryBytes: number;
  readonly secret: Uint8Array | undefined;
}

/** What is asked: to convert segments (their paths), or to merge files. `number` is the next file's. */
export type Task =
  | { readonly segments: readonly string[]; readonly expected: number; readonly number: number }
  | { readonly files: readonly ParquetFile[]; readonly number: number };

export type Answer =
  | { readonly done: Converted | ParquetFile }
  | { readonly failed: { readonly code: string; readonly message: string } };

/** Less than this is done sooner than a thread starts. */
const smallBytes = 1024 * 1024;

export function carryOut(
  connection: DuckDBConnection,
  place: Place,
  task: Task,
  rowTable: RowTable,
): Promise<Converted | ParquetFile> {
  return 'files' in task
    ? mergeFiles(connection, place, task.files, task.number)
    : convertSegments(connection, place, task.segments, task.expected, task.number, rowTable);
}

/**
 * Converts write-ahead segments and merges files: in a thread of its own with an engine of its own, so that what arrives meanwhile is
 * not held up; small ones where it is. INVARIANT: a conversion that fails, or whose thread ends, has changed nothing
 * that counts, and can be made again.
 */
export class Converter {
  readonly #duck: Duck;
  readonly #place: Place;
  readonly #secret: Uint8Array | undefined;
  readonly #limits: LakeLimits;
  #worker: Worker | undefined;

  constructor(duck: Duck, place: Place, secret: Uint8Array | undefined, limits: LakeLimits) {
    this.#duck = duck;
    this.#place = place;
    this.#secret = secret;
    this.#limits = limits;
  }

  async convert(live: readonly LiveSegment[], number: number): Promise<Converted> {
    const segments = live.map(({ path }) => path);
    const expected = live.reduce((sum, { events }) => sum + events, 0);
    const bytes = live.reduce((sum, segment) => sum + segment.bytes, 0);
    return (await this.#do({ segments, expected, number }, bytes)) as Converted;
  }

  async merge(files: readonly ParquetFile[], number: number): Promise<ParquetFile> {
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    return (await this.#do({ files, number }, bytes)) as ParquetFile;
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    if (worker === undefined) return;
    this.#worker = undefined;
    worker.ref();
    await new Promise<void>((resolve) => {
      worker.once('exit', () => resolve());
      worker.postMessage('close');
    });
  }

  #do(task: Task, bytes: number): Promise<Converted | ParquetFile> {
    return bytes < smallBytes
      ? this.#duck.work((connection) => carryOut(connection, this.#place, task, stagedRows(connection)))
      : this.#inThread(task);
  }

  #inThread(task: Task): Promise<Converted | ParquetFile> {
    const worker = this.#worker ?? this.#start();
    return new Promise((resolve, reject) => {
      const end = () => {
        worker.off('message', answered);
        worker.off('error', failed);
        worker.off('exit', failed);
        // An idle lake must not keep a program from ending.
        worker.unref();
      };
      const answered = (answer: Answer) => {
        end();
        if ('done' in answer) resolve(answer.done);
        else if (answer.failed.code === 'damaged') reject(new StoreError('damaged', answer.failed.message));
        else reject(Object.assign(new Error(answer.failed.message), { code: answer.failed.code }));
      };
      const failed = (cause: unknown) => {
        end();
        this.#worker = undefined;
        reject(
          new StoreError('disk-failed', 'the thread that converts events ended; it is started again', {
            cause,
          }),
        );
      };
      worker.on('message', answered);
      worker.on('error', failed);
      worker.on('exit', failed);
      worker.ref();
      worker.postMessage(task);
    });
  }

  #start(): Worker {
    const parts: ThreadParts = {
      folder: this.#place.folder,
      memoryBytes: this.#limits.convertBytes,
      secret: this.#secret,
    };
    this.#worker = startThread(new URL('./convert-thread.ts', import.meta.url), parts);
    return this.#worker;
  }
}
