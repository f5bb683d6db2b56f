import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { ShellError } from '../../error.ts';
import type { Parcel } from './documents.ts';

const Answer = z.object({ kept: z.number(), refused: z.array(z.object({ reason: z.string() })) });

/** What became of lines: kept by the collector, or refused by it for good. */
export interface Sent {
  readonly kept: number;
  readonly refused: number;
}

/**
 * Sends parcels and resolves once they are taken. `again`: some of them may have been taken already, in an earlier run.
 */
export type Send = (parcels: readonly Parcel[], again?: { readonly since: number }) => Promise<Sent>;

const Known = z.object({ known: z.array(z.string()) });
const mostPause = 30_000;

/**
 * Sends documents to a collector's `/events` and resolves once they are durable there. A collector that is away or full
 * is tried again, with growing pauses, until it takes them; what it refuses for good is counted.
 *
 * INVARIANT: nothing comes twice. Where the collector may have kept a batch without our hearing of it, it is asked by
 * `event.id` what it has before the rest is sent.
 *
 * @throws ShellError `forbidden` where the token is not good
 */
export function createSender(options: {
  readonly url: string;
  readonly token?: string | undefined;
  /** Told when sending must wait, with the reason. */
  readonly onWait?: (reason: string) => void;
  readonly signal: AbortSignal;
}): Send {
  const { url, token, signal } = options;
  const authorization: Record<string, string> =
    token === undefined ? {} : { authorization: `Bearer ${token}` };
  const headers = {
    'content-type': 'application/x-ndjson',
    'content-encoding': 'gzip',
    ...authorization,
  };
  /** Settles when nobody asks what is kept. */
  let asking: Promise<unknown> = Promise.resolve();
  return send;

  /** A shipper of many files that comes back asks about each; all at once, none would hear its answer in time. */
  function inTurn<Result>(ask: () => Promise<Result>): Promise<Result> {
    const turn = asking.then(ask);
    asking = turn.catch(() => {});
    return turn;
  }

  async function send(parcels: readonly Parcel[], again?: { readonly since: number }): Promise<Sent> {
    if (parcels.length === 0) return { kept: 0, refused: 0 };
    let doubtful = again;
    const began = Date.now();
    let left = parcels;
    for (let pause = 250; ; pause = Math.min(pause * 2, mostPause)) {
      signal.throwIfAborted();
      let why: string;
      let least = 0;
      try {
        if (doubtful !== undefined) {
          const { since } = doubtful;
          const asked = left;
          left = await inTurn(() => without(asked, since));
          doubtful = undefined;
        }
        const known = parcels.length - left.length;
        if (left.length === 0) return { kept: known, refused: 0 };
        const body = gzipSync(left.map(({ fields }) => `${JSON.stringify(fields)}\n`).join(''), { level: 1 });
        const within = AbortSignal.any([signal, AbortSignal.timeout(60_000)]);
        const response = await fetch(url, { method: 'POST', headers, body, signal: within });
        const { status } = response;
        if (status === 200 || status === 400) {
          const answer = Answer.safeParse(await response.json());
          if (answer.success) return { kept: known + answer.data.kept, refused: answer.data.refused.length };
          throw new ShellError('usage', `\`${url}\` is no collector of events`);
        }
        await response.body?.cancel();
        if (status === 413) {
          const { kept, refused } = await halves(left);
          return { kept: known + kept, refused };
        }
        if (status === 401 || status === 403)
          throw new ShellError(
            'forbidden',
            `\`${url}\` answers ${status}; a token with the scope \`ingest-events\` is needed`,
          );
        if (status === 404) throw new ShellError('usage', `there is no collector at \`${url}\``);
        // A collector that is going down may have kept some of it; one that is full says so before it reads.
        if (status >= 500 && status !== 503) doubtful = { since: began };
        why = `the collector answers ${status}`;
        least = Number(response.headers.get('retry-after') ?? 0) * 1000;
      } catch (error) {
        if (error instanceof ShellError || signal.aborted) throw error;
        const { code } = ((error as Error).cause ?? {}) as { code?: string };
        doubtful = { since: began };
        why = `the collector does not answer${code === undefined ? '' : ` (${code})`}`;
      }
      options.onWait?.(why);
      // Spread out, so that a hundred shippers do not come back in the same second.
      await delay(Math.max(least, pause) * (0.5 + Math.random()), undefined, { signal });
    }
  }

  /** Those that the collector does not have yet. */
  async function without(parcels: readonly Parcel[], since: number): Promise<readonly Parcel[]> {
    const missing: Parcel[] = [];
    for (let at = 0; at < parcels.length; at += 2000) {
      const some = parcels.slice(at, at + 2000);
      const response = await fetch(`${url}/known`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...authorization },
        // The clocks of two machines differ by some minutes at worst.
        body: JSON.stringify({ ids: some.map(({ id }) => id), since: Math.max(0, since - 600_000) }),
        signal: AbortSignal.any([signal, AbortSignal.timeout(60_000)]),
      });
      const answer = Known.safeParse(response.ok ? await response.json() : undefined);
      // A collector that does not know the question gets everything again: twice is better than never.
      if (!answer.success) {
        if (response.status >= 500) throw new Error(`the collector answers ${response.status}`);
        return parcels;
      }
      const known = new Set(answer.data.known);
      missing.push(...some.filter(({ id }) => !known.has(id)));
    }
    return missing;
  }

  async function halves(parcels: readonly Parcel[]): Promise<Sent> {
    if (parcels.length === 1) return { kept: 0, refused: 1 };
    const middle = parcels.length >> 1;
    const first = await send(parcels.slice(0, middle));
    const second = await send(parcels.slice(middle));
    return { kept: first.kept + second.kept, refused: first.refused + second.refused };
  }
}
