import type { CorrelationRule, Requirement } from '../rules/rule.ts';
import { TemporalWindow } from './temporal-window.ts';
import { holds, maxIds, type Sample, type Satisfied, type Window } from './window.ts';

const maxSamples = 10_000;
const few = 4;

/** What the windows of one correlation have in common. */
interface Frame {
  readonly rule: CorrelationRule;
  readonly timespan: number;
  /** ms. */
  readonly lateness: number;
  readonly atClose: boolean;
  /** So many distinct values: more than the condition asks for, so that what was forgotten changes no answer. */
  readonly most: number;
}

/** Opens empty windows of the kind that the correlation needs. `lateness` in ms. */
export function windowsOf(rule: CorrelationRule, lateness: number): () => Window {
  const most = Math.max(maxSamples, ...rule.thresholds.map(({ value }) => value + 2));
  const frame = { rule, timespan: rule.timespan, lateness, atClose: judgedAtClose(rule), most };
  switch (rule.type) {
    case 'temporal':
    case 'temporal_ordered':
      return () => new TemporalWindow(rule, lateness);
    case 'value_count':
      return () => new DistinctWindow(frame);
    default:
      return () => new SampleWindow(frame);
  }
}

/** True where the condition can be undone by further events, so that it is judged when the window closes. */
export function judgedAtClose({ thresholds, requirement }: CorrelationRule): boolean {
  if (requirement) return denies(requirement);
  return thresholds.some(({ compare }) => compare !== 'gt' && compare !== 'gte');
}

function denies(node: Requirement): boolean {
  if (node.kind === 'rule' || node.kind === 'not') return node.kind === 'not';
  return node.children.some(denies);
}

/**
 * For event_count and the figures over numbers: the samples by time. Counts and sums are kept, not recomputed; a late
 * sample is put in its place and every window that holds it is looked at.
 *
 * INVARIANT: no flood makes a count or a sum smaller. Beyond 10,000 samples neighbours become one, at the later's time;
 * only percentiles forget the oldest.
 */
class SampleWindow implements Window {
  readonly #frame: Frame;
  #samples: Sample[] = [];
  /** Where the window that ends at the newest sample begins. */
  #start = 0;
  /** How many samples are too old even for late company. */
  #old = 0;
  #sum = 0;
  #count = 0;
  newest = Number.NEGATIVE_INFINITY;

  constructor(frame: Frame) {
    this.#frame = frame;
  }

  add(sample: Sample): Satisfied | undefined {
    const samples = this.#samples;
    if (sample.time >= this.newest) {
      this.newest = sample.time;
      // A list that is pushed to has room for 17, which most groups never fill.
      if (samples.length < few) this.#samples = [...samples, sample];
      else samples.push(sample);
      this.#enter(sample);
      this.#slide();
      return this.#frame.atClose ? undefined : this.judge();
    }
    if (sample.time < this.newest - this.#frame.timespan - this.#frame.lateness) return undefined;
    let at = samples.length;
    while (at > 0 && samples[at - 1]!.time > sample.time) at--;
    samples.splice(at, 0, sample);
    if (at < this.#old) this.#old = at;
    if (sample.time >= this.newest - this.#frame.timespan) this.#enter(sample);
    else this.#start++;
    this.#bound();
    return this.#frame.atClose ? undefined : this.#around(sample);
  }

  judge(): Satisfied | undefined {
    return this.#check(this.#start, this.#samples.length, this.#sum, this.#count);
  }

  save(): readonly Sample[] {
    return this.#samples;
  }

  #mergeable(): boolean {
    const { type } = this.#frame.rule;
    return type !== 'value_percentile' && type !== 'value_median';
  }

  #enter(sample: Sample): void {
    this.#sum += Number(sample.value);
    this.#count += sample.events ?? 1;
  }

  #leave(sample: Sample): void {
    this.#sum -= Number(sample.value);
    this.#count -= sample.events ?? 1;
  }

  /** Leaves behind what is older than the timespan; forgets what is too old even for late company. */
  #slide(): void {
    const samples = this.#samples;
    const oldest = this.newest - this.#frame.timespan;
    while (samples[this.#start]!.time < oldest) this.#leave(samples[this.#start++]!);
    this.#bound();
  }

  #bound(): void {
    const samples = this.#samples;
    const oldest = this.newest - this.#frame.timespan - this.#frame.lateness;
    while (samples[this.#old]!.time < oldest) this.#old++;
    if (samples.length - this.#old > maxSamples && this.#mergeable()) this.#merge();
    const excess = samples.length > maxSamples && !this.#mergeable() ? samples.length - maxSamples : 0;
    // Dropped in batches, so that each sample is moved a bounded number of times.
    if (excess <= 0 && this.#old <= samples.length / 2) return;
    const drop = Math.max(this.#old, excess > 0 ? excess + maxSamples / 10 : 0);
    for (let at = this.#start; at < drop; at++) this.#leave(samples[at]!);
    samples.splice(0, drop);
    this.#start = Math.max(0, this.#start - drop);
    this.#old = Math.max(0, this.#old - drop);
  }

  /** Makes one of each two neighbours of the older half, but for those of which one has left the window. */
  #merge(): void {
    const samples = this.#samples;
    const merged: Sample[] = [];
    const half = samples.length / 2;
    let start = 0;
    for (let at = this.#old; at < samples.length; at++) {
      const one = samples[at]!;
      const other = samples[at + 1];
      if (at === this.#start) start = merged.length;
      if (at < half && other !== undefined && at + 1 !== this.#start) {
        const value = String(Number(one.value) + Number(other.value));
        merged.push({ ...other, value, events: (one.events ?? 1) + (other.events ?? 1) });
        at++;
      } else merged.push(one);
    }
    this.#samples = merged;
    this.#start = start;
    this.#old = 0;
  }

  /** Every window that ends at a sample within one timespan after the late one. */
  #around(late: Sample): Satisfied | undefined {
    const samples = this.#samples;
    let from = 0;
    let sum = 0;
    let count = 0;
    for (let to = 0; to < samples.length; to++) {
      const end = samples[to]!.time;
      sum += Number(samples[to]!.value);
      count += samples[to]!.events ?? 1;
      for (; samples[from]!.time < end - this.#frame.timespan; from++) {
        sum -= Number(samples[from]!.value);
        count -= samples[from]!.events ?? 1;
      }
      if (end < late.time || samples[from]!.time > late.time) continue;
      const satisfied = this.#check(from, to + 1, sum, count);
      if (satisfied) return satisfied;
    }
    return undefined;
  }

  #check(from: number, to: number, sum: number, count: number): Satisfied | undefined {
    if (count === 0 || !holds(this.#frame.rule.thresholds, this.#figure(from, to, sum, count)))
      return undefined;
    const ids = this.#samples.slice(Math.max(from, to - maxIds), to).map((sample) => sample.id);
    return { first: this.#samples[from]!.time, count, ids, values: [] };
  }

  #figure(from: number, to: number, sum: number, count: number): number {
    switch (this.#frame.rule.type) {
      case 'event_count':
        return count;
      case 'value_sum':
        return sum;
      case 'value_avg':
        return sum / count;
      default: {
        const sorted = this.#samples
          .slice(from, to)
          .map((sample) => Number(sample.value))
          .sort((left, right) => left - right);
        return percentileOf(
          sorted,
          this.#frame.rule.type === 'value_median' ? 50 : this.#frame.rule.percentile,
        );
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

/** What comes late meets at least so many of the newest events of its group. */
const metByLate = 32;

/**
 * For value_count: each distinct value with when it was last seen, least recent first; and the newest events by time, for
 * what comes late and would make a window full that does not end with the newest.
 */
class DistinctWindow implements Window {
  readonly #frame: Frame;
  readonly #last = new Map<string, Sample>();
  #recent: Sample[] = [];
  newest = Number.NEGATIVE_INFINITY;

  constructor(frame: Frame) {
    this.#frame = frame;
  }

  add(sample: Sample): Satisfied | undefined {
    const late = sample.time < this.newest;
    this.newest = Math.max(this.newest, sample.time);
    const full = this.#newest(sample) ?? (late ? this.#between(sample) : undefined);
    this.#remember(sample);
    return full;
  }

  /** The window that ends with the newest event. */
  #newest(sample: Sample): Satisfied | undefined {
    const oldest = this.newest - this.#frame.timespan;
    if (sample.time < oldest) return undefined;
    const known = this.#last.get(sample.value);
    if (known && known.time >= sample.time) return undefined;
    this.#last.delete(sample.value);
    this.#last.set(sample.value, sample);
    for (const [value, { time }] of this.#last) {
      if (time >= oldest && this.#last.size <= this.#frame.most) break;
      this.#last.delete(value);
    }
    return this.#frame.atClose || !holds(this.#frame.rule.thresholds, this.#last.size)
      ? undefined
      : this.judge();
  }

  /** A window that ends before, with the late event or with one that came earlier and happened later. */
  #between(late: Sample): Satisfied | undefined {
    const { timespan, lateness, atClose } = this.#frame;
    if (atClose || late.time < this.newest - timespan - lateness) return undefined;
    const near = [...this.#recent, late].filter(({ time }) => Math.abs(time - late.time) <= timespan);
    for (const { time: end } of near) {
      if (end < late.time) continue;
      const inside = near.filter(({ time }) => time <= end && time >= end - timespan);
      const byValue = new Map(inside.map((sample) => [sample.value, sample]));
      if (holds(this.#frame.rule.thresholds, byValue.size)) return satisfiedBy([...byValue.values()]);
    }
    return undefined;
  }

  #remember(sample: Sample): void {
    const recent = this.#recent;
    let at = recent.length;
    while (at > 0 && recent[at - 1]!.time > sample.time) at--;
    if (at === recent.length) recent.push(sample);
    else recent.splice(at, 0, sample);
    if (recent.length > 2 * metByLate) this.#recent = recent.slice(-metByLate);
  }

  judge(): Satisfied | undefined {
    const oldest = this.newest - this.#frame.timespan;
    // A late value stands behind younger ones, so the size alone may count values that have left.
    const inside = [...this.#last.values()].filter((sample) => sample.time >= oldest);
    return holds(this.#frame.rule.thresholds, inside.length) ? satisfiedBy(inside) : undefined;
  }

  save(): readonly Sample[] {
    const all = new Set([...this.#last.values(), ...this.#recent]);
    return [...all].sort((left, right) => left.time - right.time);
  }
}

/** Of each value one event. */
function satisfiedBy(inside: readonly Sample[]): Satisfied {
  return {
    first: inside.reduce((first, { time }) => Math.min(first, time), Number.POSITIVE_INFINITY),
    count: inside.length,
    ids: inside.slice(-maxIds).map((sample) => sample.id),
    values: inside.slice(-maxIds).map((sample) => sample.value),
  };
}
