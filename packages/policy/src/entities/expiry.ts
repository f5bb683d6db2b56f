import type { CedarUid } from '@kydai/contracts';
import type { Attributes, CedarRecord, Value } from '../values/value.ts';
import { type Fact, factOf, lasting, wholeFact, withhold } from './fact.ts';
import type { EntityNode } from './node.ts';

/** A fact that has just gone stale. */
export interface ExpiredFact {
  readonly entity: CedarUid;
  /** Of the attribute or the tag. */
  readonly name: string;
  readonly source: string;
  /** Epoch milliseconds: since when it was believed, and until when it might be. */
  readonly at: number;
  readonly until: number;
}

/**
 * Which entities hold facts that will go stale, soonest first: a binary heap in which each entity waits once. One that
 * waits longer than it needs is looked at again when its turn comes.
 */
export class Expiry {
  readonly #heap: { readonly at: number; readonly node: EntityNode }[] = [];
  readonly #waiting = new Map<EntityNode, number>();

  /** When the first of all facts may go stale. */
  get next(): number {
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY;
  }

  /** Lets the entity wait until this time, where it does not wait for an earlier one. */
  await(node: EntityNode, at: number): void {
    if (at >= lasting || at >= (this.#waiting.get(node) ?? Number.POSITIVE_INFINITY)) return;
    this.#waiting.set(node, at);
    const heap = this.#heap;
    let place = heap.push({ at, node }) - 1;
    for (let above = (place - 1) >> 1; place > 0 && heap[above]!.at > at; above = (place - 1) >> 1) {
      [heap[place], heap[above]] = [heap[above]!, heap[place]!];
      place = above;
    }
  }

  /** The next entity whose time was before `now`. */
  take(now: number): EntityNode | undefined {
    while (this.next < now) {
      const { at, node } = this.#pop();
      if (this.#waiting.get(node) !== at) continue;
      this.#waiting.delete(node);
      if (node.exists) return node;
    }
    return undefined;
  }

  #pop(): { readonly at: number; readonly node: EntityNode } {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return first;
    let place = 0;
    for (;;) {
      const [left, right] = [2 * place + 1, 2 * place + 2];
      let least = left;
      if (right < heap.length && heap[right]!.at < heap[left]!.at) least = right;
      if (least >= heap.length || heap[least]!.at >= last.at) break;
      heap[place] = heap[least]!;
      place = least;
    }
    heap[place] = last;
    return first;
  }
}

export type NamedFact = Fact & { readonly name: string };

/** Withholds the values of the entity's facts that were over before `now`; tells which, and when the next one is. */
export function withholdStale(
  node: EntityNode,
  now: number,
): { readonly stale: readonly NamedFact[]; readonly next: number } {
  const stale = new Map<Value, NamedFact>();
  let next = Number.POSITIVE_INFINITY;
  for (const [name, fact, value] of factsOf(node)) {
    const until = Number(fact.until.ms);
    if (until >= now) next = Math.min(next, until);
    else if (wholeFact((value as CedarRecord).attrs) === undefined) stale.set(value, { ...fact, name });
  }
  if (stale.size > 0) {
    const without = <Key>([key, value]: [Key, Value]): [Key, Value] =>
      stale.has(value) ? [key, withhold(value as CedarRecord)] : [key, value];
    node.attrs = Object.fromEntries(Object.entries(node.attrs).map(without)) as Attributes;
    if (node.tags) node.tags = new Map([...node.tags].map(without));
  }
  return { stale: [...stale.values()], next };
}

/** The facts among the attributes and tags of an entity, by name. */
export function* factsOf(
  node: Pick<EntityNode, 'attrs' | 'tags'>,
): Generator<readonly [name: string, fact: Fact, value: Value]> {
  for (const key of Object.keys(node.attrs) as '$'[]) {
    const fact = factOf(node.attrs[key]!);
    if (fact !== undefined) yield [key.slice(1), fact, node.attrs[key]!];
  }
  for (const [name, value] of node.tags ?? []) {
    const fact = factOf(value);
    if (fact !== undefined) yield [name, fact, value];
  }
}
