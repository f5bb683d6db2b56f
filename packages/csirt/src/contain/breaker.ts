const hour = 3_600_000;

/**
 * Bounds how many containments run without a person within an hour.
 *
 * Log lines can be forged and rules can be wrong; either could otherwise take every device of a city out of service in
 * minutes. Beyond the limit nothing is refused: each further containment waits for a person.
 */
export class Breaker {
  readonly #limit: number;
  /** Time and number of the containments that were begun, oldest first. */
  #begun: { readonly at: number; readonly count: number }[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many more may begin now. */
  left(now: number): number {
    this.#begun = this.#begun.filter(({ at }) => at > now - hour);
    return Math.max(0, this.#limit - this.#begun.reduce((sum, { count }) => sum + count, 0));
  }

  /** Counts containments that were begun, once their beginning is durable. */
  note(count: number, now: number): void {
    if (count > 0) this.#begun.push({ at: now, count });
  }
}
