import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Held } from './held.ts';
import { pushDelivery, type SsfStream } from './streams.ts';

export interface Pusher {
  /** Says that there may be something to push. */
  wake(stream: SsfStream): void;
  /** Why a stream's receiver does not take what is pushed; undefined while it does. */
  trouble(stream: string): string | undefined;
  close(): Promise<void>;
}

const shortest = 500;
const longest = 60_000;

/**
 * Delivers held SETs by HTTP POST (RFC 8935), one stream's in order. A receiver that is away, or that does not know our
 * key, our name or our credentials yet (section 2.4), is tried again, ever more slowly up to a minute and no earlier
 * than it asks for by `Retry-After`. A SET whose form it refuses is dropped, since it would be as bad the next time.
 */
export function createPusher(parts: {
  readonly held: Pick<Held, 'oldest' | 'forget'>;
  readonly log: Pick<Logger, 'warn' | 'error'>;
  readonly stream: (id: string) => SsfStream | undefined;
}): Pusher {
  const { held, log, stream: current } = parts;
  const running = new Map<string, Promise<void>>();
  const again = new Set<string>();
  const troubles = new Map<string, string>();
  const stopping = new AbortController();

  async function deliver(id: string): Promise<void> {
    let pause = shortest;
    while (!stopping.signal.aborted) {
      again.delete(id);
      const stream = current(id);
      if (stream?.status !== 'enabled' || stream.method !== pushDelivery) return;
      const [next] = await held.oldest(id, 1);
      if (next === undefined) return;
      const outcome = await push(stream, next.set, stopping.signal);
      if (outcome.kind === 'away') {
        if (!troubles.has(id))
          log.warn({ stream: id, why: outcome.why }, 'a receiver takes no security events');
        troubles.set(id, outcome.why);
        const wait = Math.max(pause * (0.75 + Math.random() / 2), outcome.notBefore ?? 0);
        await delay(Math.min(wait, longest), undefined, { signal: stopping.signal }).catch(() => {});
        pause = Math.min(pause * 2, longest);
        continue;
      }
      pause = shortest;
      troubles.delete(id);
      if (outcome.kind === 'bad')
        log.warn({ stream: id, jti: next.jti, why: outcome.why }, 'a receiver refused a security event');
      await held.forget(id, [next.jti]);
    }
  }

  const wake: Pusher['wake'] = (stream) => {
    const { id } = stream;
    if (stream.method !== pushDelivery || stopping.signal.aborted) return;
    again.add(id);
    if (running.has(id)) return;
    const run = deliver(id)
      .catch((error: unknown) => log.error({ err: error, stream: id }, 'pushing security events failed'))
      .finally(() => {
        running.delete(id);
        // Woken between the last look and here.
        if (again.has(id)) wake(stream);
      });
    running.set(id, run);
  };
  return {
    wake,
    trouble: (id) => troubles.get(id),
    async close() {
      stopping.abort();
      await Promise.all(running.values());
    },
  };
}

type Outcome =
  | { readonly kind: 'taken' }
  | { readonly kind: 'bad'; readonly why: string }
  | { readonly kind: 'away'; readonly why: string; readonly notBefore?: number };

/** RFC 8935 section 2.3. */
const ErrorBody = z.object({ err: z.string().max(100), description: z.string().optional() });
/** What a receiver may set right on its side without another SET. */
const settable = [
  'invalid_key',
  'invalid_issuer',
  'invalid_audience',
  'authentication_failed',
  'access_denied',
];

async function push(stream: SsfStream, set: string, stop: AbortSignal): Promise<Outcome> {
  try {
    const response = await fetch(stream.endpoint!, {
      method: 'POST',
      headers: {
        'content-type': 'application/secevent+jwt',
        accept: 'application/json',
        ...(stream.authorization === undefined ? {} : { authorization: stream.authorization }),
      },
      body: set,
      redirect: 'error',
      signal: AbortSignal.any([stop, AbortSignal.timeout(10_000)]),
    });
    const text = response.ok ? '' : await beginning(response);
    await response.body?.cancel().catch(() => {});
    if (response.ok) return { kind: 'taken' };
    const why = `status ${response.status}${text === '' ? '' : `: ${text}`}`;
    if (response.status === 400 && !settable.includes(text)) return { kind: 'bad', why };
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
    return { kind: 'away', why, ...(seconds > 0 ? { notBefore: seconds * 1000 } : {}) };
  } catch (error) {
    const cause = (error as { cause?: { code?: unknown } }).cause?.code;
    return { kind: 'away', why: typeof cause === 'string' ? cause : 'no answer' };
  }
}

/** The error code of an answer's body, if its beginning is one. */
async function beginning(response: Response): Promise<string> {
  let text = '';
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    if (text.length > 4096) return '';
  }
  try {
    return ErrorBody.parse(JSON.parse(text)).err;
  } catch {
    return '';
  }
}
