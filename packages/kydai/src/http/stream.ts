import type { Signal, Signals } from '@kydai/contracts';
import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';

/** Signals that one slow browser may be behind before it is told to read everything again. */
const backlogLimit = 500;
/** How often, in milliseconds, a quiet stream says that it lives, and any stream's session is looked at again. */
const checkEvery = 5000;

/**
 * Live signals as server-sent events: the event's name is the signal's type. A client that cannot keep up gets one
 * event `reset` in place of what it missed, and reads its pages again. Every few seconds `stillAllowed` is asked again: a
 * session that ended ends its stream.
 */
export function streamSignals(c: Context, signals: Signals, stillAllowed: () => Promise<boolean>): Response {
  c.header('x-accel-buffering', 'no');
  return streamSSE(c, async (stream) => {
    let backlog: (Signal | 'reset')[] = [];
    let wake: () => void = () => {};
    const unsubscribe = signals.subscribe((signal) => {
      backlog = backlog.length < backlogLimit ? [...backlog, signal] : ['reset'];
      wake();
    });
    stream.onAbort(() => {
      unsubscribe();
      wake();
    });
    await stream.writeSSE({ event: 'hello', data: '{}', retry: 2000 });
    let checked = Date.now();
    try {
      while (!stream.aborted && !stream.closed) {
        if (Date.now() - checked > checkEvery) {
          if (!(await stillAllowed())) break;
          checked = Date.now();
        }
        const batch = backlog;
        backlog = [];
        for (const signal of batch) {
          if (signal === 'reset') await stream.writeSSE({ event: 'reset', data: '{}' });
          else await stream.writeSSE({ event: signal.type, data: JSON.stringify(signal) });
        }
        if (backlog.length > 0) continue;
        const woken = await new Promise<boolean>((resolve) => {
          const timer = setTimeout(() => resolve(false), checkEvery);
          wake = () => {
            clearTimeout(timer);
            resolve(true);
          };
        });
        if (!woken) await stream.writeSSE({ event: 'beat', data: '{}' });
      }
    } finally {
      unsubscribe();
    }
  });
}
