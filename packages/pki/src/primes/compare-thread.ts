import { parentPort, workerData } from 'node:worker_threads';
import { Comparison } from './comparison.ts';

const comparison = new Comparison(workerData as readonly Uint8Array[]);

parentPort!.on('message', (known: readonly Uint8Array[] | null) => {
  if (known === null) {
    parentPort!.postMessage(comparison.factors());
    return;
  }
  comparison.against(known);
  parentPort!.postMessage(null);
});
