import type { SourceLedger } from '@kydai/contracts';

export type Transport = SourceLedger['transport'];

/**
 * The running account of one source.
 *
 * INVARIANT: received = kept + refused + dropped + pending, at every moment. Each method below moves one frame from
 * one column to another, so that no caller can break it.
 */
export class SourceAccount {
  readonly source: string;
  readonly transport: Transport;
  readonly firstSeen: number;
  lastSeen: number;
  received = 0;
  parsed = 0;
  kept = 0;
  refused = 0;
  dropped = 0;
  pending = 0;
  bytes = 0;
  readonly #reasons = new Map<string, number>();

  constructor(source: string, transport: Transport, now: number) {
    this.source = source;
    this.transport = transport;
    this.firstSeen = now;
    this.lastSeen = now;
  }

  /** The account as it was kept; what was pending then did not become durable as far as anyone knows. */
  static restore(ledger: SourceLedger): SourceAccount {
    const account = new SourceAccount(ledger.source, ledger.transport, ledger.firstSeen);
    account.lastSeen = ledger.lastSeen;
    account.received = ledger.received;
    account.parsed = ledger.parsed;
    account.kept = ledger.kept;
    account.refused = ledger.refused;
    account.dropped = ledger.dropped + ledger.pending;
    account.bytes = ledger.bytes;
    for (const [reason, times] of Object.entries(ledger.reasons)) account.note(reason, times);
    if (ledger.pending > 0) account.note('lost-at-stop', ledger.pending);
    return account;
  }

  /** A frame came and waits to become durable. */
  admit(bytes: number, now: number): void {
    this.received++;
    this.pending++;
    this.bytes += bytes;
    this.lastSeen = now;
  }

  /** A pending frame is durable. */
  keep(parsed: boolean): void {
    this.pending--;
    this.kept++;
    if (parsed) this.parsed++;
  }

  /** A pending frame is turned away, and its sender is told. */
  refusePending(reason: string): void {
    this.pending--;
    this.refused++;
    this.note(reason);
  }

  /** A pending frame is lost. */
  losePending(reason: string): void {
    this.pending--;
    this.dropped++;
    this.note(reason);
  }

  /** A frame came and is turned away at once, with an answer. */
  refuse(reason: string, bytes: number, now: number, frames = 1): void {
    this.received += frames;
    this.refused += frames;
    this.bytes += bytes;
    this.lastSeen = now;
    this.note(reason, frames);
  }

  /** A frame came and is lost: nobody will be told. */
  lose(reason: string, bytes: number, now: number, frames = 1): void {
    this.received += frames;
    this.dropped += frames;
    this.bytes += bytes;
    this.lastSeen = now;
    this.note(reason, frames);
  }

  /** Counts something worth knowing that moves no frame: a cut line, a refused connection. */
  note(reason: string, times = 1): void {
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + times);
  }

  snapshot(): SourceLedger {
    return {
      source: this.source,
      transport: this.transport,
      received: this.received,
      parsed: this.parsed,
      kept: this.kept,
      refused: this.refused,
      dropped: this.dropped,
      pending: this.pending,
      reasons: Object.fromEntries(this.#reasons),
      bytes: this.bytes,
      firstSeen: this.firstSeen,
      lastSeen: this.lastSeen,
    };
  }
}
