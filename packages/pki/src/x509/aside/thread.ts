import { parentPort } from 'node:worker_threads';
import { judge } from './judge.ts';
import { readClaims } from './messages.ts';

/** The thread that checks signatures: answers each message of claims with a verdict for each, in order. */
const port = parentPort!;
port.on('message', (claims: ArrayBuffer) => {
  port.postMessage(Uint8Array.from(readClaims(claims), judge));
});
