import type { Event } from '@kydai/contracts';
import type { SourceAccount } from '../ledger/account.ts';

/** What became of one frame of a sender that waits for an answer. */
export type FrameOutcome = 'kept' | 'store-failed';

/** The answer that a sender waits for, over all frames of its request. */
export interface Ticket {
  readonly outcomes: FrameOutcome[];
  left: number;
  resolve(outcomes: readonly FrameOutcome[]): void;
}

/** A frame that waits to become durable. */
export class Entry {
  readonly account: SourceAccount;
  readonly event: Event;
  /** Further equal events that the same frame stands for. */
  readonly more: readonly Event[] | undefined;
  readonly bytes: number;
  readonly parsed: boolean;
  readonly ticket: Ticket | undefined;
  /** Its place among the outcomes of the ticket. */
  readonly index: number;
  /** How often it failed alone while the store took others, and at which success that was last looked at. */
  suspect: { strikes: number; successes: number } | undefined = undefined;

  constructor(parts: Omit<Entry, 'suspect'>) {
    this.account = parts.account;
    this.event = parts.event;
    this.more = parts.more;
    this.bytes = parts.bytes;
    this.parsed = parts.parsed;
    this.ticket = parts.ticket;
    this.index = parts.index;
  }
}

const strikesToGiveUp = 3;

/**
 * The frames that wait for the store, in order, and what is done with them when the store takes or refuses them. All
 * movements of the accounts after admission happen here.
 */
export class FrameQueue {
  readonly #batchFrames: number;
  #entries: Entry[] = [];
  #limit: number;
  #successes = 0;
  #failuresInARow = 0;
  #suspects = 0;
  /** Frames and bytes that wait, those of the group in flight among them. */
  frames = 0;
  bytes = 0;

  constructor(batchFrames: number) {
    this.#batchFrames = batchFrames;
    this.#limit = batchFrames;
  }

  /** Frames that are not in flight. */
  get length(): number {
    return this.#entries.length;
  }

  add(entry: Entry): void {
    this.#entries.push(entry);
    this.frames++;
    this.bytes += entry.bytes;
  }

  /** Takes the next group: a suspect alone, else as many as the limit allows and no suspect among them. */
  take(): readonly Entry[] {
    const entries = this.#entries;
    let size = this.#limit;
    if (this.#suspects > 0) {
      const at = entries.findIndex((entry) => entry.suspect !== undefined);
      if (at >= 0) size = Math.min(size, Math.max(at, 1));
    }
    if (entries.length <= size) {
      this.#entries = [];
      return entries;
    }
    this.#entries = entries.slice(size);
    return entries.slice(0, size);
  }

  /** The store took the group. */
  succeeded(batch: readonly Entry[]): void {
    this.#successes++;
    this.#failuresInARow = 0;
    this.#limit = Math.min(this.#batchFrames, this.#limit * 2);
    for (const entry of batch) {
      if (entry.suspect) this.#suspects--;
      entry.account.keep(entry.parsed);
      this.#settle(entry, 'kept');
    }
  }

  /**
   * The store refused the group: senders who wait are told at once, the others' frames are tried again. Smaller and
   * smaller groups tell a store that is down from a frame that it cannot take; that one is given up in the end, so
   * that it cannot hold up all that follow.
   */
  failed(batch: readonly Entry[]): void {
    if (++this.#failuresInARow >= 3) this.#limit = Math.max(1, Math.floor(this.#limit / 8));
    const stay: Entry[] = [];
    for (const entry of [...batch, ...this.#entries]) {
      if (entry.ticket) {
        entry.account.refusePending('store-failed');
        this.#settle(entry, 'store-failed');
      } else stay.push(entry);
    }
    this.#entries = stay;
    const [alone, ...others] = batch;
    if (alone && others.length === 0 && !alone.ticket) this.#judge(alone);
  }

  /** Counts everything that waits as lost. */
  loseAll(reason: string): void {
    for (const entry of this.#entries.splice(0)) this.#lose(entry, reason);
    this.#suspects = 0;
  }

  /** A frame failed alone. It is tried again after the others; each time that they were taken meanwhile is a strike. */
  #judge(entry: Entry): void {
    const { suspect } = entry;
    if (!suspect) {
      entry.suspect = { strikes: 0, successes: this.#successes };
      this.#suspects++;
    } else if (this.#successes > suspect.successes) {
      suspect.successes = this.#successes;
      suspect.strikes++;
    }
    this.#entries = this.#entries.filter((other) => other !== entry);
    if (entry.suspect!.strikes < strikesToGiveUp) {
      this.#entries.push(entry);
      return;
    }
    this.#suspects--;
    this.#lose(entry, 'store-rejected');
  }

  #lose(entry: Entry, reason: string): void {
    entry.account.losePending(reason);
    this.#settle(entry, 'store-failed');
  }

  #settle(entry: Entry, outcome: FrameOutcome): void {
    this.frames--;
    this.bytes -= entry.bytes;
    const { ticket } = entry;
    if (!ticket) return;
    ticket.outcomes[entry.index] = outcome;
    if (--ticket.left === 0) ticket.resolve(ticket.outcomes);
  }
}
