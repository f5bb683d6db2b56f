import type { CorrelationRule, Requirement } from '../rules/rule.ts';
import { holds, maxIds, type Sample, type Satisfied, type Window } from './window.ts';

/** Of each rule so many events are remembered: the newest, the oldest, and those between that lie widest apart. */
const mostOfRule = 4;

/**
 * For temporal and temporal_ordered: of each rule the events that may still meet those of the others, by time. What
 * comes late is put in its place, so that the order of arrival does not matter within the lateness. Events of the same
 * time are in any order: many logs know only seconds.
 */
export class TemporalWindow implements Window {
  readonly #rule: CorrelationRule;
  readonly #reach: number;
  readonly #seen: Sample[][];
  newest = Number.NEGATIVE_INFINITY;

  constructor(rule: CorrelationRule, lateness: number) {
    this.#rule = rule;
    this.#reach = rule.timespan + lateness;
    this.#seen = rule.rules.map(() => []);
  }

  add(sample: Sample): Satisfied | undefined {
    const late = sample.time < this.newest;
    // Of events of the same time, which are in any order, each may end a chain.
    const alone = sample.time > this.newest;
    this.newest = Math.max(this.newest, sample.time);
    const oldest = this.newest - this.#reach;
    if (sample.time < oldest) return undefined;
    const same = this.#seen[sample.rule]!;
    let at = same.length;
    while (at > 0 && same[at - 1]!.time > sample.time) at--;
    if (at === same.length) same.push(sample);
    else same.splice(at, 0, sample);
    while (same[0]!.time < oldest) same.shift();
    if (same.length > mostOfRule) forgetOne(same);
    if (this.#rule.type === 'temporal_ordered') {
      const mayEnd = !alone || sample.rule === this.#seen.length - 1;
      return mayEnd && !this.#seen.some((samples) => samples.length === 0) ? this.#chain() : undefined;
    }
    if (!late)
      return this.#lacksOne(this.newest - this.#rule.timespan) ? undefined : this.#windowTo(this.newest);
    if (this.#lacksOne(sample.time - this.#rule.timespan)) return undefined;
    // Each window that holds the late one ends with itself or with a later event.
    for (const { time } of this.#seen.flat()) {
      if (time < sample.time || time - sample.time > this.#rule.timespan) continue;
      const satisfied = this.#windowTo(time);
      if (satisfied) return satisfied;
    }
    return undefined;
  }

  judge(): Satisfied | undefined {
    return this.#windowTo(this.newest);
  }

  save(): readonly Sample[] {
    return this.#seen.flat().sort((left, right) => left.time - right.time);
  }

  /** Whether one of the rules that are all needed has no event from `oldest` on: mostly, and soon told. */
  #lacksOne(oldest: number): boolean {
    const { requirement, thresholds } = this.#rule;
    if (requirement || thresholds.length > 0) return false;
    for (const samples of this.#seen) {
      const last = samples[samples.length - 1];
      if (last === undefined || last.time < oldest) return true;
    }
    return false;
  }

  #windowTo(end: number): Satisfied | undefined {
    const oldest = end - this.#rule.timespan;
    const inside = this.#seen.flatMap(
      (samples) => samples.findLast(({ time }) => time <= end && time >= oldest) ?? [],
    );
    const { requirement, thresholds, rules } = this.#rule;
    if (requirement) {
      const present = new Set(inside.map((sample) => rules[sample.rule]!));
      if (inside.length === 0 || !meets(requirement, present)) return undefined;
    } else if (thresholds.length > 0) {
      if (!holds(thresholds, inside.length)) return undefined;
    } else if (inside.length < rules.length) return undefined;
    return satisfiedBy(inside);
  }

  /** The chain, one event of each rule in their order, that ends first; of those the one that begins last. */
  #chain(): Satisfied | undefined {
    let chains: readonly (readonly Sample[])[] = this.#seen[0]!.map((sample) => [sample]);
    for (const samples of this.#seen.slice(1)) {
      const before = chains;
      // Chains stand by the time of their ends, and none begins before one that stands ahead of it.
      chains = samples.flatMap((sample) => {
        const chain = before.findLast((candidate) => candidate.at(-1)!.time <= sample.time);
        return chain ? [[...chain, sample]] : [];
      });
    }
    const whole = chains.find((chain) => chain.at(-1)!.time - chain[0]!.time <= this.#rule.timespan);
    return whole && satisfiedBy(whole);
  }
}

/** Takes out the inner sample that lies closest between its neighbours; in place, because floods come here each time. */
function forgetOne(samples: Sample[]): void {
  let crowded = 1;
  let least = Number.POSITIVE_INFINITY;
  for (let at = 1; at < samples.length - 1; at++) {
    const room = samples[at + 1]!.time - samples[at - 1]!.time;
    if (room < least) [least, crowded] = [room, at];
  }
  for (let at = crowded; at < samples.length - 1; at++) samples[at] = samples[at + 1]!;
  samples.length--;
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
