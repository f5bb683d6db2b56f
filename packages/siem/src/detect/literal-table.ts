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

/** A literal under the key of the part of it that stands for it, and how far before the end of that part it begins. */
export interface Keyed {
  readonly literal: Literal;
  readonly key: number;
  readonly back: number;
}

/**
 * The class of each UTF-16 unit, in seven bits: ASCII folds to itself, and what lies outside shares the places that the
 * capitals leave empty. Units of one class may differ: a key only says where to compare.
 */
export const classTable = Uint8Array.from(foldTable, (unit) => (unit < 128 ? unit : 65 + (unit % 26)));

/** Spreads a key over 32 bits; the upper ones are the good ones. */
export function spread(key: number): number {
  return Math.imul(key, 0x9e3779b1);
}

/** Literals by key, in typed arrays: a small filter that says no to most keys, then an open hash table. */
export class LiteralTable {
  /**
   * A bit for each key: where `filter[spread(key) >>> filterShift]` has none of `1 << (spread(key) >>> (filterShift - 3)
   * & 7)`, no literal has the key. Open to the loops that ask it at every unit.
   */
  readonly filter: Uint8Array;
  readonly filterShift: number;
  /** Four numbers a place: the key, whether the place is taken, and where its literals begin and end. */
  readonly #places: Int32Array;
  readonly #shift: number;
  readonly #ids: Int32Array;
  readonly #backs: Int32Array;
  /** Where the units of each literal begin among all of them; one more than there are literals. */
  readonly #units: Int32Array;
  readonly #pool: Uint16Array;
  /** 1 where the literal must be the whole value. */
  readonly #whole: Uint8Array;

  constructor(given: readonly Keyed[]) {
    const entries = given.toSorted((left, right) => left.key - right.key);
    const bits = Math.max(4, Math.ceil(Math.log2(entries.length + 1)) + 1);
    this.#shift = 32 - bits;
    this.#places = new Int32Array(4 << bits);
    const filterBits = Math.min(15, bits + 1);
    this.filterShift = 32 - filterBits;
    this.filter = new Uint8Array(1 << filterBits);
    this.#ids = Int32Array.from(entries, ({ literal }) => literal.id);
    this.#backs = Int32Array.from(entries, ({ back }) => back);
    this.#whole = Uint8Array.from(entries, ({ literal }) => (literal.start && literal.end ? 1 : 0));
    this.#units = new Int32Array(entries.length + 1);
    entries.forEach(({ literal }, index) => {
      this.#units[index + 1] = this.#units[index]! + literal.text.length;
    });
    this.#pool = new Uint16Array(this.#units[entries.length]!);
    entries.forEach(({ literal, key }, index) => {
      for (let at = 0; at < literal.text.length; at++) {
        this.#pool[this.#units[index]! + at] = literal.text.charCodeAt(at);
      }
      this.#enter(key, index);
    });
  }

  /** Bytes held. */
  get size(): number {
    return (
      this.filter.length +
      this.#places.byteLength +
      this.#units.byteLength +
      this.#pool.byteLength +
      9 * this.#ids.length
    );
  }

  /** Reports the literals of the key that stand in the text where the part that ends at `at` says. */
  report(key: number, text: string, at: number, sink: LiteralSink): void {
    const places = this.#places;
    const mask = places.length - 1;
    let place = (spread(key) >>> this.#shift) << 2;
    while (places[place + 1] !== 0) {
      if (places[place] === key) {
        const until = places[place + 3]!;
        for (let index = places[place + 2]!; index < until; index++) {
          if (this.#stands(index, text, at - this.#backs[index]!)) sink.hit(this.#ids[index]!);
        }
        return;
      }
      place = (place + 4) & mask;
    }
  }

  #stands(index: number, text: string, begin: number): boolean {
    const from = this.#units[index]!;
    const length = this.#units[index + 1]! - from;
    if (begin < 0 || begin + length > text.length) return false;
    if (this.#whole[index] === 1 && length !== text.length) return false;
    const pool = this.#pool;
    for (let at = 0; at < length; at++) {
      if (foldTable[text.charCodeAt(begin + at)] !== pool[from + at]) return false;
    }
    return true;
  }

  /** Entries come in the order of their keys. */
  #enter(key: number, index: number): void {
    const hash = spread(key);
    this.filter[hash >>> this.filterShift]! |= 1 << ((hash >>> (this.filterShift - 3)) & 7);
    const places = this.#places;
    let place = (hash >>> this.#shift) << 2;
    while (places[place + 1] !== 0 && places[place] !== key) place = (place + 4) & (places.length - 1);
    if (places[place + 1] === 0) {
      places[place] = key;
      places[place + 1] = 1;
      places[place + 2] = index;
    }
    places[place + 3] = index + 1;
  }
}
