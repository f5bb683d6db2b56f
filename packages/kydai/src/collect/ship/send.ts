import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { ShellError } from '../../error.ts';

const Answer = z.object({ kept: z.number(), refused: z.array(z.object({ reason: z.string() })) });

/** What became of lines: kept by the collector, or refused by it for good. */
export interface Sent {
  readonly kept: number;
  readonly refused: number;
}

const mostPause = 30_000;

/**
 * Sends documents to a collector's `/events` and resolves once they are durable there. A collector that is away or full
 * is tried again, with growing pauses, until it takes them; what it refuses for good is counted.
 *
 * @throws ShellError `forbidden` where the token is not good
 */
export function createSender(options: {
  readonly url: string;
  readonly token?: string | undefined;
  /** Told when sending must wait, with the reason. */
  readonly onWait?: (reason: string) => void;
  readonly signal: AbortSignal;
}): (documents: readonly string[]) => Promise<Sent> {
  const { url, token, signal } = options;
  const headers = {
    'content-type': 'application/x-ndjson',
    'content-encoding': 'gzip',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  return send;

  async function send(documents: readonly string[]): Promise<Sent> {
    if (documents.length === 0) return { kept: 0, refused: 0 };
    const body = gzipSync(`${documents.join('\n')}\n`, { level: 1 });
    for (let pause = 250; ; pause = Math.min(pause * 2, mostPause)) {
      signal.throwIfAborted();
      let why: string;
      let least = 0;
      try {
        const within = AbortSignal.any([signal, AbortSignal.timeout(60_000)]);
        const response = await fetch(url, { method: 'POST', headers, body, signal: within });
        const { status } = response;
        if (status === 200 || status === 400) {
          const answer = Answer.safeParse(await response.json());
          if (answer.success) return { kept: answer.data.kept, refused: answer.data.refused.length };
          throw new ShellError('usage', `\`${url}\` is no collector of events`);
        }
        await response.body?.cancel();
        if (status === 413) return await halves(documents);
        if (status === 401 || status === 403)
          throw new ShellError(
            'forbidden',
            `\`${url}\` answers ${status}; a token with the scope \`ingest-events\` is needed`,
          );
        if (status === 404) throw new ShellError('usage', `there is no collector at \`${url}\``);
        why = `the collector answers ${status}`;
        least = Number(response.headers.get('retry-after') ?? 0) * 1000;
      } catch (error) {
        if (error instanceof ShellError || signal.aborted) throw error;
        const { code } = ((error as Error).cause ?? {}) as { code?: string };
        why = `the collector does not answer${code === undefined ? '' : ` (${code})`}`;
      }
      options.onWait?.(why);
      // Spread out, so that a hundred shippers do not come back in the same second.
      await delay(Math.max(least, pause) * (0.5 + Math.random()), undefined, { signal });
    }
  }

  async function halves(documents: readonly string[]): Promise<Sent> {
    if (documents.length === 1) return { kept: 0, refused: 1 };
    const middle = documents.length >> 1;
    const first = await send(documents.slice(0, middle));
    const second = await send(documents.slice(middle));
    return { kept: first.kept + second.kept, refused: first.refused + second.refused };
  }
}
