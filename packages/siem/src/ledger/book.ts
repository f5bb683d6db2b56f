import type { Clock, SourceLedger } from '@kydai/contracts';
import { SourceAccount, type Transport } from './account.ts';

/**
 * The accounts of all sources, by `transport/address`.
 *
 * INVARIANT: at most `sourcesPerTransport` named accounts for each transport; whoever comes later shares
 * `<transport>/other`. A flood of datagrams with invented addresses costs a bounded amount of memory, and cannot take
 * the places of the other transports.
 */
export class LedgerBook {
  readonly #accounts = new Map<string, SourceAccount>();
  readonly #named = new Map<Transport, number>();
  readonly #limit: number;
  readonly #clock: Clock;

  /** `kept`: the accounts of before a restart, which go on. */
  constructor(sourcesPerTransport: number, clock: Clock, kept: readonly SourceLedger[] = []) {
    this.#limit = sourcesPerTransport;
    this.#clock = clock;
    for (const ledger of kept) {
      this.#accounts.set(ledger.source, SourceAccount.restore(ledger));
      if (!ledger.source.endsWith('/other')) {
        this.#named.set(ledger.transport, (this.#named.get(ledger.transport) ?? 0) + 1);
      }
    }
  }

  /** The account of one sender. `name` is its address, or the name in its certificate. */
  account(transport: Transport, name: string): SourceAccount {
    const source = `${transport}/${name}`;
    const known = this.#accounts.get(source);
    if (known) return known;
    const named = this.#named.get(transport) ?? 0;
    if (named >= this.#limit && name !== 'other') return this.account(transport, 'other');
    if (name !== 'other') this.#named.set(transport, named + 1);
    const account = new SourceAccount(source, transport, this.#clock.now());
    this.#accounts.set(source, account);
    return account;
  }

  /** A copy of every account, in the order in which they were opened. */
  ledgers(): readonly SourceLedger[] {
    return Array.from(this.#accounts.values(), (account) => account.snapshot());
  }
}
