import { foldTable } from '../rules/fold.ts';
import type { Keyed, Literal } from './literal-table.ts';
import { spread } from './literal-table.ts';

/** So many units are read at once, as the bytes of one number. */
export const wordUnits = 4;
/** Literals of so many units hold a whole word wherever they stand. */
const long = 2 * wordUnits - 1;

/**
 * The byte that each UTF-16 unit is read as, folded first: ASCII as itself, and what lies outside as a control character,
 * which logs have few of.
 */
export const byteOf = Uint8Array.from(foldTable, (unit) => (unit < 128 ? unit : unit & 31));
/** Folds the case of four bytes at once, and some signs into one another: a key only says where to compare. */
export const rough = 0x20202020;

/** Literals under what may be read of them in a text, wherever in it they stand. */
export interface WordKeys {
  /** By a word that lies within the literal. */
  readonly whole: readonly Keyed[];
  /** By the lower three units of a word, or the upper three, where the other one is not the literal's. */
  readonly lower: readonly Keyed[];
  readonly upper: readonly Keyed[];
  /** By the last unit of a word and the first of the next; `back` counts from the next. */
  readonly across: readonly Keyed[];
  /** Literals of one or two units, by all of them; `back` counts from behind them. */
  readonly short: readonly Keyed[];
}

/** So many literals are looked at between two turns of others. */
const atOnce = 256;

/** Finds the keys of each literal; yields now and then, so that others can work. */
export function* keying(literals: readonly Literal[], census?: WordCensus): Generator<void, WordKeys, void> {
  const whole: Keyed[] = [];
  const lower: Keyed[] = [];
  const upper: Keyed[] = [];
  const across: Keyed[] = [];
  const short: Keyed[] = [];
  const crowd = new Map<number, number>();
  for (const [literal, { text }] of literals.entries()) {
    if (literal % atOnce === atOnce - 1) yield;
    const { length } = text;
    const at = (from: number, back = from, units = wordUnits): Keyed => {
      return { literal, key: keyOf(text, from, units), back };
    };
    if (length >= long) {
      const from = rarest(text, crowd, census);
      for (let word = from; word < from + wordUnits; word++) whole.push(at(word));
    } else if (length > 2) {
      // However it lies across two words, one of these is there to be read.
      for (let word = 0; word + wordUnits <= length; word++) whole.push(at(word));
      upper.push(at(0, -1, 3));
      if (length === 5) lower.push(at(2, 2, 3));
      if (length === 4) lower.push(at(1, 1, 3));
      if (length === 3) lower.push(at(0, 0, 3));
      if (length < 5) across.push(at(1, 2, 2));
      if (length === 3) across.push(at(0, 1, 2));
    } else short.push(at(0, length, length));
  }
  return { whole, lower, upper, across, short };
}

/** How often each word was seen in a field's values, so that literals can be found by their rarest. */
export class WordCensus {
  readonly #counts = new Uint16Array(1 << 14);

  see(text: string): void {
    const counts = this.#counts;
    let word = 0;
    for (let at = 0; at < text.length; at++) {
      word = (word >>> 8) | ((byteOf[text.charCodeAt(at)]! | 0x20) << 24);
      const place = spread(word) >>> 18;
      if (counts[place]! < 0xffff) counts[place]!++;
    }
  }

  count(key: number): number {
    return this.#counts[spread(key) >>> 18]!;
  }
}

/**
 * The rarer a unit is in logs, the more it weighs. The dashes that `windash` adds lie outside ASCII: a word that holds one
 * hardly ever costs a comparison.
 */
const weights = new Uint8Array(128).fill(8);
for (const [weight, units] of [' \\._:eainorst', 'cdlmpuw"=,()\'-/', 'bfghvyk0123456789'].entries()) {
  for (const unit of units) weights[unit.charCodeAt(0)] = 2 + 2 * weight;
}
const foreignWeight = 24;

/**
 * Where the four words in a row begin that are rarest, and that few literals have; `crowd` counts how many have each.
 */
function rarest(text: string, crowd: Map<number, number>, census: WordCensus | undefined): number {
  const dearth = Array.from({ length: text.length - wordUnits + 1 }, (_, at) => {
    const key = keyOf(text, at, wordUnits);
    let weight = -2 * Math.log2(1 + (crowd.get(key) ?? 0)) - 8 * Math.log2(1 + (census?.count(key) ?? 0));
    for (let unit = at; unit < at + wordUnits; unit++)
      weight += weights[text.charCodeAt(unit)] ?? foreignWeight;
    return 2 ** (-weight / 8);
  });
  let least = Number.POSITIVE_INFINITY;
  let from = 0;
  for (let at = 0; at + long <= text.length; at++) {
    const cost = dearth[at]! + dearth[at + 1]! + dearth[at + 2]! + dearth[at + 3]!;
    if (cost < least) {
      least = cost;
      from = at;
    }
  }
  for (let at = from; at < from + wordUnits; at++) {
    const key = keyOf(text, at, wordUnits);
    crowd.set(key, (crowd.get(key) ?? 0) + 1);
  }
  return from;
}

function keyOf(text: string, from: number, units: number): number {
  let key = 0;
  for (let unit = 0; unit < units; unit++)
    key |= (byteOf[text.charCodeAt(from + unit)]! | 0x20) << (8 * unit);
  return key;
}
