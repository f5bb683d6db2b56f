import { foldTable } from '../rules/fold.ts';

/** A folded literal, where in the value it must stand, and the number that is told when it is seen. */
export interface Literal {
  readonly text: string;
  readonly start: boolean;
  readonly end: boolean;
  readonly id: number;
}

/** Told each literal that was seen, possibly more than once. */
export interface LiteralSink {
  hit(id: number): void;
}

/** A literal, by its number in a pool, under the key of a part of it, and how far before that part it begins. */
export interface Keyed {
  readonly literal: number;
  readonly key: number;
  readonly back: number;
}

/** Spreads a key over 32 bits; the upper ones are the good ones. */
export function spread(key: number): number {
  return Math.imul(key, 0x9e3779b1);
}

/**
 * A bit for each key: where `bits[spread(key) >>> shift]` has none of `1 << ((spread(key) >>> (shift - 3)) & 7)`, the key
 * was not entered. Open to the loops that ask it at every step.
 */
export class KeyFilter {
  readonly bits: Uint8Array;
  readonly shift: number;

  /** For so many keys. At most 32 KB, which is what the nearest cache holds. */
  constructor(keys: number) {
    const size = Math.min(15, Math.max(5, Math.ceil(Math.log2(keys + 1)) + 1));
    this.bits = new Uint8Array(1 << size);
    this.shift = 32 - size;
  }

  enter(key: number): void {
    const hash = spread(key);
    this.bits[hash >>> this.shift]! |= 1 << ((hash >>> (this.shift - 3)) & 7);
  }
}

/** The texts of literals, in one array. */
export class LiteralPool {
  readonly ids: Int32Array;
  /** Where the units of each literal begin among all of them; one more than there are literals. */
  readonly #starts: Int32Array;
  readonly #units: Uint16Array;
  /** 1 where the literal must be the whole value. */
  readonly #whole: Uint8Array;

  constructor(literals: readonly Literal[]) {
    this.ids = Int32Array.from(literals, ({ id }) => id);
    this.#whole = Uint8Array.from(literals, ({ start, end }) => (start && end ? 1 : 0));
    this.#starts = new Int32Array(literals.length + 1);
    literals.forEach(({ text }, index) => {
      this.#starts[index + 1] = this.#starts[index]! + text.length;
    });
    this.#units = new Uint16Array(this.#starts[literals.length]!);
    literals.forEach(({ text }, index) => {
      const from = this.#starts[index]!;
      for (let at = 0; at < text.length; at++) this.#units[from + at] = text.charCodeAt(at);
    });
  }

  /** Bytes held. */
  get size(): number {
    return this.#starts.byteLength + this.#units.byteLength + 5 * this.ids.length;
  }

  /** Whether the literal of that number begins at `begin` in the text. */
  stands(literal: number, text: string, begin: number): boolean {
    const from = this.#starts[literal]!;
    const length = this.#starts[literal + 1]! - from;
    if (begin < 0 || begin + length > text.length) return false;
    if (this.#whole[literal] === 1 && length !== text.length) return false;
    const units = this.#units;
    for (let at = 0; at < length; at++) {
      if (foldTable[text.charCodeAt(begin + at)] !== units[from + at]) return false;
    }
    return true;
  }
}

/** Literals of a pool by key, in typed arrays: an open hash table. A literal may stand under several keys. */
export class LiteralTable {
  readonly #pool: LiteralPool;
  /** Four numbers a place: the key, whether the place is taken, and where its entries begin and end. */
  readonly #places: Int32Array;
  readonly #shift: number;
  /** By entry: which literal, and how far before the part of the key it begins. */
  readonly #literals: Int32Array;
  readonly #backs: Int32Array;

  constructor(pool: LiteralPool, entries: readonly Keyed[]) {
    this.#pool = pool;
    const bits = Math.max(4, Math.ceil(Math.log2(entries.length + 1)) + 1);
    this.#shift = 32 - bits;
    this.#places = new Int32Array(4 << bits);
    this.#literals = new Int32Array(entries.length);
    this.#backs = new Int32Array(entries.length);
    // Sorted as numbers of 53 bits, a key and a place below it: without calling back for each comparison.
    const sorted = Float64Array.from(entries, ({ key }, index) => key * 2 ** 21 + index).sort();
    sorted.forEach((number, entry) => {
      const { key, literal, back } = entries[number - Math.floor(number / 2 ** 21) * 2 ** 21]!;
      this.#literals[entry] = literal;
      this.#backs[entry] = back;
      this.#enter(key, entry);
    });
  }

  /** Bytes held. */
  get size(): number {
    return this.#places.byteLength + 8 * this.#literals.length;
  }

  /** Reports the literals of the key that stand in the text where the part at `at` says. */
  report(key: number, text: string, at: number, sink: LiteralSink): void {
    const places = this.#places;
    const mask = places.length - 1;
    let place = (spread(key) >>> this.#shift) << 2;
    while (places[place + 1] !== 0) {
      if (places[place] === key) {
        const pool = this.#pool;
        const until = places[place + 3]!;
        for (let entry = places[place + 2]!; entry < until; entry++) {
          const literal = this.#literals[entry]!;
          if (pool.stands(literal, text, at - this.#backs[entry]!)) sink.hit(pool.ids[literal]!);
        }
        return;
      }
      place = (place + 4) & mask;
    }
  }

  /** Entries come in the order of their keys. */
  #enter(key: number, entry: number): void {
    const places = this.#places;
    let place = (spread(key) >>> this.#shift) << 2;
    while (places[place + 1] !== 0 && places[place] !== key) place = (place + 4) & (places.length - 1);
    if (places[place + 1] === 0) {
      places[place] = key;
      places[place + 1] = 1;
      places[place + 2] = entry;
    }
    places[place + 3] = entry + 1;
  }
}
