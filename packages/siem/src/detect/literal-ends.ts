import { foldTable } from '../rules/fold.ts';
import {
  type Keyed,
  KeyFilter,
  type Literal,
  LiteralPool,
  type LiteralSink,
  LiteralTable,
  spread,
} from './literal-table.ts';

/** So many units from its end of the value stand for a literal in the table. */
const most = 8;

/**
 * Literals that must begin or end the value, or be the whole of it: as many units as the longest key has are read from
 * that end, and the key of each number of them that some literal has is looked up.
 */
export class Ends {
  readonly #fromEnd: boolean;
  readonly #pool: LiteralPool;
  readonly #table: LiteralTable;
  readonly #filter: KeyFilter;
  /** A bit for each number of units that a key is made of. */
  #counts = 0;

  constructor(literals: readonly Literal[], fromEnd: boolean) {
    this.#fromEnd = fromEnd;
    const keyed = literals.map(({ text }, literal): Keyed => {
      const count = Math.min(text.length, most);
      this.#counts |= 1 << count;
      let key = 0;
      for (let index = 0; index < count; index++) {
        key = extend(key, text.charCodeAt(fromEnd ? text.length - 1 - index : index));
      }
      return { literal, key, back: fromEnd ? text.length : 0 };
    });
    this.#pool = new LiteralPool(literals);
    this.#table = new LiteralTable(this.#pool, keyed);
    this.#filter = new KeyFilter(keyed.length);
    for (const { key } of keyed) this.#filter.enter(key);
  }

  /** Bytes held. */
  get size(): number {
    return this.#pool.size + this.#table.size + this.#filter.bits.length;
  }

  scan(text: string, sink: LiteralSink): void {
    const { length } = text;
    const fromEnd = this.#fromEnd;
    const table = this.#table;
    const counts = this.#counts;
    const origin = fromEnd ? length : 0;
    const reach = Math.min(length, 31 - Math.clz32(counts));
    const { bits, shift } = this.#filter;
    let key = 0;
    for (let index = 0; index < reach; index++) {
      key = extend(key, text.charCodeAt(fromEnd ? length - 1 - index : index));
      if ((counts & (2 << index)) === 0) continue;
      const hash = spread(key);
      if ((bits[hash >>> shift]! & (1 << ((hash >>> (shift - 3)) & 7))) !== 0) {
        table.report(key, text, origin, sink);
      }
    }
  }
}

function extend(key: number, unit: number): number {
  return (Math.imul(key, 0x01000193) + foldTable[unit]! + 1) | 0;
}
