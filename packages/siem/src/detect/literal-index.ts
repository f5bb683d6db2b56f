import { Ends } from './literal-ends.ts';
import type { Literal, LiteralSink } from './literal-table.ts';
import { copyAscii, Words } from './literal-words.ts';
import type { WordCensus } from './word-keys.ts';

/** From some length on it pays to copy a text before it is read. */
const worthCopying = 24;

/** Finds all of many literals in a text, in one pass that takes time in proportion to its length. */
export class LiteralIndex {
  readonly #starts: Ends | undefined;
  readonly #ends: Ends | undefined;
  /** Those that may stand anywhere: the ASCII ones, and the others, which no ASCII text holds. */
  readonly #plain: Words | undefined;
  readonly #foreign: Words | undefined;
  /** Units of the shortest literal, and of the shortest that may stand anywhere; a shorter text holds none. */
  readonly #shortest: number;
  readonly #shortestInside: number;
  /** Whether some literal may stand in a number. */
  readonly #numeric: boolean;

  /**
   * Literals are folded and not empty; `census` tells what the values are made of. Yields now and then, so that others
   * can work.
   */
  static *building(literals: readonly Literal[], census?: WordCensus): Generator<void, LiteralIndex, void> {
    const inside = literals.filter(isInside);
    const foreign = inside.filter((literal) => !isAscii(literal));
    const plain = yield* Words.building(inside.filter(isAscii), census);
    if (foreign.length === 0) return new LiteralIndex(literals, plain, undefined);
    return new LiteralIndex(literals, plain, yield* Words.building(foreign, census));
  }

  private constructor(literals: readonly Literal[], plain: Words, foreign: Words | undefined) {
    const inside = literals.filter(isInside);
    const starts = literals.filter(({ start, end }) => start && !end);
    const ends = literals.filter(({ end }) => end);
    this.#plain = inside.length > 0 ? plain : undefined;
    this.#foreign = foreign;
    this.#starts = starts.length > 0 ? new Ends(starts, false) : undefined;
    this.#ends = ends.length > 0 ? new Ends(ends, true) : undefined;
    this.#shortest = shortestOf(literals);
    this.#shortestInside = shortestOf(inside);
    this.#numeric = literals.some(({ text }) => numberUnits.test(text));
  }

  /** Bytes held by the tables. */
  get size(): number {
    const parts = [this.#plain, this.#foreign, this.#starts, this.#ends];
    return parts.reduce((sum, part) => sum + (part?.size ?? 0), 0);
  }

  /** The same for a number as it is written. */
  scanNumber(value: number, sink: LiteralSink): void {
    if (this.#numeric) this.scan(String(value), sink);
  }

  /** Tells `sink` of every literal that stands in the text as it must. */
  scan(text: string, sink: LiteralSink): void {
    const { length } = text;
    if (length < this.#shortest) return;
    this.#starts?.scan(text, sink);
    this.#ends?.scan(text, sink);
    const plain = this.#plain;
    if (plain === undefined || length < this.#shortestInside) return;
    if (length >= worthCopying && copyAscii(text)) plain.scanCopied(text, sink);
    else if (plain.scan(text, sink)) this.#foreign?.scan(text, sink);
  }
}

/** What a number can be written with. */
const numberUnits = /^[-+.0-9einfaty]*$/;

function shortestOf(literals: readonly Literal[]): number {
  return literals.reduce((least, { text }) => Math.min(least, text.length), 0x10000);
}

function isInside({ start, end }: Literal): boolean {
  return !start && !end;
}

function isAscii({ text }: Literal): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 127) return false;
  return true;
}
