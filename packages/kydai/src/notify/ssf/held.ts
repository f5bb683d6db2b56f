import { type Clock, type RecordStore, recordKind, uuidv7, type Write, write } from '@kydai/contracts';
import { z } from 'zod';
import { type SecurityEvent, streamUpdatedEvent } from './caep.ts';
import type { SetSigner } from './signer.ts';
import { audienceOf, type SsfStream, ssfStreams } from './streams.ts';

/** A signed SET that its receiver has not acknowledged. */
const HeldSet = z.strictObject({
  stream: z.string(),
  /** Its order within the stream. */
  place: z.string(),
  jti: z.string(),
  set: z.string(),
});
export type HeldSet = z.infer<typeof HeldSet>;
const heldSets = recordKind<HeldSet>({
  name: 'ssf_held',
  schema: HeldSet,
  key: ({ stream, place }) => `${stream}/${place}`,
  indexes: { stream: ({ stream }) => stream, place: ({ place }) => place, jti: ({ jti }) => jti },
});

/** An event for a stream, and what brought it about. */
export interface Addressed {
  readonly stream: SsfStream;
  readonly event: SecurityEvent;
  readonly transaction?: string;
}

export interface Held {
  /** The writes that hold the events, and what to call once they are committed. Signs; keeps nothing by itself. */
  prepare(
    events: readonly Addressed[],
  ): Promise<{ readonly writes: readonly Write[]; readonly changed: readonly SsfStream[]; done(): void }>;
  /** The oldest of a stream. */
  oldest(stream: string, limit: number): Promise<readonly HeldSet[]>;
  /** Forgets those that are held for the stream. */
  forget(stream: string, jtis: readonly string[]): Promise<void>;
  /** Forgets all of a stream. */
  clear(stream: string): Promise<void>;
}

/**
 * Keeps SETs until they are acknowledged, a bounded number for each stream.
 *
 * INVARIANT: a receiver for whom too many were held is told so, in the place of those that were dropped, by an event
 * `stream-updated` (SSF 1.0 section 8.1.5) whose reason says that it must ask anew.
 */
export async function openHeld(parts: {
  readonly records: RecordStore;
  readonly signer: SetSigner;
  readonly clock: Clock;
  readonly issuer: () => string;
  readonly streams: Iterable<SsfStream>;
  /** The most for one stream. */
  readonly limit: number;
}): Promise<Held> {
  const { records, signer, clock, issuer, limit } = parts;
  const counts = new Map<string, number>();
  /** The last place given in each stream. */
  const places = new Map<string, number>();
  for (const { id } of parts.streams) {
    const newest = await records.find(heldSets, { where: { stream: id }, order: '-place', limit: 1 });
    counts.set(id, newest.total);
    places.set(id, Number(newest.records[0]?.value.place ?? 0));
  }

  async function signed({ stream, event, transaction }: Addressed, place: number): Promise<HeldSet> {
    const at = clock.now();
    const jti = uuidv7(at);
    const txn = transaction === undefined ? {} : { transaction };
    const set = await signer.sign({ issuer: issuer(), audience: audienceOf(stream), jti, at, event, ...txn });
    return { stream: stream.id, place: String(place).padStart(15, '0'), jti, set };
  }

  const oldest = async (stream: string, most: number) =>
    (await records.find(heldSets, { where: { stream }, order: 'place', limit: most })).records.map(
      ({ value }) => value,
    );

  /** What holding the events of one stream takes. */
  async function forStream(stream: SsfStream, events: readonly Addressed[]) {
    const held = counts.get(stream.id) ?? 0;
    // Times serve as places, so that none is given twice, whatever was dropped and whenever the program started.
    let place = Math.max(places.get(stream.id) ?? 0, clock.now());
    const excess = held + events.length - limit;
    const dropped = excess > 0 ? await oldest(stream.id, Math.min(held, excess + Math.ceil(limit / 10))) : [];
    const skipped = Math.max(0, excess - dropped.length);
    const fresh: HeldSet[] = [];
    const lost = stream.lost + dropped.length + skipped;
    const after = { ...stream, lost };
    if (lost > stream.lost) {
      const spot = dropped.at(-1)?.place ?? ++place;
      const event = {
        subject: { format: 'opaque', id: stream.id },
        type: streamUpdatedEvent,
        claims: {
          status: stream.status,
          reason: `${lost} events were dropped while you were away: ask anew about all that you remember`,
        },
      };
      fresh.push(await signed({ stream, event }, Number(spot)));
    }
    for (const each of events.slice(skipped)) fresh.push(await signed(each, ++place));
    return {
      after,
      writes: [
        ...dropped.map((each) => write.delete(heldSets, `${each.stream}/${each.place}`)),
        ...fresh.map((each) => write.insert(heldSets, each)),
        ...(lost > stream.lost ? [write.put(ssfStreams, after)] : []),
      ],
      done() {
        counts.set(stream.id, Math.max(0, (counts.get(stream.id) ?? 0) - dropped.length) + fresh.length);
        places.set(stream.id, place);
      },
    };
  }

  return {
    async prepare(events) {
      const byStream = Map.groupBy(events, ({ stream }) => stream);
      const each: Awaited<ReturnType<typeof forStream>>[] = [];
      for (const [stream, its] of byStream) each.push(await forStream(stream, its));
      return {
        writes: each.flatMap(({ writes }) => writes),
        changed: each.map(({ after }) => after),
        done() {
          for (const { done } of each) done();
        },
      };
    },
    oldest,
    async forget(stream, jtis) {
      const keys: string[] = [];
      for (let from = 0; from < jtis.length; from += 500) {
        const where = { stream, jti: jtis.slice(from, from + 500) };
        const found = await records.find(heldSets, { where, limit: 500 });
        keys.push(...found.records.map(({ value }) => `${value.stream}/${value.place}`));
      }
      if (keys.length === 0) return;
      await records.commit(keys.map((key) => write.delete(heldSets, key)));
      counts.set(stream, Math.max(0, (counts.get(stream) ?? 0) - keys.length));
    },
    async clear(stream) {
      for (;;) {
        const found = await records.find(heldSets, { where: { stream }, limit: 1000 });
        if (found.records.length === 0) break;
        await records.commit(
          found.records.map(({ value }) => write.delete(heldSets, `${value.stream}/${value.place}`)),
        );
      }
      counts.set(stream, 0);
    },
  };
}
