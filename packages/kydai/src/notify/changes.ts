import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { type Clock, type RecordStore, recordKind, type Write, write } from '@kydai/contracts';
import type { Logger } from 'pino';
import { z } from 'zod';
import type { Change } from './change.ts';
import { compliant, type Facts, type Told, toldBy, toldFacts } from './told.ts';

export interface LoggedChange {
  readonly id: string;
  readonly at: number;
  readonly change: Change;
}

/** A change, with whether its device was and is compliant by all that was told of it. */
export interface StandingChange extends LoggedChange {
  readonly compliant?: { readonly before: boolean; readonly after: boolean };
}

export interface ChangeLog {
  /** Keeps the change durably, then tells of it, in the order of the calls. */
  publish(change: Change): void;
  /** Resolves once everything published so far is durable and told; rejects when the log was closed before that. */
  settled(): Promise<void>;
  /** Told after each change is durable; returns the function that ends it. */
  subscribe(listener: (logged: LoggedChange) => void): () => void;
  /**
   * What came after an id, oldest first, over restarts too. Undefined where that is not known any more, or where the id
   * was never given out, as after a restored backup: whoever asks then must forget what they remember.
   */
  after(id: string): readonly LoggedChange[] | undefined;
  /** The id of the newest change, from which to go on. */
  readonly newest: string;
  /** Those that are remembered, oldest first. */
  recent(): Iterable<LoggedChange>;
  /** What whoever enforces decisions was last told. */
  readonly told: Told;
  close(): Promise<void>;
}

const Kept = z.strictObject({
  number: z.number().int(),
  /** Random, so that a number that is given out again after a restored backup is not taken for the one of before. */
  mark: z.string(),
  at: z.number(),
  change: z.custom<Change>((value) => typeof value === 'object' && value !== null),
});
type Kept = z.infer<typeof Kept>;
const keptChanges = recordKind<Kept>({
  name: 'decision_changes',
  schema: Kept,
  key: ({ number }) => keyOf(number),
  indexes: {},
});
const keyOf = (number: number) => String(number).padStart(15, '0');

/** Changes of one commit, and the milliseconds after which a commit that failed is tried again. */
const together = 100;
const pause = 1000;

/**
 * The durable, bounded log of what flips decisions.
 *
 * INVARIANT: nobody is told of a change before it is durable, and what goes with it (signed events, what was told) is in
 * the same commit. A kill before that commit leaves what was told behind what is, which the next start makes up for.
 */
export async function openChangeLog(parts: {
  readonly records: RecordStore;
  readonly clock: Clock;
  readonly log: Pick<Logger, 'error'>;
  /** Changes that are remembered. */
  readonly size?: number;
  /** Commits the writes together with what else the changes bring about. */
  readonly commit?: (changes: readonly StandingChange[], writes: readonly Write[]) => Promise<void>;
}): Promise<ChangeLog> {
  const { records, clock, log, size = 10_000 } = parts;
  const commit = parts.commit ?? ((_, writes) => records.commit(writes));
  const listeners = new Set<(logged: LoggedChange) => void>();
  const told = await readTold(records);
  const remembered: Kept[] = [];
  for await (const kept of all(records, keptChanges)) remembered.push(kept);
  /** Each id's index in `remembered`, counted as if nothing had been dropped from its front. */
  const places = new Map(remembered.map((kept, index) => [idOf(kept), index]));
  let dropped = 0;
  /** Where an empty log begins. */
  const origin = { number: 0, mark: newMark() };
  let last: Pick<Kept, 'number' | 'mark'> = remembered.at(-1) ?? origin;
  const stopping = new AbortController();
  const queue: { readonly change: Change; readonly at: number }[] = [];
  let running: Promise<void> | undefined;

  async function keepNext(): Promise<void> {
    const first = last.number + 1;
    const batch = queue
      .slice(0, together)
      .map(({ change, at }, index): Kept => ({ number: first + index, mark: newMark(), at, change }));
    const news = new Map<string, Facts>();
    const standing = batch.map((kept): StandingChange => {
      const said = toldBy(kept.change, kept.at);
      if (said === undefined) return logged(kept);
      const before = news.get(said.subject) ?? told.get(said.subject);
      const after = { ...before, ...said.facts };
      news.set(said.subject, after);
      return { ...logged(kept), compliant: { before: compliant(before), after: compliant(after) } };
    });
    await commit(standing, [
      ...batch.map((kept) => write.insert(keptChanges, kept)),
      ...[...news].map(([subject, facts]) => write.put(toldFacts, { subject, facts })),
      ...batch.flatMap(({ number }) =>
        number > size ? [write.delete(keptChanges, keyOf(number - size))] : [],
      ),
    ]);
    queue.splice(0, batch.length);
    for (const [subject, facts] of news) told.set(subject, facts);
    for (const kept of batch) {
      places.set(idOf(kept), dropped + remembered.push(kept) - 1);
      last = kept;
    }
    if (remembered.length > size * 1.1) {
      const old = remembered.splice(0, remembered.length - size);
      for (const kept of old) places.delete(idOf(kept));
      dropped += old.length;
    }
    for (const kept of batch) for (const listener of listeners) listener(logged(kept));
  }

  async function drain(): Promise<void> {
    while (queue.length > 0 && !stopping.signal.aborted) {
      try {
        await keepNext();
      } catch (error) {
        log.error({ err: error, waiting: queue.length }, 'changes of decisions were not kept; trying again');
        await delay(pause, undefined, { signal: stopping.signal }).catch(() => {});
      }
    }
  }

  const work = () => {
    running ??= drain().finally(() => {
      running = undefined;
      // Published between the last look and here.
      if (queue.length > 0 && !stopping.signal.aborted) void work();
    });
    return running;
  };

  return {
    get newest() {
      return idOf(last);
    },
    told,
    publish(change) {
      queue.push({ change, at: clock.now() });
      void work();
    },
    async settled() {
      while (queue.length > 0 || running !== undefined) {
        if (stopping.signal.aborted) throw new Error('the log of changes was closed');
        await work();
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    after(id) {
      const place = id === idOf(origin) ? -1 : places.get(id);
      if (place === undefined || dropped + remembered.length - 1 - place > size) return undefined;
      return remembered.slice(place - dropped + 1).map(logged);
    },
    recent: () => remembered.map(logged),
    async close() {
      // What cannot be kept by then is made up for at the next start.
      await Promise.race([running, delay(2 * pause, undefined, { ref: false })]);
      stopping.abort();
      await running;
    },
  };
}

const newMark = () => randomBytes(4).toString('hex');
const idOf = ({ number, mark }: Pick<Kept, 'number' | 'mark'>) => `${number}-${mark}`;
const logged = (kept: Kept): LoggedChange => ({ id: idOf(kept), at: kept.at, change: kept.change });

async function readTold(records: RecordStore): Promise<Map<string, Facts>> {
  const told = new Map<string, Facts>();
  for await (const { subject, facts } of all(records, toldFacts)) told.set(subject, facts);
  return told;
}

async function* all<T>(records: RecordStore, kind: Parameters<typeof records.find<T>>[0]): AsyncGenerator<T> {
  const step = 10_000;
  for (let offset = 0; ; offset += step) {
    const page = await records.find(kind, { limit: step, offset });
    for (const { value } of page.records) yield value;
    if (page.records.length < step) return;
  }
}
