/** How much may go through: so many at once, and so many a second after that. */
export class Pace {
  readonly #perSecond: number;
  readonly #burst: number;
  #left: number;
  #at: number;

  /** `now` in epoch milliseconds. */
  constructor(perSecond: number, burst: number, now: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#left = burst;
    this.#at = now;
  }

  /** Takes one. Returns 0 where it may go now, else in how many milliseconds; it is taken all the same. */
  take(now: number): number {
    const elapsed = Math.max(0, now - this.#at);
    this.#left = Math.min(this.#burst, this.#left + (elapsed * this.#perSecond) / 1000);
    this.#at = now;
    this.#left -= 1;
    return this.#left >= 0 ? 0 : Math.ceil((-this.#left * 1000) / this.#perSecond);
  }
}
