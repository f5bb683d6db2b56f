import { type Clock, type RecordStore, type Write, write } from '@kydai/contracts';
import type { JWK } from 'jose';
import type { Logger } from 'pino';
import type { StandingChange } from '../changes.ts';
import { securityEvent, verificationEvent } from './caep.ts';
import { type Addressed, openHeld } from './held.ts';
import { createPusher } from './push.ts';
import type { SetSigner } from './signer.ts';
import { type SsfStream, ssfStreams } from './streams.ts';
import { matches } from './subject.ts';

export interface Transmitter {
  readonly jwks: { readonly keys: readonly JWK[] };
  /**
   * Commits the writes together with the changes' events, signed for each stream that wants them and held until they
   * are acknowledged.
   */
  keep(changes: readonly StandingChange[], writes: readonly Write[]): Promise<void>;
  streams(owner: string): readonly SsfStream[];
  /** A stream, for its owner alone. */
  stream(id: string, owner: string): SsfStream | undefined;
  /** Why a stream's receiver does not take what is pushed. */
  trouble(id: string): string | undefined;
  create(stream: SsfStream): Promise<void>;
  /** Changes a stream that still is there, one change after the other. */
  change(id: string, by: string, how: (stream: SsfStream) => SsfStream): Promise<SsfStream | undefined>;
  remove(stream: SsfStream, by: string): Promise<void>;
  /** Sends the verification event of SSF 1.0 section 8.1.4 over the stream. */
  verify(stream: SsfStream, state: string | undefined): Promise<void>;
  /** Forgets acknowledged SETs and gives the oldest others (RFC 8936), waiting up to `waitMs` for one. */
  poll(
    stream: SsfStream,
    request: {
      readonly ack: readonly string[];
      readonly most: number;
      readonly waitMs: number;
      readonly gone: AbortSignal;
    },
  ): Promise<{ readonly sets: ReadonlyMap<string, string>; readonly more: boolean }>;
  close(): Promise<void>;
}

/** The most that is held for one stream. */
const mostHeld = 10_000;

export async function openTransmitter(parts: {
  readonly records: RecordStore;
  readonly signer: SetSigner;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'warn' | 'error'>;
  readonly issuer: () => string;
  readonly mostHeld?: number;
}): Promise<Transmitter> {
  const { records, signer, clock, log, issuer } = parts;
  const found = await records.find(ssfStreams, { limit: 10_000 });
  const streams = new Map(found.records.map(({ value }) => [value.id, value]));
  const held = await openHeld({ ...parts, streams: streams.values(), limit: parts.mostHeld ?? mostHeld });
  const waiting = new Map<string, Set<() => void>>();
  const pusher = createPusher({ held, log, stream: (id) => streams.get(id) });
  for (const stream of streams.values()) pusher.wake(stream);

  /** One after the other, so that SETs are held in the order of the changes, and for no stream that is gone. */
  let last: Promise<unknown> = Promise.resolve();
  const inOrder = <T>(work: () => Promise<T>): Promise<T> => {
    const next = last.then(work);
    last = next.catch(() => {});
    return next;
  };

  async function hold(events: readonly Addressed[], others: readonly Write[] = []): Promise<void> {
    const { writes, changed, done } = await held.prepare(events);
    await records.commit([...others, ...writes]);
    done();
    for (const stream of changed) {
      streams.set(stream.id, stream);
      for (const wake of waiting.get(stream.id) ?? []) wake();
      pusher.wake(stream);
    }
  }

  const audit = (stream: SsfStream, by: string, verb: string) => [
    {
      at: clock.now(),
      actor: by,
      action: `ssf-stream.${verb}`,
      target: `service:${stream.id}`,
      detail: {
        method: stream.method,
        status: stream.status,
        endpoint: stream.endpoint ?? null,
        removedSubjects: stream.removed.length,
      },
    },
  ];

  return {
    jwks: { keys: [signer.jwk] },
    keep: (changes, writes) =>
      inOrder(async () => {
        const events = changes.flatMap((change) => {
          const event = securityEvent(change, issuer());
          if (event === undefined) return [];
          return [...streams.values()]
            .filter(({ status }) => status !== 'disabled')
            .filter(({ requested }) => requested.includes(event.type))
            .filter(({ removed }) => !removed.some((subject) => matches(subject, event.subject)))
            .map((stream) => ({ stream, event, transaction: change.id }));
        });
        await hold(events, writes);
      }),
    streams: (owner) => [...streams.values()].filter((stream) => stream.owner === owner),
    stream(id, owner) {
      const stream = streams.get(id);
      return stream?.owner === owner ? stream : undefined;
    },
    trouble: (id) => pusher.trouble(id),
    create: (stream) =>
      inOrder(async () => {
        await records.commit([write.insert(ssfStreams, stream)], audit(stream, stream.owner, 'create'));
        streams.set(stream.id, stream);
      }),
    change: (id, by, how) =>
      inOrder(async () => {
        const before = streams.get(id);
        if (before === undefined) return undefined;
        const after = how(before);
        await records.commit([write.put(ssfStreams, after)], audit(after, by, 'update'));
        streams.set(id, after);
        // SSF 1.0 section 8.1.2: for a disabled stream nothing is held.
        if (after.status === 'disabled') await held.clear(id);
        pusher.wake(after);
        return after;
      }),
    remove: (stream, by) =>
      inOrder(async () => {
        streams.delete(stream.id);
        await held.clear(stream.id);
        await records.commit([write.delete(ssfStreams, stream.id)], audit(stream, by, 'delete'));
      }),
    verify: ({ id }, state) =>
      inOrder(async () => {
        const stream = streams.get(id);
        if (stream === undefined) return;
        const claims = state === undefined ? {} : { state };
        await hold([
          { stream, event: { subject: { format: 'opaque', id }, type: verificationEvent, claims } },
        ]);
      }),
    async poll({ id }, { ack, most, waitMs, gone }) {
      await held.forget(id, ack);
      const read = async () =>
        most === 0 || streams.get(id)?.status !== 'enabled' ? [] : await held.oldest(id, most + 1);
      // Listening begins before the first look, so that nothing falls between the two.
      const woken = patience(id, waitMs, gone);
      let next = await read();
      if (next.length === 0 && waitMs > 0 && most > 0) {
        await woken.promise;
        next = await read();
      }
      woken.end();
      return {
        sets: new Map(next.slice(0, most).map(({ jti, set }) => [jti, set])),
        more: next.length > most,
      };
    },
    async close() {
      for (const all of waiting.values()) for (const wake of all) wake();
      await Promise.all([last, pusher.close()]);
    },
  };

  function patience(
    stream: string,
    waitMs: number,
    gone: AbortSignal,
  ): { readonly promise: Promise<void>; end(): void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    const all = waiting.get(stream) ?? new Set();
    waiting.set(stream, all.add(resolve));
    const timer = setTimeout(resolve, waitMs);
    const leave = () => resolve();
    gone.addEventListener('abort', leave);
    return {
      promise,
      end() {
        clearTimeout(timer);
        gone.removeEventListener('abort', leave);
        all.delete(resolve);
        if (all.size === 0) waiting.delete(stream);
      },
    };
  }
}
