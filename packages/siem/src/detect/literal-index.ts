import { Ends } from './literal-ends.ts';
import { type GramCensus, Grams } from './literal-grams.ts';
import type { Literal, LiteralSink } from './literal-table.ts';

/** Finds all of many literals in a text, in one pass that takes time in proportion to its length. */
export class LiteralIndex {
  readonly #grams: Grams | undefined;
  readonly #starts: Ends | undefined;
  readonly #ends: Ends | undefined;
  /** Units of the shortest literal; a shorter text holds none. */
  readonly #shortest: number;

  /** Literals are folded and not empty; `census` tells what the values are made of. */
  constructor(literals: readonly Literal[], census?: GramCensus) {
    const anywhere = literals.filter(({ start, end }) => !start && !end);
    const starts = literals.filter(({ start, end }) => start && !end);
    const ends = literals.filter(({ end }) => end);
    this.#grams = anywhere.length > 0 ? new Grams(anywhere, census) : undefined;
    this.#starts = starts.length > 0 ? new Ends(starts, false) : undefined;
    this.#ends = ends.length > 0 ? new Ends(ends, true) : undefined;
    this.#shortest = literals.reduce((least, { text }) => Math.min(least, text.length), 0x10000);
  }

  /** Bytes held by the tables. */
  get size(): number {
    return (this.#grams?.size ?? 0) + (this.#starts?.size ?? 0) + (this.#ends?.size ?? 0);
  }

  /** Tells `sink` of every literal that stands in the text as it must. */
  scan(text: string, sink: LiteralSink): void {
    if (text.length < this.#shortest) return;
    this.#starts?.scan(text, sink);
    this.#ends?.scan(text, sink);
    this.#grams?.scan(text, sink);
  }
}
