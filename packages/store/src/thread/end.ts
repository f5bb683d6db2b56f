import { workerData } from 'node:worker_threads';

/** What every thread is given beside its own parts: where it tells that it has ended. */
export interface Ending {
  readonly ended: Int32Array;
}

/** To be called by a thread before all else: tells who waits for it when it has left all native work. */
export function tellEnd(): void {
  const { ended } = workerData as Ending;
  process.once('exit', () => {
    Atomics.store(ended, 0, 1);
    Atomics.notify(ended, 0);
  });
}
