import type { Worker } from 'node:worker_threads';
import { startThread } from '@kydai/contracts/thread';
import { judge } from './judge.ts';
import { type Claim, writeClaims } from './messages.ts';

interface Waiting {
  readonly claim: Claim;
  readonly resolve: (verdict: number) => void;
}

/** Enough to send in the middle of a turn: the thread is busy while this one reads the rest of what came. */
const worthSending = 16;

let waiting: Waiting[] = [];
let turn: NodeJS.Immediate | undefined;
let thread: Worker | undefined;
/** Sent and not yet answered, in the order of sending. */
const sent: (readonly Waiting[])[] = [];

/**
 * Checks a signature on a thread of its own, together with all others that are asked about in the same turn: the way to
 * the thread pool and back, one signature at a time, takes half as long as an ECDSA verification itself. Resolves to a
 * `Verdict`; never rejects. When the thread ends, what it had not answered is checked here.
 */
export function judgeAside(claim: Claim): Promise<number> {
  return new Promise((resolve) => {
    waiting.push({ claim, resolve });
    if (waiting.length >= worthSending) send();
    else turn ??= setImmediate(send);
  });
}

function send(): void {
  clearImmediate(turn);
  turn = undefined;
  if (waiting.length === 0) return;
  thread ??= start();
  const group = waiting;
  waiting = [];
  const claims = writeClaims(group.map(({ claim }) => claim));
  sent.push(group);
  thread.ref();
  thread.postMessage(claims, [claims]);
}

function start(): Worker {
  const started = startThread(new URL('./thread.ts', import.meta.url));
  started.on('message', (verdicts: Uint8Array) => {
    const group = sent.shift()!;
    // An idle thread must not keep a program from ending.
    if (sent.length === 0) started.unref();
    for (let at = 0; at < group.length; at++) group[at]!.resolve(verdicts[at]!);
  });
  const lost = (): void => {
    if (thread !== started) return;
    thread = undefined;
    for (const { claim, resolve } of sent.splice(0).flat()) resolve(judge(claim));
  };
  started.on('error', lost);
  started.on('exit', lost);
  return started;
}
