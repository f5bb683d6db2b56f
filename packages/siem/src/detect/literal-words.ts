import {
  type Keyed,
  KeyFilter,
  type Literal,
  LiteralPool,
  type LiteralSink,
  LiteralTable,
  spread,
} from './literal-table.ts';
import { byteOf, keying, rough, type WordCensus, type WordKeys, wordUnits } from './word-keys.ts';

/** All that a byte can be once it is folded roughly. */
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
  readonly #pool: LiteralPool;
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

  /** Yields now and then, so that others can work. */
  static *building(literals: readonly Literal[], census?: WordCensus): Generator<void, Words, void> {
    const keys = yield* keying(literals, census);
    const pool = new LiteralPool(literals);
    yield;
    const whole = new LiteralTable(pool, keys.whole);
    yield;
    return new Words(pool, keys, whole);
  }

  private constructor(pool: LiteralPool, keys: WordKeys, whole: LiteralTable) {
    const { lower, upper, across, short } = keys;
    const tableOf = (keyed: readonly Keyed[]) => {
      return keyed.length > 0 ? new LiteralTable(pool, keyed) : undefined;
    };
    this.#pool = pool;
    this.#whole = whole;
    this.#lower = tableOf(lower);
    this.#upper = tableOf(upper);
    this.#across = tableOf(across);
    this.#short = tableOf(short);
    this.#filter = new KeyFilter(keys.whole.length + roughBytes.length * (lower.length + upper.length));
    for (const { key } of keys.whole) this.#filter.enter(key);
    for (const byte of roughBytes) {
      for (const { key } of lower) this.#filter.enter(key | (byte << 24));
      for (const { key } of upper) this.#filter.enter((key << 8) | byte);
    }
    this.#acrossFilter = across.length > 0 ? new KeyFilter(across.length) : undefined;
    for (const { key } of across) this.#acrossFilter!.enter(key);
    this.#pairs = short.length > 0 ? pairsOf(short) : undefined;
  }

  /** Bytes held. */
  get size(): number {
    const tables = [this.#pool, this.#whole, this.#lower, this.#upper, this.#across, this.#short];
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

/** The last two bytes, six bits of each. */
function pairAfter(pair: number, byte: number): number {
  return ((pair << 6) & 0xfff) | (byte & 0x1f) | ((byte & 0x40) >>> 1);
}

/** Keys of one unit or two. */
function pairsOf(short: readonly Keyed[]): Uint8Array {
  const pairs = new Uint8Array(1 << 12);
  for (const { key } of short) {
    const first = pairAfter(0, key & 0xff);
    if (key > 0xff) pairs[pairAfter(first, key >>> 8)] = 1;
    else for (let before = 0; before < 64; before++) pairs[(before << 6) | first] = 1;
  }
  return pairs;
}
