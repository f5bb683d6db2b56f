/** How many detections may pass; what comes beyond is counted, not reported. */
export interface ThrottleLimits {
  /** Of one rule about the same entities and group, per window. */
  readonly perSource: number;
  /** Of one rule in all, per window; beyond it only what is about entities or a group not yet reported in the window. */
  readonly perRule: number;
  /** Of one rule in all, per window, whatever it is about; beyond it only what is about a known entity. 20 times `perRule` unless told. */
  readonly perRuleAtMost?: number;
  /** Milliseconds. */
  readonly window: number;
}

export const defaultThrottle: ThrottleLimits = { perSource: 20, perRule: 1000, window: 60_000 };

/** What a detection is about, as far as the throttle needs it. */
export interface ThrottleSubject {
  readonly rule: string;
  /** The same for the same entities and group. */
  readonly source: string;
  /** The entities that the register knows, as one text; undefined where it knows none. */
  readonly known?: string;
  /** Drills have accounts of their own. */
  readonly drill: boolean;
}

interface Account {
  start: number;
  passed: number;
  /** Held back and not yet told in a later detection. */
  held: number;
}

/** What the throttle remembers, as plain JSON. */
export interface ThrottleState {
  readonly accounts: readonly (readonly [string, number, number, number])[];
  /** Of whole rules; absent in what was kept before they were apart. */
  readonly rules?: readonly (readonly [string, number, number])[];
  readonly suppressed: Readonly<Record<string, number>>;
}

const maxAccounts = 100_000;

/**
 * Keeps one noisy source from flooding people. It goes by the time of receipt of the events, so that the same events
 * give the same detections again.
 *
 * INVARIANT: every detection is either reported, or counted in `suppressed` and, where its source fires again in a later
 * window, in that detection's event count. No amount of detections about others holds back the first one in a window
 * about a known entity; and up to `perRuleAtMost`, none about anything not yet reported in the window.
 */
export class Throttle {
  readonly #limits: Required<ThrottleLimits>;
  readonly #accounts = new Map<string, Account>();
  /** Apart from the others, so that many sources cannot push a rule's own account out. */
  readonly #rules = new Map<string, Account>();
  readonly #suppressed = new Map<string, number>();

  constructor(limits: ThrottleLimits) {
    this.#limits = { perRuleAtMost: limits.perRule * 20, ...limits };
  }

  /** How many of the same source were held back before this one, or undefined where this one is held back too. */
  admit({ rule, source, known, drill }: ThrottleSubject, at: number): number | undefined {
    const lane = drill ? `drill ${rule}` : rule;
    const own = this.#account(this.#accounts, `${lane}\0${source}`, at);
    const whole = this.#account(this.#rules, lane, at);
    const crowded = whole.passed >= (own.passed === 0 ? this.#limits.perRuleAtMost : this.#limits.perRule);
    // By the known entities alone: what else a detection names is the sender's to vary.
    const reserve =
      crowded && known !== undefined
        ? this.#account(this.#accounts, `${lane}\0known ${known}`, at)
        : undefined;
    const reserved = reserve !== undefined && own.passed === 0 && reserve.passed < this.#limits.perSource;
    if (own.passed >= this.#limits.perSource || (crowded && !reserved)) {
      own.held++;
      this.#suppressed.set(rule, (this.#suppressed.get(rule) ?? 0) + 1);
      return undefined;
    }
    if (reserve !== undefined) reserve.passed++;
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
      rules: [...this.#rules].map(([key, { start, passed }]) => [key, start, passed]),
      suppressed: Object.fromEntries(this.#suppressed),
    };
  }

  restore(state: ThrottleState): void {
    this.#accounts.clear();
    this.#rules.clear();
    this.#suppressed.clear();
    for (const [key, start, passed, held] of state.accounts) this.#accounts.set(key, { start, passed, held });
    for (const [key, start, passed] of state.rules ?? []) this.#rules.set(key, { start, passed, held: 0 });
    for (const [rule, count] of Object.entries(state.suppressed)) this.#suppressed.set(rule, count);
  }

  #account(accounts: Map<string, Account>, key: string, at: number): Account {
    let account = accounts.get(key);
    if (account === undefined) {
      if (accounts.size >= maxAccounts) accounts.delete(accounts.keys().next().value!);
      account = { start: at, passed: 0, held: 0 };
      accounts.set(key, account);
    } else if (at - account.start >= this.#limits.window || at < account.start) {
      // Back to the end, so that the accounts that are given up first are those that rest.
      accounts.delete(key);
      account = { start: at, passed: 0, held: account.held };
      accounts.set(key, account);
    }
    return account;
  }
}
