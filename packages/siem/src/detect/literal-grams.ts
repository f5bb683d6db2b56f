import {
  classTable,
  type Keyed,
  type Literal,
  type LiteralSink,
  LiteralTable,
  spread,
} from './literal-table.ts';

const gram = 4;
const gramMask = (1 << (7 * gram)) - 1;
const pairMask = (1 << 14) - 1;
const singleMask = (1 << 7) - 1;
/** Keys of pairs and single units lie above those of grams. */
const pairKey = 1 << 28;
const singleKey = 1 << 29;

const encoder = new TextEncoder();
/** Texts are mostly slices of slices; from some length on it pays to read their units from one array. */
const copied = new Uint8Array(16 * 1024);
const worthCopying = 24;

/**
 * Literals that may stand anywhere, found by four of their units: as a text is read, the classes of the last four units
 * are kept in one number, and a filter that fits the nearest cache says no to nearly all of them. Literals of fewer
 * units are found by their last two or their only one.
 *
 * An automaton (Aho and Corasick, 1975) reads each unit once too, but SigmaHQ's 11,000 literals of command lines make it
 * 15 MB: most steps miss the caches, and cost ten times as much as these.
 */
export class Grams {
  readonly #table: LiteralTable;
  /** By the classes of two units: 1 where a literal of two or three may end there, 2 where one of a single unit does. */
  readonly #short: Uint8Array | undefined;

  constructor(literals: readonly Literal[], census?: GramCensus) {
    const crowd = new Map<number, number>();
    const keyed = literals.map((literal) => keyOf(literal, crowd, census));
    this.#table = new LiteralTable(keyed);
    const short = new Uint8Array(pairMask + 1);
    for (const { key } of keyed) {
      if (key >= singleKey) {
        for (let before = 0; before < 128; before++) short[(before << 7) | (key & singleMask)]! |= 2;
      } else if (key >= pairKey) short[key & pairMask]! |= 1;
    }
    this.#short = keyed.some(({ key }) => key >= pairKey) ? short : undefined;
  }

  /** Bytes held. */
  get size(): number {
    return this.#table.size + (this.#short?.length ?? 0);
  }

  scan(text: string, sink: LiteralSink): void {
    const { length } = text;
    if (
      length >= worthCopying &&
      length <= copied.length &&
      encoder.encodeInto(text, copied).written === length
    ) {
      this.#scanCopied(text, sink);
      return;
    }
    const table = this.#table;
    const short = this.#short;
    const { filter, filterShift } = table;
    let last = 0;
    for (let at = 0; at < length; at++) {
      last = ((last << 7) | classTable[text.charCodeAt(at)]!) & gramMask;
      const hash = spread(last);
      if ((filter[hash >>> filterShift]! & (1 << ((hash >>> (filterShift - 3)) & 7))) !== 0) {
        table.report(last, text, at + 1, sink);
      }
      if (short !== undefined && short[last & pairMask] !== 0) this.#reportShort(last, text, at + 1, sink);
    }
  }

  /** The same for a text that is all ASCII and lies in `copied`. */
  #scanCopied(text: string, sink: LiteralSink): void {
    const table = this.#table;
    const short = this.#short;
    const { filter, filterShift } = table;
    const { length } = text;
    let last = 0;
    for (let at = 0; at < length; at++) {
      last = ((last << 7) | classTable[copied[at]!]!) & gramMask;
      const hash = spread(last);
      if ((filter[hash >>> filterShift]! & (1 << ((hash >>> (filterShift - 3)) & 7))) !== 0) {
        table.report(last, text, at + 1, sink);
      }
      if (short !== undefined && short[last & pairMask] !== 0) this.#reportShort(last, text, at + 1, sink);
    }
  }

  #reportShort(last: number, text: string, at: number, sink: LiteralSink): void {
    const flags = this.#short![last & pairMask]!;
    if ((flags & 1) !== 0) this.#table.report((last & pairMask) | pairKey, text, at, sink);
    if ((flags & 2) !== 0) this.#table.report((last & singleMask) | singleKey, text, at, sink);
  }
}

/** How often each gram was seen in a field's values, so that literals can be found by their rarest. */
export class GramCensus {
  readonly #counts = new Uint16Array(1 << 14);

  see(text: string): void {
    const counts = this.#counts;
    let last = 0;
    for (let at = 0; at < text.length; at++) {
      last = ((last << 7) | classTable[text.charCodeAt(at)]!) & gramMask;
      const place = spread(last) >>> 18;
      if (counts[place]! < 0xffff) counts[place]!++;
    }
  }

  count(key: number): number {
    return this.#counts[spread(key) >>> 18]!;
  }
}

/**
 * The rarer a unit is in logs, the more it weighs. The dashes that `windash` adds lie outside ASCII: a gram that holds
 * one hardly ever costs a comparison.
 */
const weights = new Uint8Array(128).fill(8);
for (const [weight, units] of [' \\._:eainorst', 'cdlmpuw"=,()\'-/', 'bfghvyk0123456789'].entries()) {
  for (const unit of units) weights[unit.charCodeAt(0)] = 2 + 2 * weight;
}
const foreignWeight = 24;

/** The key of the literal's rarest gram that few others have; `crowd` counts how many have each. */
function keyOf(literal: Literal, crowd: Map<number, number>, census: GramCensus | undefined): Keyed {
  const { text } = literal;
  if (text.length < gram) {
    const pair = text.length > 1;
    const key = pair ? classesOf(text, text.length - 2, 2) | pairKey : classesOf(text, 0, 1) | singleKey;
    return { literal, key, back: text.length };
  }
  let best = Number.NEGATIVE_INFINITY;
  let from = 0;
  for (let at = 0; at + gram <= text.length; at++) {
    const key = classesOf(text, at, gram);
    let weight = -2 * Math.log2(1 + (crowd.get(key) ?? 0)) - 8 * Math.log2(1 + (census?.count(key) ?? 0));
    for (let unit = at; unit < at + gram; unit++) weight += weights[text.charCodeAt(unit)] ?? foreignWeight;
    if (weight > best) {
      best = weight;
      from = at;
    }
  }
  const key = classesOf(text, from, gram);
  crowd.set(key, (crowd.get(key) ?? 0) + 1);
  return { literal, key, back: from + gram };
}

function classesOf(text: string, from: number, count: number): number {
  let classes = 0;
  for (let at = from; at < from + count; at++) classes = (classes << 7) | classTable[text.charCodeAt(at)]!;
  return classes;
}
