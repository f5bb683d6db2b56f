import type { Clock } from '@kydai/contracts';
import type { Audit } from '../authority/authority.ts';
import type { PkiError } from '../error.ts';

const perSecond = 5;
const burst = 50;

/**
 * Writes refusals to the audit log, but no more than the log can bear: strangers must not be able to fill the disk.
 * Beyond the allowance they are counted, and the count is written with the next entry that fits.
 */
export class RefusalJournal {
  readonly #audit: Audit;
  readonly #clock: Clock;
  #allowance = burst;
  #last: number;
  #unwritten = 0;

  constructor(audit: Audit, clock: Clock) {
    this.#audit = audit;
    this.#clock = clock;
    this.#last = clock.now();
  }

  async note(error: PkiError, act: string, address: string, device: string | undefined): Promise<void> {
    const now = this.#clock.now();
    this.#allowance = Math.min(burst, this.#allowance + (Math.max(0, now - this.#last) / 1000) * perSecond);
    this.#last = now;
    if (this.#allowance < 1) {
      this.#unwritten++;
      return;
    }
    this.#allowance -= 1;
    const before = this.#unwritten;
    this.#unwritten = 0;
    await this.#audit(
      `${act}.refuse`,
      `address:${address}`,
      device === undefined ? 'device:' : `device:${device}`,
      {
        code: error.code,
        message: error.message.slice(0, 500),
        ...(before > 0 ? { alsoRefused: before } : {}),
      },
    );
  }
}
