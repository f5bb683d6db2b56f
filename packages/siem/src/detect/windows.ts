import type { CorrelationRule, Requirement, Threshold } from '../rules/rule.ts';
import { compareNumbers } from './reference.ts';

/** What one contributing event brings: its time, its id, which of the feeding rules it matched, and its value. */
export interface Sample {
  readonly time: number;
  readonly id: string;
  readonly rule: number;
  readonly value: string;
}

/** A satisfied window. */
export interface Satisfied {
  readonly first: number;
  readonly count: number;
  readonly ids: readonly string[];
  /** The distinct values counted, at most 100. */
  readonly values: readonly string[];
}

/** The events of one group that may still matter. */
export interface Window {
  /** The time of the newest event. */
  readonly newest: number;
  /** Takes an event in; returns the window where that satisfied it. */
  add(sample: Sample): Satisfied | undefined;
  /** For conditions that more events could undo: judges the window as it stands. */
  judge(): Satisfied | undefined;
  save(): readonly Sample[];
}

const maxIds = 100;
const maxSamples = 10_000;

/** An empty window of the kind that the correlation needs. `lateness` in ms. */
export function openWindow(rule: CorrelationRule, lateness: number): Window {
  switch (rule.type) {
    case 'temporal':
    case 'temporal_ordered':
      return new TemporalWindow(rule);
    case 'value_count':
      return new DistinctWindow(rule);
    default:
      return new SampleWindow(rule, lateness);
  }
}

/** True where the condition can be undone by further events, so that it is judged when the window closes. */
export function judgedAtClose(rule: CorrelationRule): boolean {
  return rule.thresholds.some(({ compare }) => compare !== 'gt' && compare !== 'gte');
}

function holds(thresholds: readonly Threshold[], figure: number): boolean {
  return thresholds.every(({ compare, value }) => compareNumbers(figure, compare, value));
}

/**
 * For event_count and the figures over numbers: the samples by time. Counts and sums are kept, not recomputed; a late
 * sample is put in its place and every window that holds it is looked at.
 */
class SampleWindow implements Window {
  readonly #rule: CorrelationRule;
  readonly #lateness: number;
  #samples: Sample[] = [];
  /** Where the window that ends at the newest sample begins. */
  #start = 0;
  /** How many samples are too old even for late company. */
  #old = 0;
  #sum = 0;
  newest = Number.NEGATIVE_INFINITY;

  constructor(rule: CorrelationRule, lateness: number) {
    this.#rule = rule;
    this.#lateness = lateness;
  }

  add(sample: Sample): Satisfied | undefined {
    const samples = this.#samples;
    if (sample.time >= this.newest) {
      this.newest = sample.time;
      samples.push(sample);
      this.#sum += Number(sample.value);
      this.#slide();
      return judgedAtClose(this.#rule) ? undefined : this.#check(this.#start, samples.length, this.#sum);
    }
    if (sample.time < this.newest - this.#rule.timespan - this.#lateness) return undefined;
    let at = samples.length;
    while (at > 0 && samples[at - 1]!.time > sample.time) at--;
    samples.splice(at, 0, sample);
    if (at < this.#old) this.#old = at;
    if (sample.time >= this.newest - this.#rule.timespan) this.#sum += Number(sample.value);
    else this.#start++;
    this.#bound();
    return judgedAtClose(this.#rule) ? undefined : this.#around(sample);
  }

  judge(): Satisfied | undefined {
    return this.#check(this.#start, this.#samples.length, this.#sum);
  }

  save(): readonly Sample[] {
    return this.#samples;
  }

  /** Leaves behind what is older than the timespan; forgets what is too old even for late company. */
  #slide(): void {
    const samples = this.#samples;
    const oldest = this.newest - this.#rule.timespan;
    while (samples[this.#start]!.time < oldest) this.#sum -= Number(samples[this.#start++]!.value);
    this.#bound();
  }

  #bound(): void {
    const samples = this.#samples;
    const oldest = this.newest - this.#rule.timespan - this.#lateness;
    while (samples[this.#old]!.time < oldest) this.#old++;
    const excess = samples.length - maxSamples;
    // Dropped in batches, so that each sample is moved a bounded number of times.
    if (excess <= 0 && this.#old <= samples.length / 2) return;
    const drop = Math.max(this.#old, excess > 0 ? excess + maxSamples / 10 : 0);
    for (let at = this.#start; at < drop; at++) this.#sum -= Number(samples[at]!.value);
    samples.splice(0, drop);
    this.#start = Math.max(0, this.#start - drop);
    this.#old = Math.max(0, this.#old - drop);
  }

  /** Every window that ends at a sample within one timespan after the late one. */
  #around(late: Sample): Satisfied | undefined {
    const samples = this.#samples;
    let from = 0;
    let sum = 0;
    for (let to = 0; to < samples.length; to++) {
      const end = samples[to]!.time;
      sum += Number(samples[to]!.value);
      while (samples[from]!.time < end - this.#rule.timespan) sum -= Number(samples[from++]!.value);
      if (end < late.time || samples[from]!.time > late.time) continue;
      const satisfied = this.#check(from, to + 1, sum);
      if (satisfied) return satisfied;
    }
    return undefined;
  }

  #check(from: number, to: number, sum: number): Satisfied | undefined {
    const count = to - from;
    if (count === 0 || !holds(this.#rule.thresholds, this.#figure(from, to, sum))) return undefined;
    const ids = this.#samples.slice(Math.max(from, to - maxIds), to).map((sample) => sample.id);
    return { first: this.#samples[from]!.time, count, ids, values: [] };
  }

  #figure(from: number, to: number, sum: number): number {
    switch (this.#rule.type) {
      case 'event_count':
        return to - from;
      case 'value_sum':
        return sum;
      case 'value_avg':
        return sum / (to - from);
      default: {
        const sorted = this.#samples
          .slice(from, to)
          .map((sample) => Number(sample.value))
          .sort((left, right) => left - right);
        return percentileOf(sorted, this.#rule.type === 'value_median' ? 50 : this.#rule.percentile);
      }
    }
  }
}

/** Linear interpolation between the closest ranks, as spreadsheets and numpy do. */
function percentileOf(sorted: readonly number[], percentile: number): number {
  const rank = ((sorted.length - 1) * percentile) / 100;
  const low = sorted[Math.floor(rank)]!;
  const high = sorted[Math.ceil(rank)]!;
  return low + (high - low) * (rank - Math.floor(rank));
}

/** For value_count: each distinct value with when it was last seen, least recent first. */
class DistinctWindow implements Window {
  readonly #rule: CorrelationRule;
  readonly #last = new Map<string, Sample>();
  newest = Number.NEGATIVE_INFINITY;

  constructor(rule: CorrelationRule) {
    this.#rule = rule;
  }

  add(sample: Sample): Satisfied | undefined {
    this.newest = Math.max(this.newest, sample.time);
    const oldest = this.newest - this.#rule.timespan;
    if (sample.time < oldest) return undefined;
    const known = this.#last.get(sample.value);
    if (known && known.time >= sample.time) return undefined;
    this.#last.delete(sample.value);
    this.#last.set(sample.value, sample);
    for (const [value, { time }] of this.#last) {
      if (time >= oldest && this.#last.size <= maxSamples) break;
      this.#last.delete(value);
    }
    return judgedAtClose(this.#rule) || !holds(this.#rule.thresholds, this.#last.size)
      ? undefined
      : this.judge();
  }

  judge(): Satisfied | undefined {
    const oldest = this.newest - this.#rule.timespan;
    // A late value stands behind younger ones, so the size alone may count values that have left.
    const inside = [...this.#last.values()].filter((sample) => sample.time >= oldest);
    if (!holds(this.#rule.thresholds, inside.length)) return undefined;
    return {
      first: Math.min(...inside.map((sample) => sample.time)),
      count: inside.length,
      ids: inside.slice(-maxIds).map((sample) => sample.id),
      values: inside.slice(-maxIds).map((sample) => sample.value),
    };
  }

  save(): readonly Sample[] {
    return [...this.#last.values()];
  }
}

/** For temporal: when each rule last fired. For temporal_ordered: the latest start of a chain that has come so far. */
class TemporalWindow implements Window {
  readonly #rule: CorrelationRule;
  readonly #seen: (Sample | undefined)[];
  readonly #chains: (readonly Sample[] | undefined)[];
  newest = Number.NEGATIVE_INFINITY;

  constructor(rule: CorrelationRule) {
    this.#rule = rule;
    this.#seen = rule.rules.map(() => undefined);
    this.#chains = rule.rules.map(() => undefined);
  }

  add(sample: Sample): Satisfied | undefined {
    this.newest = Math.max(this.newest, sample.time);
    const known = this.#seen[sample.rule];
    if (!known || known.time <= sample.time) this.#seen[sample.rule] = sample;
    return this.#rule.type === 'temporal_ordered' ? this.#chain(sample) : this.judge();
  }

  judge(): Satisfied | undefined {
    const oldest = this.newest - this.#rule.timespan;
    const inside = this.#seen.filter((sample) => sample !== undefined && sample.time >= oldest) as Sample[];
    const { requirement } = this.#rule;
    if (requirement) {
      const present = new Set(inside.map((sample) => this.#rule.rules[sample.rule]!));
      if (inside.length === 0 || !meets(requirement, present)) return undefined;
    } else if (this.#rule.thresholds.length > 0) {
      if (!holds(this.#rule.thresholds, inside.length)) return undefined;
    } else if (inside.length < this.#seen.length) return undefined;
    return satisfiedBy(inside);
  }

  save(): readonly Sample[] {
    const all = [...this.#seen, ...this.#chains.flatMap((chain) => chain ?? [])];
    const unique = new Set(all.filter((sample) => sample !== undefined));
    return [...unique].sort((left, right) => left.time - right.time);
  }

  #chain(sample: Sample): Satisfied | undefined {
    const before = sample.rule === 0 ? [] : this.#chains[sample.rule - 1];
    if (!before || (before.length > 0 && before.at(-1)!.time > sample.time)) return undefined;
    const chain = [...before, sample];
    if (sample.time - chain[0]!.time > this.#rule.timespan) return undefined;
    const known = this.#chains[sample.rule];
    if (!known || known[0]!.time <= chain[0]!.time) this.#chains[sample.rule] = chain;
    return sample.rule === this.#seen.length - 1 ? satisfiedBy(chain) : undefined;
  }
}

function satisfiedBy(samples: readonly Sample[]): Satisfied {
  return {
    first: Math.min(...samples.map((sample) => sample.time)),
    count: samples.length,
    ids: [...new Set(samples.map((sample) => sample.id))].slice(-maxIds),
    values: [],
  };
}

function meets(node: Requirement, present: ReadonlySet<string>): boolean {
  switch (node.kind) {
    case 'rule':
      return present.has(node.id);
    case 'not':
      return !meets(node.child, present);
    case 'and':
      return node.children.every((inner) => meets(inner, present));
    case 'or':
      return node.children.some((inner) => meets(inner, present));
  }
}
