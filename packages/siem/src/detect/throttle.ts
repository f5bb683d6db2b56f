import { type Linked, Recency } from './recency.ts';

/** How many detections of one rule may pass; what comes beyond is counted, not reported. */
export interface RuleLimits {
  /** Of one rule about the same entities and group, per window. */
  readonly perSource: number;
  /** Of one rule in all, per window; beyond it only what is about entities or a group not yet reported in the window. */
  readonly perRule: number;
  /** Of one rule in all, per window, whatever it is about; beyond it only what is about a known entity. 20 times `perRule` unless told. */
  readonly perRuleAtMost?: number;
  /** Milliseconds. */
  readonly window: number;
}

/** The limits of every rule, of some by themselves, and of all together. */
export interface ThrottleLimits extends RuleLimits {
  /** Of all rules in all, per window; beyond it only the first of each rule in its window. No limit unless told. */
  readonly overall?: number;
  /** What is different for a rule, by its id. */
  readonly rules?: ReadonlyMap<string, Partial<RuleLimits>>;
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

interface Account extends Linked<Account> {
  readonly key: string;
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
/** Names that no rule has. */
const everyRule = '\0every rule';
const everyDrill = '\0every drill';

/**
 * Keeps one noisy source from flooding people. It goes by the time of receipt of the events, so that the same events
 * give the same detections again.
 *
 * INVARIANT: every detection is either reported, or counted in `suppressed` and, where its source fires again in a later
 * window, in that detection's event count. No amount of detections about others holds back the first one in a window
 * about a known entity; and up to `perRuleAtMost`, none about anything not yet reported in the window.
 */
export class Throttle {
  readonly #limits: Required<RuleLimits>;
  readonly #own = new Map<string, Required<RuleLimits>>();
  readonly #overall: number;
  readonly #accounts: Accounts;
  /** Apart from the others, so that many sources cannot push a rule's own account out. */
  readonly #rules: Accounts;
  readonly #suppressed: Map<string, number>;

  /** Goes on with the accounts of `before`, which is done for. */
  constructor(
    { overall = Number.POSITIVE_INFINITY, rules = new Map(), ...limits }: ThrottleLimits,
    before?: Throttle,
  ) {
    this.#accounts = before ? before.#accounts : new Accounts();
    this.#rules = before ? before.#rules : new Accounts();
    this.#suppressed = before ? before.#suppressed : new Map();
    this.#overall = overall;
    this.#limits = completed(limits);
    for (const [rule, own] of rules) this.#own.set(rule, completed({ ...limits, ...own }));
  }

  /** How many of the same source were held back before this one, or undefined where this one is held back too. */
  admit({ rule, source, known, drill }: ThrottleSubject, at: number): number | undefined {
    const limits = this.#own.get(rule) ?? this.#limits;
    const lane = drill ? `drill ${rule}` : rule;
    const own = this.#accounts.of(`${lane}\0${source}`, at, limits.window);
    const whole = this.#rules.of(lane, at, limits.window);
    const all = this.#rules.of(drill ? everyDrill : everyRule, at, this.#limits.window);
    const crowded =
      whole.passed >= (own.passed === 0 ? limits.perRuleAtMost : limits.perRule) ||
      (all.passed >= this.#overall && whole.passed > 0);
    // By the known entities alone: what else a detection names is the sender's to vary.
    const reserve =
      crowded && known !== undefined
        ? this.#accounts.of(`${lane}\0known ${known}`, at, limits.window)
        : undefined;
    const reserved = reserve !== undefined && own.passed === 0 && reserve.passed < limits.perSource;
    if (own.passed >= limits.perSource || (crowded && !reserved)) {
      own.held++;
      this.#suppressed.set(rule, (this.#suppressed.get(rule) ?? 0) + 1);
      return undefined;
    }
    if (reserve !== undefined) reserve.passed++;
    own.passed++;
    whole.passed++;
    all.passed++;
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
      accounts: Array.from(this.#accounts, ({ key, start, passed, held }) => [key, start, passed, held]),
      rules: Array.from(this.#rules, ({ key, start, passed }) => [key, start, passed]),
      suppressed: Object.fromEntries(this.#suppressed),
    };
  }

  /** Takes up what was saved, before anything was admitted. */
  restore(state: ThrottleState): void {
    for (const [key, start, passed, held] of state.accounts) this.#accounts.add({ key, start, passed, held });
    for (const [key, start, passed] of state.rules ?? []) this.#rules.add({ key, start, passed, held: 0 });
    for (const [rule, count] of Object.entries(state.suppressed)) this.#suppressed.set(rule, count);
  }
}

/** Accounts by key. Of too many, the one whose window began longest ago gives way. */
class Accounts {
  readonly #byKey = new Map<string, Account>();
  readonly #recency = new Recency<Account>();

  /** The account of the key; a new window begins at `at` where the one before is over. */
  of(key: string, at: number, window: number): Account {
    const found = this.#byKey.get(key);
    if (found === undefined) return this.add({ key, start: at, passed: 0, held: 0 });
    if (at - found.start >= window || at < found.start) {
      found.start = at;
      found.passed = 0;
      this.#recency.touch(found);
    }
    return found;
  }

  add(given: Omit<Account, keyof Linked<Account>>): Account {
    const { oldest } = this.#recency;
    if (this.#byKey.size >= maxAccounts && oldest) {
      this.#byKey.delete(oldest.key);
      this.#recency.remove(oldest);
    }
    const account: Account = { ...given, older: undefined, newer: undefined };
    this.#byKey.set(account.key, account);
    this.#recency.add(account);
    return account;
  }

  *[Symbol.iterator](): Generator<Account, void, void> {
    for (let account = this.#recency.oldest; account; account = account.newer) yield account;
  }
}

function completed(limits: RuleLimits): Required<RuleLimits> {
  return { ...limits, perRuleAtMost: limits.perRuleAtMost ?? limits.perRule * 20 };
}
