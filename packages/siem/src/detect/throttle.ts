/** How many detections may pass; what comes beyond is counted, not reported. */
export interface ThrottleLimits {
  /** Of one rule about the same entities, per window. */
  readonly perSource: number;
  /** Of one rule in all, per window. */
  readonly perRule: number;
  /** Milliseconds. */
  readonly window: number;
}

export const defaultThrottle: ThrottleLimits = { perSource: 20, perRule: 1000, window: 60_000 };

interface Account {
  start: number;
  passed: number;
  /** Held back and not yet told in a later detection. */
  held: number;
}

/** What the throttle remembers, as plain JSON. */
export interface ThrottleState {
  readonly accounts: readonly (readonly [string, number, number, number])[];
  readonly suppressed: Readonly<Record<string, number>>;
}

const maxAccounts = 100_000;

/**
 * Keeps one noisy source from flooding people. It goes by the time of receipt of the events, so that the same events
 * give the same detections again.
 *
 * INVARIANT: every detection is either reported, or counted in `suppressed` and, where its source fires again in a later
 * window, in that detection's event count.
 */
export class Throttle {
  readonly #limits: ThrottleLimits;
  readonly #accounts = new Map<string, Account>();
  readonly #suppressed = new Map<string, number>();

  constructor(limits: ThrottleLimits) {
    this.#limits = limits;
  }

  /** How many of the same source were held back before this one, or undefined where this one is held back too. */
  admit(rule: string, source: string, at: number): number | undefined {
    const own = this.#account(`${rule}\0${source}`, at);
    const whole = this.#account(rule, at);
    if (own.passed >= this.#limits.perSource || whole.passed >= this.#limits.perRule) {
      own.held++;
      this.#suppressed.set(rule, (this.#suppressed.get(rule) ?? 0) + 1);
      return undefined;
    }
    own.passed++;
    whole.passed++;
    const { held } = own;
    own.held = 0;
    return held;
  }

  /** By rule id, since the start. */
  suppressed(): ReadonlyMap<string, number> {
    return this.#suppressed;
  }

  save(): ThrottleState {
    return {
      accounts: [...this.#accounts].map(([key, { start, passed, held }]) => [key, start, passed, held]),
      suppressed: Object.fromEntries(this.#suppressed),
    };
  }

  restore(state: ThrottleState): void {
    this.#accounts.clear();
    this.#suppressed.clear();
    for (const [key, start, passed, held] of state.accounts) this.#accounts.set(key, { start, passed, held });
    for (const [rule, count] of Object.entries(state.suppressed)) this.#suppressed.set(rule, count);
  }

  #account(key: string, at: number): Account {
    let account = this.#accounts.get(key);
    if (account === undefined) {
      if (this.#accounts.size >= maxAccounts) this.#accounts.delete(this.#accounts.keys().next().value!);
      account = { start: at, passed: 0, held: 0 };
      this.#accounts.set(key, account);
    } else if (at - account.start >= this.#limits.window || at < account.start) {
      // Back to the end, so that the accounts that are given up first are those that rest.
      this.#accounts.delete(key);
      account = { start: at, passed: 0, held: account.held };
      this.#accounts.set(key, account);
    }
    return account;
  }
}
