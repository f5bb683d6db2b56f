import type { Context } from 'hono';
import { streamSSE } from 'hono/streaming';
import type { ChangeLog } from './changes.ts';

/** How often, in milliseconds, a quiet stream says that it lives, and any stream's caller is looked at again. */
const beat = 15_000;

/**
 * Changes as server-sent events: the event's name is the change's type. A client that comes back with `Last-Event-ID`
 * gets what it missed. One that was away too long, or over a restart, gets `reset` first: it must forget what it
 * remembers of decisions. A slow reader holds nothing here but its place. `stillAllowed` is asked again
 * from time to time: a token that was revoked ends its stream.
 */
export function streamChanges(
  c: Context,
  changes: ChangeLog,
  stillAllowed: () => Promise<boolean>,
): Response {
  c.header('x-accel-buffering', 'no');
  const last = c.req.header('last-event-id');
  return streamSSE(c, async (stream) => {
    let place = changes.newest;
    let wake: () => void = () => {};
    const unsubscribe = changes.subscribe(() => wake());
    stream.onAbort(() => {
      unsubscribe();
      wake();
    });
    const reset = () => {
      place = changes.newest;
      return stream.writeSSE({ event: 'reset', id: place, data: '{}' });
    };
    let checked = Date.now();
    try {
      if (last !== undefined && changes.after(last) === undefined) await reset();
      else {
        place = last ?? place;
        await stream.writeSSE({ event: 'hello', data: '{}', retry: 1000, ...(last ? {} : { id: place }) });
      }
      while (!stream.aborted && !stream.closed) {
        if (Date.now() - checked >= beat) {
          if (!(await stillAllowed())) break;
          checked = Date.now();
        }
        const missed = changes.after(place);
        if (missed === undefined) await reset();
        for (const { id, at, change } of missed ?? []) {
          const { type, ...rest } = change;
          await stream.writeSSE({ event: type, id, data: JSON.stringify({ at, ...rest }) });
          place = id;
        }
        if (changes.newest !== place) continue;
        const woken = await new Promise<boolean>((resolve) => {
          const timer = setTimeout(() => resolve(false), beat);
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
