import { foldTable } from '../rules/fold.ts';
import {
  type Keyed,
  KeyFilter,
  type Literal,
  type LiteralSink,
  LiteralTable,
  spread,
} from './literal-table.ts';

/** So many units are read at once, as the bytes of one number. */
const wordUnits = 4;
/** Literals of so many units hold a whole word wherever they stand. */
const long = 2 * wordUnits - 1;

/**
 * The byte that each UTF-16 unit is read as, folded first: ASCII as itself, and what lies outside as a control character,
 * which logs have few of.
 */
const byteOf = Uint8Array.from(foldTable, (unit) => (unit < 128 ? unit : unit & 31));
/** Folds the case of four bytes at once, and some signs into one another: a key only says where to compare. */
const rough = 0x20202020;
/** All that a byte can be after that. */
const roughBytes = Array.from({ length: 128 }, (_, byte) => byte).filter((byte) => (byte & 0x20) !== 0);

const encoder = new TextEncoder();
const bytes = new Uint8Array(16 * 1024);
const words = new Int32Array(bytes.buffer);

/**
 * Copies the text for `Words.scanCopied`; false, where it is not all ASCII or too long. Texts are mostly slices of slices,
 * whose units take long to reach one by one.
 */
export function copyAscii(text: string): boolean {
  const { length } = text;
  if (length > bytes.length - wordUnits || encoder.encodeInto(text, bytes).written !== length) return false;
  bytes[length] = 0;
  bytes[length + 1] = 0;
  bytes[length + 2] = 0;
  return true;
}

/**
 * Literals that may stand anywhere. The text is read as words of four units, one after the other without overlap, and a
 * filter that fits the nearest cache says no to nearly all of them. A literal of seven units holds one of four words,
 * whichever way it lies across them; of shorter ones the filter knows every word that can hold three of their units, and
 * a second one the two units on either side of where two words meet. Only literals of one or two units are looked for
 * at each unit.
 *
 * An automaton (Aho and Corasick, 1975) reads each unit, and SigmaHQ's 11,000 literals of command lines make it 15 MB:
 * most steps miss the caches.
 */
export class Words {
  readonly #filter: KeyFilter;
  readonly #whole: LiteralTable;
  /** By the lower three units of a word, and by the upper three. */
  readonly #lower: LiteralTable | undefined;
  readonly #upper: LiteralTable | undefined;
  /** By the last unit of a word and the first of the next. */
  readonly #across: LiteralTable | undefined;
  readonly #acrossFilter: KeyFilter | undefined;
  /** By two units: 2 where one literal is both, 1 where one is the second. */
  readonly #pairs: Uint8Array | undefined;
  readonly #short: LiteralTable | undefined;

  constructor(literals: readonly Literal[], census?: WordCensus) {
    const whole: Keyed[] = [];
    const lower: Keyed[] = [];
    const upper: Keyed[] = [];
    const across: Keyed[] = [];
    const short: Keyed[] = [];
    const crowd = new Map<number, number>();
    for (const literal of literals) {
      const { text } = literal;
      const { length } = text;
      const at = (from: number, back = from, units = wordUnits): Keyed => ({
        literal,
        key: keyOf(text, from, units),
        back,
      });
      if (length >= long) {
        const from = rarest(text, crowd, census);
        for (let word = from; word < from + wordUnits; word++) whole.push(at(word));
      } else if (length > 2) {
        for (let word = 0; word + wordUnits <= length; word++) whole.push(at(word));
        upper.push(at(0, -1, 3));
        if (length === 5) lower.push(at(2, 2, 3));
        if (length === 4) lower.push(at(1, 1, 3));
        if (length === 3) lower.push(at(0, 0, 3));
        if (length < 5) across.push(at(1, 2, 2));
        if (length === 3) across.push(at(0, 1, 2));
      } else short.push(at(Math.max(0, length - 2), length, length));
    }
    this.#whole = new LiteralTable(whole);
    this.#lower = lower.length > 0 ? new LiteralTable(lower) : undefined;
    this.#upper = upper.length > 0 ? new LiteralTable(upper) : undefined;
    this.#across = across.length > 0 ? new LiteralTable(across) : undefined;
    this.#filter = new KeyFilter(whole.length + roughBytes.length * (lower.length + upper.length));
    for (const { key } of whole) this.#filter.enter(key);
    for (const byte of roughBytes) {
      for (const { key } of lower) this.#filter.enter(key | (byte << 24));
      for (const { key } of upper) this.#filter.enter((key << 8) | byte);
    }
    this.#acrossFilter = across.length > 0 ? new KeyFilter(across.length) : undefined;
    for (const { key } of across) this.#acrossFilter!.enter(key);
    this.#short = short.length > 0 ? new LiteralTable(short) : undefined;
    this.#pairs = this.#short && pairsOf(short);
  }

  /** Bytes held. */
  get size(): number {
    const tables = [this.#whole, this.#lower, this.#upper, this.#across, this.#short];
    const filters =
      this.#filter.bits.length + (this.#acrossFilter?.bits.length ?? 0) + (this.#pairs?.length ?? 0);
    return tables.reduce((sum, table) => sum + (table?.size ?? 0), filters);
  }

  /** Tells `sink` of every literal in the text that `copyAscii` copied last. */
  scanCopied(text: string, sink: LiteralSink): void {
    const { length } = text;
    const { bits, shift } = this.#filter;
    const across = this.#acrossFilter !== undefined;
    let before = rough;
    for (let at = 0; at < length; at += wordUnits) {
      const word = words[at >>> 2]! | rough;
      const hash = spread(word);
      if ((bits[hash >>> shift]! & (1 << ((hash >>> (shift - 3)) & 7))) !== 0)
        this.#report(word, text, at, sink);
      if (across) {
        this.#lookAcross(before, word, text, at, sink);
        before = word;
      }
    }
    const pairs = this.#pairs;
    if (pairs === undefined) return;
    let pair = 0;
    for (let at = 0; at < length; at++) {
      pair = pairAfter(pair, bytes[at]!);
      if (pairs[pair] !== 0) this.#reportShort(text, at + 1, sink);
    }
  }

  /** The same for any text, unit by unit. Returns whether some unit lies outside of ASCII. */
  scan(text: string, sink: LiteralSink): boolean {
    const { length } = text;
    const { bits, shift } = this.#filter;
    const across = this.#acrossFilter !== undefined;
    const pairs = this.#pairs;
    let before = rough;
    let pair = 0;
    let seen = 0;
    for (let at = 0; at < length; at += wordUnits) {
      const end = Math.min(at + wordUnits, length);
      let word = rough;
      for (let unit = at; unit < end; unit++) {
        const code = text.charCodeAt(unit);
        const byte = byteOf[code]!;
        seen |= code;
        word |= byte << ((unit & 3) << 3);
        if (pairs === undefined) continue;
        pair = pairAfter(pair, byte);
        if (pairs[pair] !== 0) this.#reportShort(text, unit + 1, sink);
      }
      const hash = spread(word);
      if ((bits[hash >>> shift]! & (1 << ((hash >>> (shift - 3)) & 7))) !== 0)
        this.#report(word, text, at, sink);
      if (across) {
        this.#lookAcross(before, word, text, at, sink);
        before = word;
      }
    }
    return seen > 127;
  }

  #report(word: number, text: string, at: number, sink: LiteralSink): void {
    this.#whole.report(word, text, at, sink);
    this.#lower?.report(word & 0xffffff, text, at, sink);
    this.#upper?.report(word >>> 8, text, at, sink);
  }

  #lookAcross(before: number, word: number, text: string, at: number, sink: LiteralSink): void {
    const { bits, shift } = this.#acrossFilter!;
    const key = (before >>> 24) | ((word & 0xff) << 8);
    const hash = spread(key);
    if ((bits[hash >>> shift]! & (1 << ((hash >>> (shift - 3)) & 7))) !== 0)
      this.#across!.report(key, text, at, sink);
  }

  #reportShort(text: string, end: number, sink: LiteralSink): void {
    const last = byteOf[text.charCodeAt(end - 1)]! | 0x20;
    this.#short!.report(last, text, end, sink);
    if (end < 2) return;
    const key = byteOf[text.charCodeAt(end - 2)]! | 0x20 | (last << 8);
    this.#short!.report(key, text, end, sink);
  }
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

/** The last two bytes, six bits of each. */
function pairAfter(pair: number, byte: number): number {
  return ((pair << 6) & 0xfff) | (byte & 0x1f) | ((byte & 0x40) >>> 1);
}

function pairsOf(short: readonly Keyed[]): Uint8Array {
  const pairs = new Uint8Array(1 << 12);
  for (const { literal } of short) {
    const units = Array.from(literal.text, (unit) => byteOf[unit.charCodeAt(0)]!);
    const pair = units.reduce(pairAfter, 0);
    if (units.length === 2) pairs[pair] = 1;
    else for (let before = 0; before < 64; before++) pairs[(before << 6) | pair] = 1;
  }
  return pairs;
}
