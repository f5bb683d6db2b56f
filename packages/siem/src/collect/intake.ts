import { setTimeout as delay } from 'node:timers/promises';
import {
  type Clock,
  type Event,
  type EventStore,
  type Fields,
  type SourceLedger,
  uuidv7,
} from '@kydai/contracts';
import type { SourceAccount, Transport } from '../ledger/account.ts';
import { LedgerBook } from '../ledger/book.ts';
import { withFault } from '../normalise/fault.ts';
import { createNormaliser, type Normalised, type Normaliser } from '../normalise/normalise.ts';
import { type IntakeLimits, intakeLimits } from './limits.ts';
import { Entry, type FrameOutcome, FrameQueue, type Ticket } from './queue.ts';

/** A frame that was read and may be taken in. */
export interface ReadFrame {
  readonly raw: string;
  readonly bytes: number;
  readonly normalised: Normalised;
}

export interface IntakeOptions {
  readonly store: Pick<EventStore, 'append'>;
  /** Called with events after they are durable, in the order in which they came. What it throws goes to `onFault`. */
  onEvents(events: readonly Event[]): void;
  readonly clock: Clock;
  readonly limits?: Partial<IntakeLimits>;
  readonly normaliser?: Normaliser;
  /** The accounts of before a restart (`ledgers()` of then), which go on. */
  readonly ledgers?: readonly SourceLedger[];
  /** Told of failures that no sender sees: the store refused, `onEvents` threw. */
  onFault?(fault: unknown): void;
}

/**
 * How much of the queue a frame may use. What can wait where it is gets only the first part: a stream in its sender, a
 * datagram in a ring, where those that matter less are lost first. The rest is for urgent frames and for requests.
 */
export type FrameKind = 'datagram' | 'stream' | 'urgent';
const shares: Readonly<Record<FrameKind, number>> = { datagram: 0.05, stream: 0.2, urgent: 1 };
/** How full the queue may be when those who wait are called back. */
const wakeShares: Readonly<Record<FrameKind, number>> = { datagram: 0.025, stream: 0.1, urgent: 1 };

/** The one way into the system: every collector gives its frames here. */
export interface Intake {
  readonly normaliser: Normaliser;
  readonly clock: Clock;
  /** The account under which a sender's frames are counted. */
  account(transport: Transport, name: string): SourceAccount;
  /**
   * Takes a frame of a sender that gets no answer (syslog). False, with nothing counted, when there is no room for its
   * kind; the caller then waits (`whenRoom`) or loses it by the account.
   */
  push(account: SourceAccount, text: string, bytes: number, fault?: string, kind?: FrameKind): boolean;
  /** Whether this many more frames and bytes fit. */
  hasRoom(frames: number, bytes: number): boolean;
  /**
   * Calls back once: for streams as soon as there is room for many, for urgent frames when the next group is durable.
   * Returns the function that withdraws the call.
   */
  whenRoom(callback: () => void, kind?: FrameKind): () => void;
  /**
   * Takes frames of a sender that waits for an answer: all or none. Undefined, with nothing counted, when there is no
   * room. The promise never rejects; it says for each frame whether it is durable.
   */
  submit(account: SourceAccount, frames: readonly ReadFrame[]): Promise<readonly FrameOutcome[]> | undefined;
  /** True while the store refuses and the intake waits to try again. */
  readonly storeFailing: boolean;
  /** True from the call of `close` on: nothing more is taken, and nobody should wait for room. */
  readonly closing: boolean;
  ledgers(): readonly SourceLedger[];
  readonly totals: IntakeTotals;
  readonly limits: IntakeLimits;
  /** Takes no more, waits until what was taken is durable (at most `closeMs`), and counts the rest as lost. */
  close(): Promise<void>;
}

export interface IntakeTotals {
  /** Events made durable; a frame that stands for several counts as several. */
  readonly events: number;
  /** Frames and bytes that wait. */
  readonly queued: number;
  readonly queuedBytes: number;
  readonly batches: number;
  readonly storeFailures: number;
}

/** Why it is a class is told at `Draft`. */
class TakenEvent implements Event {
  readonly id: string;
  readonly time: number;
  readonly received: number;
  readonly source: string;
  readonly dataset: string;
  readonly fields: Fields;
  readonly raw: string;

  constructor({ time, dataset, fields }: Normalised, source: string, received: number, raw: string) {
    this.id = uuidv7(received);
    this.time = time;
    this.received = received;
    this.source = source;
    this.dataset = dataset;
    this.fields = fields;
    this.raw = raw;
  }
}

/**
 * Makes the intake: bounded queue, group commit, per-source accounts.
 *
 * INVARIANT: a frame is counted as kept, and an HTTP sender hears so, only after `append` resolved for its event.
 */
export function createIntake(options: IntakeOptions): Intake {
  const { store, clock, onEvents } = options;
  const limits = intakeLimits(options.limits);
  const normaliser = options.normaliser ?? createNormaliser();
  const onFault = options.onFault ?? (() => {});
  const book = new LedgerBook(limits.sourcesPerTransport, clock, options.ledgers);
  const waiting = new Map<() => void, FrameKind>();
  const queue = new FrameQueue(limits.batchFrames);
  let running: Promise<void> | undefined;
  let closing = false;
  let expired = false;
  let failing = false;
  let events = 0;
  let batches = 0;
  let storeFailures = 0;
  let wake = new AbortController();
  /** Urgent frames that may come yet, while more waits than streams could use, before the next group is durable. */
  let urgentLeft = limits.batchFrames >> 1;

  const hasRoom = (moreFrames: number, moreBytes: number): boolean =>
    !closing &&
    queue.frames + moreFrames <= limits.queueFrames &&
    queue.bytes + moreBytes <= limits.queueBytes;

  const enqueue = (
    account: SourceAccount,
    raw: string,
    size: number,
    read: Normalised,
    received: number,
    ticket: Ticket | undefined,
    index: number,
  ): void => {
    const { parsed, count } = read;
    const event = new TakenEvent(read, account.source, received, raw);
    let more: Event[] | undefined;
    for (let copy = 1; copy < count; copy++) {
      more ??= [];
      more.push(new TakenEvent(read, account.source, received, raw));
    }
    account.admit(size, received);
    queue.add(new Entry({ account, event, more, bytes: size, parsed, ticket, index }));
    running ??= run();
  };

  const wakeWaiting = (): void => {
    if (waiting.size === 0) return;
    // Those who are called may wait again: only who waits now is called.
    for (const [callback, kind] of [...waiting]) {
      const share = wakeShares[kind];
      if (queue.frames > limits.queueFrames * share || queue.bytes > limits.queueBytes * share) continue;
      waiting.delete(callback);
      callback();
    }
  };

  async function run(): Promise<void> {
    let pause = limits.retryMinMs;
    let durable: readonly Event[] = [];
    const tell = (): void => {
      const told = durable;
      durable = [];
      if (told.length === 0) return;
      try {
        onEvents(told);
      } catch (fault) {
        onFault(fault);
      }
    };
    // What came in the same turn of the event loop goes into the same batch.
    await new Promise((resolve) => setImmediate(resolve));
    while (queue.length > 0) {
      const batch = queue.take();
      const made: Event[] = [];
      for (const entry of batch) {
        made.push(entry.event);
        if (entry.more) made.push(...entry.more);
      }
      // Rules look at the group before while the disk is at work on this one.
      const appending = (async () => store.append(made))();
      tell();
      try {
        await appending;
      } catch (fault) {
        failing = true;
        storeFailures++;
        queue.failed(batch);
        onFault(fault);
        urgentLeft = limits.batchFrames >> 1;
        wakeWaiting();
        if (expired) {
          queue.loseAll('store-failed');
          break;
        }
        await delay(pause, undefined, { signal: wake.signal }).catch(() => {});
        pause = Math.min(pause * 2, limits.retryMaxMs);
        continue;
      }
      failing = false;
      pause = limits.retryMinMs;
      batches++;
      events += made.length;
      queue.succeeded(batch);
      durable = made;
      urgentLeft = limits.batchFrames >> 1;
      wakeWaiting();
    }
    // Nothing waits any more: the last of it was given up, perhaps, but whoever comes next may try.
    failing = false;
    running = undefined;
    tell();
    wakeWaiting();
  }

  return {
    normaliser,
    clock,
    limits,
    account: (transport, name) => book.account(transport, name),
    hasRoom,
    push(account, text, size, fault, kind = 'stream') {
      if (!hasRoom(1, size)) return false;
      const share = shares[kind];
      if (queue.frames >= limits.queueFrames * share || queue.bytes >= limits.queueBytes * share)
        return false;
      // What calls itself urgent takes half of what the store takes, so that streams and requests go on.
      if (kind === 'urgent' && queue.frames > limits.queueFrames * wakeShares.stream && urgentLeft-- <= 0)
        return false;
      const received = clock.now();
      const read = normaliser.line(text, received, account.transport === 'syslog-udp' ? '' : account.source);
      enqueue(account, text, size, withFault(read, fault), received, undefined, 0);
      return true;
    },
    whenRoom(callback, kind = 'stream') {
      waiting.set(callback, kind);
      if (!running) queueMicrotask(wakeWaiting);
      return () => void waiting.delete(callback);
    },
    submit(account, taken) {
      let size = 0;
      for (const frame of taken) size += frame.bytes;
      if (!hasRoom(taken.length, size)) return undefined;
      if (taken.length === 0) return Promise.resolve([]);
      return new Promise((resolve) => {
        const ticket: Ticket = { outcomes: [], left: taken.length, resolve };
        const received = clock.now();
        taken.forEach((frame, index) => {
          enqueue(account, frame.raw, frame.bytes, frame.normalised, received, ticket, index);
        });
      });
    },
    get storeFailing() {
      return failing;
    },
    get closing() {
      return closing;
    },
    ledgers: () => book.ledgers(),
    get totals() {
      return { events, queued: queue.frames, queuedBytes: queue.bytes, batches, storeFailures };
    },
    async close() {
      if (!closing) {
        closing = true;
        wake.abort();
        wake = new AbortController();
        const callbacks = [...waiting.keys()];
        waiting.clear();
        for (const callback of callbacks) callback();
      }
      const { promise: timeUp, resolve } = Promise.withResolvers<void>();
      const stop = setTimeout(() => {
        expired = true;
        wake.abort();
        // A store that never answers must not hang the stop; its batch stays pending in the account.
        setTimeout(resolve, 250);
      }, limits.closeMs);
      await Promise.race([running, timeUp]);
      clearTimeout(stop);
    },
  };
}
