import { setTimeout as delay } from 'node:timers/promises';
import type { RecordStore } from '@kydai/contracts';
import type { Logger } from 'pino';
import { pushDelivery, type SsfStream, ssfHeldSets } from './streams.ts';

export interface Pusher {
  /** Says that there may be something to push. */
  wake(stream: SsfStream): void;
  close(): Promise<void>;
}

const shortest = 500;
const longest = 60_000;

/**
 * Delivers held SETs by HTTP POST (RFC 8935), one stream's in order. A receiver that is away is tried again, ever more
 * slowly up to a minute; a SET that it calls bad (400) is dropped, since it would be as bad the next time.
 */
export function createPusher(parts: {
  readonly records: RecordStore;
  readonly log: Logger;
  readonly stream: (id: string) => SsfStream | undefined;
  readonly forget: (stream: string, jtis: readonly string[]) => Promise<void>;
}): Pusher {
  const { records, log, stream: current, forget } = parts;
  const running = new Map<string, Promise<void>>();
  const again = new Set<string>();
  const stopping = new AbortController();

  async function deliver(id: string): Promise<void> {
    let pause = shortest;
    while (!stopping.signal.aborted) {
      again.delete(id);
      const stream = current(id);
      if (stream?.status !== 'enabled' || stream.method !== pushDelivery) return;
      const [held] = (await records.find(ssfHeldSets, { where: { stream: id }, limit: 1 })).records;
      if (held === undefined) return;
      const outcome = await push(stream, held.value.set, stopping.signal);
      if (outcome === 'away') {
        await delay(pause, undefined, { signal: stopping.signal }).catch(() => {});
        pause = Math.min(pause * 2, longest);
        continue;
      }
      pause = shortest;
      if (outcome === 'bad')
        log.warn({ stream: id, jti: held.value.jti }, 'a receiver refused a security event');
      await forget(id, [held.value.jti]);
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
    async close() {
      stopping.abort();
      await Promise.all(running.values());
    },
  };
}

async function push(stream: SsfStream, set: string, stop: AbortSignal): Promise<'taken' | 'bad' | 'away'> {
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
    await response.body?.cancel();
    if (response.ok) return 'taken';
    return response.status === 400 ? 'bad' : 'away';
  } catch {
    return 'away';
  }
}
