import type { Event, FieldValue } from '@kydai/contracts';
import type { FieldSource } from '../rules/expression.ts';
import { readSource } from './values.ts';

/** A slot that a field of an event may fill, and how many better sources the slot has. */
interface Target {
  readonly slot: number;
  readonly rank: number;
}

/** So many fields of an event are expected where they were in the one before. */
const mostPlaces = 64;

/** The values of one event at a time, by the fields that rules ask about. What it holds is open to the hot path. */
export class SlotValues {
  readonly values: (FieldValue | undefined)[];
  /** The slots that have a value: the first `filling`. */
  readonly filled: Int32Array;
  filling = 0;
  /** Values in no slot, which only keywords look at: the first `resting`. */
  readonly rest: FieldValue[] = [];
  resting = 0;
  /** The fields of this event that are null; mostly none. */
  readonly #nulls: string[] = [];
  readonly #slots: readonly FieldSource[];
  readonly #bySource = new Map<string, Target[]>();
  readonly #builtin: (Target & { readonly source: string })[] = [];
  readonly #ranks: Uint8Array;
  readonly #keepsRest: boolean;
  /** By their place in the event before: the names of fields, and where they belong. */
  readonly #names: string[] = [];
  readonly #targets: (readonly Target[] | undefined)[] = [];
  #place = 0;

  constructor(slots: readonly FieldSource[], keepsRest: boolean) {
    this.values = new Array(slots.length).fill(undefined);
    this.filled = new Int32Array(slots.length);
    this.#ranks = new Uint8Array(slots.length);
    this.#keepsRest = keepsRest;
    this.#slots = slots;
    slots.forEach(({ sources }, slot) => {
      sources.forEach((source, rank) => {
        if (source.startsWith('@') && source !== '@timestamp') this.#builtin.push({ slot, rank, source });
        const targets = this.#bySource.get(source);
        if (targets) targets.push({ slot, rank });
        else this.#bySource.set(source, [{ slot, rank }]);
      });
    });
  }

  /** Forgets the event before and takes this one. */
  take(event: Event): void {
    for (let index = 0; index < this.filling; index++) this.values[this.filled[index]!] = undefined;
    this.filling = 0;
    this.resting = 0;
    this.#place = 0;
    if (this.#nulls.length > 0) this.#nulls.length = 0;
    event.fields.forEach(this.#takeField);
    const builtin = this.#builtin;
    for (let index = 0; index < builtin.length; index++) {
      const { slot, rank, source } = builtin[index]!;
      const before = this.values[slot];
      if (before !== undefined && this.#ranks[slot]! <= rank) continue;
      const value = readSource(event, source) ?? undefined;
      if (before === undefined && value !== undefined) this.filled[this.filling++] = slot;
      this.values[slot] = value;
      this.#ranks[slot] = rank;
    }
  }

  /** Whether a slot without a value stands for a field that the event names, with null. */
  isNull(slot: number): boolean {
    const nulls = this.#nulls;
    return nulls.length > 0 && this.#slots[slot]!.sources.some((source) => nulls.includes(source));
  }

  /** Most events have the fields of the one before, in the same order. */
  readonly #takeField = (value: FieldValue | undefined, name: string): void => {
    const place = this.#place++;
    if (value === null) this.#nulls.push(name);
    if (value === null || value === undefined) return;
    let targets: readonly Target[] | undefined;
    if (this.#names[place] === name) targets = this.#targets[place];
    else {
      targets = this.#bySource.get(name);
      if (place < mostPlaces) {
        this.#names[place] = name;
        this.#targets[place] = targets;
      }
    }
    if (targets === undefined) {
      if (this.#keepsRest) this.rest[this.resting++] = value;
      return;
    }
    for (let index = 0; index < targets.length; index++) this.#put(targets[index]!, value);
  };

  /** Puts the value into the slot unless a better source has filled it. */
  #put({ slot, rank }: Target, value: FieldValue): void {
    const before = this.values[slot];
    let kept = value;
    let lost = before;
    if (before !== undefined && this.#ranks[slot]! <= rank) {
      kept = before;
      lost = value;
    } else this.#ranks[slot] = rank;
    if (before === undefined) this.filled[this.filling++] = slot;
    this.values[slot] = kept;
    // The slots' indexes know the keywords too; what is in no slot is scanned for them apart.
    if (this.#keepsRest && lost !== undefined) this.rest[this.resting++] = lost;
  }
}
