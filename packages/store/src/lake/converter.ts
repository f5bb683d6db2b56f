import { Worker } from 'node:worker_threads';
import { StoreError } from '../error.ts';
import { type Converted, convertSegments, type SealedSegment } from './convert.ts';
import type { Duck } from './duck.ts';
import type { LakeLimits } from './limits.ts';
import type { LiveSegment } from './live.ts';

/** What the thread is asked. */
export interface ConversionRequest {
  readonly segments: readonly SealedSegment[];
  readonly expected: number;
  readonly nextFile: number;
}

export type ConversionAnswer =
  | { readonly done: Converted }
  | { readonly failed: { readonly code: string; readonly message: string } };

/** Less than this is converted sooner than a thread starts. */
const smallBytes = 1024 * 1024;

/**
 * Converts write-ahead segments: in a thread of its own with an engine of its own, so that what arrives meanwhile is
 * not held up; small ones where it is. INVARIANT: a conversion that fails, or whose thread ends, has changed nothing
 * that counts, and can be made again.
 */
export class Converter {
  readonly #duck: Duck;
  readonly #folder: string;
  readonly #limits: LakeLimits;
  #worker: Worker | undefined;

  constructor(duck: Duck, folder: string, limits: LakeLimits) {
    this.#duck = duck;
    this.#folder = folder;
    this.#limits = limits;
  }

  async convert(live: readonly LiveSegment[], nextFile: number): Promise<Converted> {
    const segments = live.map(({ path, marker }) => ({ path, marker: Uint8Array.from(marker) }));
    const expected = live.reduce((sum, { events }) => sum + events, 0);
    const bytes = live.reduce((sum, segment) => sum + segment.bytes, 0);
    if (bytes < smallBytes)
      return this.#duck.work((connection) =>
        convertSegments(connection, this.#folder, segments, expected, nextFile),
      );
    return this.#inThread({ segments, expected, nextFile });
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

  #inThread(request: ConversionRequest): Promise<Converted> {
    const worker = this.#worker ?? this.#start();
    return new Promise((resolve, reject) => {
      const end = () => {
        worker.off('message', answered);
        worker.off('error', failed);
        worker.off('exit', failed);
        // An idle lake must not keep a program from ending.
        worker.unref();
      };
      const answered = (answer: ConversionAnswer) => {
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
      worker.postMessage(request);
    });
  }

  #start(): Worker {
    // Flags of the main thread (a test runner's loaders) are not the thread's business.
    const started = new Worker(new URL('./convert-thread.ts', import.meta.url), {
      workerData: { folder: this.#folder, memoryBytes: this.#limits.convertBytes },
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    this.#worker = started;
    return started;
  }
}
