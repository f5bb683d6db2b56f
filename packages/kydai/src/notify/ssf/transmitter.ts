import { type Clock, type RecordStore, uuidv7, type Write, write } from '@kydai/contracts';
import type { JWK } from 'jose';
import type { Logger } from 'pino';
import type { LoggedChange } from '../changes.ts';
import { type SecurityEvent, securityEvent, verificationEvent } from './caep.ts';
import { createPusher } from './push.ts';
import type { SetSigner } from './signer.ts';
import { type SsfStream, ssfHeldSets, ssfStreams } from './streams.ts';

export interface Transmitter {
  readonly jwks: { readonly keys: readonly JWK[] };
  /** Makes the change's event, signs it for each stream that wants it, and holds it durably until it is acknowledged. */
  take(logged: LoggedChange): void;
  streams(owner: string): readonly SsfStream[];
  /** A stream, for its owner alone. */
  stream(id: string, owner: string): SsfStream | undefined;
  put(stream: SsfStream, by: string, verb: 'create' | 'update'): Promise<void>;
  remove(stream: SsfStream, by: string): Promise<void>;
  /** Sends the verification event of SSF 1.0 section 8.1.4 over the stream. */
  verify(stream: SsfStream, state: string | undefined): Promise<void>;
  /** Forgets acknowledged SETs and gives the oldest others (RFC 8936), waiting up to `waitMs` for one. */
  poll(
    stream: SsfStream,
    request: { readonly ack: readonly string[]; readonly most: number; readonly waitMs: number },
  ): Promise<{ readonly sets: ReadonlyMap<string, string>; readonly more: boolean }>;
  close(): Promise<void>;
}

/** The most that is held for one stream. */
const mostHeld = 10_000;

export async function openTransmitter(parts: {
  readonly records: RecordStore;
  readonly signer: SetSigner;
  readonly clock: Clock;
  readonly log: Logger;
  readonly issuer: () => string;
  readonly mostHeld?: number;
}): Promise<Transmitter> {
  const { records, signer, clock, log, issuer } = parts;
  const limit = parts.mostHeld ?? mostHeld;
  const streams = new Map<string, SsfStream>();
  const counts = new Map<string, number>();
  const waiting = new Map<string, Set<() => void>>();
  const pusher = createPusher({ records, log, stream: (id) => streams.get(id), forget });

  for (const { value } of (await records.find(ssfStreams, { limit: 10_000 })).records) {
    streams.set(value.id, value);
    counts.set(value.id, await records.count(ssfHeldSets, { stream: value.id }));
    pusher.wake(value);
  }

  /** One after the other, so that SETs are held in the order of the changes. */
  let last: Promise<void> = Promise.resolve();
  const inOrder = (work: () => Promise<void>) => {
    last = last
      .then(work)
      .catch((error: unknown) => log.error({ err: error }, 'a security event was not held'));
    return last;
  };

  async function hold(targets: readonly SsfStream[], event: SecurityEvent, transaction?: string) {
    const writes: Write[] = [];
    for (const stream of targets) {
      const now = clock.now();
      const jti = uuidv7(now);
      const named = transaction === undefined ? {} : { transaction };
      const audience = audienceOf(stream);
      const set = await signer.sign({ issuer: issuer(), audience, jti, at: now, event, ...named });
      writes.push(write.insert(ssfHeldSets, { jti, stream: stream.id, set }));
      const held = counts.get(stream.id) ?? 0;
      if (held < limit) counts.set(stream.id, held + 1);
      else {
        const [oldest] = (await records.find(ssfHeldSets, { where: { stream: stream.id }, limit: 1 }))
          .records;
        const present = streams.get(stream.id) ?? stream;
        const after = { ...present, lost: present.lost + 1 };
        streams.set(stream.id, after);
        writes.push(write.put(ssfStreams, after));
        if (oldest) writes.push(write.delete(ssfHeldSets, oldest.value.jti));
      }
    }
    await records.commit(writes);
    for (const stream of targets) {
      for (const wake of waiting.get(stream.id) ?? []) wake();
      pusher.wake(stream);
    }
  }

  async function forget(stream: string, jtis: readonly string[]): Promise<void> {
    const held = await Promise.all(jtis.map((jti) => records.get(ssfHeldSets, jti)));
    const mine = held.flatMap((found) => (found?.value.stream === stream ? [found.value.jti] : []));
    if (mine.length === 0) return;
    await records.commit(mine.map((jti) => write.delete(ssfHeldSets, jti)));
    counts.set(stream, Math.max(0, (counts.get(stream) ?? 0) - mine.length));
  }

  const audit = (stream: SsfStream, by: string, verb: string) => [
    {
      at: clock.now(),
      actor: by,
      action: `ssf-stream.${verb}`,
      target: `service:${stream.id}`,
      detail: { method: stream.method, status: stream.status, endpoint: stream.endpoint ?? null },
    },
  ];

  return {
    jwks: { keys: [signer.jwk] },
    take(logged) {
      const event = securityEvent(logged, issuer());
      if (event === undefined) return;
      const targets = () =>
        [...streams.values()].filter(
          ({ status, requested }) => status !== 'disabled' && requested.includes(event.type),
        );
      if (targets().length > 0) void inOrder(() => hold(targets(), event, logged.id));
    },
    streams: (owner) => [...streams.values()].filter((stream) => stream.owner === owner),
    stream(id, owner) {
      const stream = streams.get(id);
      return stream?.owner === owner ? stream : undefined;
    },
    async put(stream, by, verb) {
      await records.commit([write.put(ssfStreams, stream)], audit(stream, by, verb));
      streams.set(stream.id, stream);
      pusher.wake(stream);
    },
    async remove(stream, by) {
      await inOrder(async () => {
        streams.delete(stream.id);
        for (;;) {
          const page = await records.find(ssfHeldSets, { where: { stream: stream.id }, limit: 1000 });
          if (page.records.length === 0) break;
          await records.commit(page.records.map(({ value }) => write.delete(ssfHeldSets, value.jti)));
        }
        await records.commit([write.delete(ssfStreams, stream.id)], audit(stream, by, 'delete'));
        counts.delete(stream.id);
      });
    },
    verify: (stream, state) =>
      inOrder(() =>
        hold([stream], {
          subject: { format: 'opaque', id: stream.id },
          type: verificationEvent,
          claims: state === undefined ? {} : { state },
        }),
      ),
    async poll(stream, { ack, most, waitMs }) {
      await forget(stream.id, ack);
      const read = async () =>
        most === 0 || stream.status !== 'enabled'
          ? []
          : (await records.find(ssfHeldSets, { where: { stream: stream.id }, limit: most + 1 })).records;
      // Listening begins before the first look, so that nothing falls between the two.
      const woken = patience(stream.id, waitMs);
      let found = await read();
      if (found.length === 0 && waitMs > 0 && most > 0) {
        await woken.promise;
        found = await read();
      }
      woken.end();
      const sets = new Map(found.slice(0, most).map(({ value }) => [value.jti, value.set]));
      return { sets, more: found.length > most };
    },
    async close() {
      for (const all of waiting.values()) for (const wake of all) wake();
      await Promise.all([last, pusher.close()]);
    },
  };

  function patience(stream: string, waitMs: number): { readonly promise: Promise<void>; end(): void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    const all = waiting.get(stream) ?? new Set();
    waiting.set(stream, all.add(resolve));
    const timer = setTimeout(resolve, waitMs);
    return {
      promise,
      end() {
        clearTimeout(timer);
        all.delete(resolve);
        if (all.size === 0) waiting.delete(stream);
      },
    };
  }
}

/** Who a SET is meant for: the stream's owner, the same over all restarts. */
export function audienceOf({ owner }: SsfStream): string {
  return owner;
}
