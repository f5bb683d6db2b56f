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

const next = 0x7fffffff;
/**
 * Only so much of each literal goes into the table; the rest is compared where that much was seen. With whole literals
 * the table of SigmaHQ's command lines alone is 400 MB; with this much it fits a cache.
 */
const window = 8;

/** A literal with the part of it that stands for it in the table. */
interface Anchored extends Literal {
  readonly from: number;
  readonly part: string;
}

/**
 * Finds all literals in a text in one pass (Aho and Corasick, 1975), folding case as it reads. Transitions are a dense
 * table over classes of units; a negative entry says that the state reached has something to report. Literals that must
 * end the value are looked up once, in the last state.
 *
 * INVARIANT: the states are numbered breadth first, so that the shallow ones, in which most time is spent, lie together.
 */
export class Automaton {
  readonly #classes: Classes;
  readonly #width: number;
  readonly #table: Int32Array;
  readonly #inner: Outputs;
  readonly #final: Outputs;
  readonly #hasFinal: boolean;
  /** Units of the shortest literal; a shorter text holds none. */
  readonly #shortest: number;

  constructor(literals: readonly Literal[]) {
    const anchored = literals.map(choosePart);
    const classes = new Classes(anchored);
    const { width } = classes;
    const trie = buildTrie(anchored, classes);
    const { order, fail } = completeTrie(trie, width);
    const rank = new Int32Array(order.length);
    for (let index = 0; index < order.length; index++) rank[order[index]!] = index;
    const inner = trie.ends.map((ends) => ends.filter((literal) => !literal.end));
    const final = trie.ends.map((ends) => ends.filter((literal) => literal.end));
    this.#inner = new Outputs(order, rank, fail, inner);
    this.#final = new Outputs(order, rank, fail, final);
    this.#shortest = literals.reduce((least, { text }) => Math.min(least, text.length), 0x10000);
    this.#hasFinal = literals.some((literal) => literal.end);
    this.#table = new Int32Array(order.length * width);
    for (let index = 0; index < order.length; index++) {
      const from = order[index]! * width;
      for (let unit = 0; unit < width; unit++) {
        const state = rank[trie.table[from + unit]!]!;
        this.#table[index * width + unit] = (state * width) | (this.#inner.any(state) ? ~next : 0);
      }
    }
    this.#classes = classes;
    this.#width = width;
  }

  /** Bytes held by the tables. */
  get size(): number {
    return this.#table.byteLength + this.#inner.size + this.#final.size;
  }

  scan(text: string, sink: LiteralSink): void {
    const table = this.#table;
    const classes = this.#classes;
    const { ascii: own } = classes;
    const length = text.length;
    if (length < this.#shortest) return;
    let state = 0;
    for (let at = 0; at < length; at++) {
      const unit = text.charCodeAt(at);
      const entry = table[state + (unit < 128 ? own[unit]! : classes.other(unit))]!;
      state = entry & next;
      if (entry < 0) this.#inner.report((state / this.#width) | 0, text, at + 1, sink);
    }
    if (this.#hasFinal) this.#final.report((state / this.#width) | 0, text, length, sink);
  }
}

const ascii = /^\p{ASCII}*$/u;

/** What each state reports: its own literals, then those of the nearest state on its failure path that has some. */
class Outputs {
  readonly #first: Int32Array;
  readonly #link: Int32Array;
  readonly #literals: Anchored[] = [];
  readonly #ids: Int32Array;
  /** How far before the end of the part the literal begins. */
  readonly #back: Int32Array;
  /** 1: must begin the value, 2: must end it, 4: seeing its part is not seeing it. */
  readonly #checks: Uint8Array;

  constructor(order: Int32Array, rank: Int32Array, fail: Int32Array, ends: readonly (readonly Anchored[])[]) {
    const literals = this.#literals;
    this.#first = new Int32Array(order.length + 1);
    this.#link = new Int32Array(order.length).fill(-1);
    for (let state = 0; state < order.length; state++) {
      const old = order[state]!;
      this.#first[state] = literals.length;
      literals.push(...ends[old]!);
      const parent = rank[fail[old]!]!;
      if (state > 0) this.#link[state] = ends[fail[old]!]!.length > 0 ? parent : this.#link[parent]!;
    }
    this.#first[order.length] = literals.length;
    this.#ids = Int32Array.from(literals, (literal) => literal.id);
    this.#back = Int32Array.from(literals, (literal) => literal.from + literal.part.length);
    this.#checks = Uint8Array.from(
      literals,
      ({ start, end, text, part }) =>
        (start ? 1 : 0) | (end ? 2 : 0) | (part.length < text.length || !ascii.test(part) ? 4 : 0),
    );
  }

  get size(): number {
    return this.#first.byteLength + this.#link.byteLength + 9 * this.#ids.length;
  }

  any(state: number): boolean {
    return this.#first[state + 1]! > this.#first[state]! || this.#link[state]! >= 0;
  }

  report(state: number, text: string, end: number, sink: LiteralSink): void {
    for (let from = state; from >= 0; from = this.#link[from]!) {
      const last = this.#first[from + 1]!;
      for (let index = this.#first[from]!; index < last; index++) {
        const checks = this.#checks[index]!;
        if (checks === 0 || this.#stands(index, checks, text, end)) sink.hit(this.#ids[index]!);
      }
    }
  }

  #stands(index: number, checks: number, text: string, end: number): boolean {
    const begin = end - this.#back[index]!;
    if (begin < 0 || ((checks & 1) !== 0 && begin !== 0)) return false;
    const literal = this.#literals[index]!.text;
    if ((checks & 2) !== 0 ? begin + literal.length !== text.length : begin + literal.length > text.length) {
      return false;
    }
    if ((checks & 4) === 0) return true;
    for (let at = 0; at < literal.length; at++) {
      if (foldTable[text.charCodeAt(begin + at)] !== literal.charCodeAt(at)) return false;
    }
    return true;
  }
}

/**
 * The rarer a unit is in logs, the more it weighs. What `windash` varies, and what lies outside ASCII, weighs nothing: a
 * part without it is shared by all variants and adds no class.
 */
const weights = new Uint8Array(128).fill(8);
for (const [weight, units] of [' \\._:eainorst', 'cdlmpuw"=,()\'', 'bfghvyk0123456789'].entries()) {
  for (const unit of units) weights[unit.charCodeAt(0)] = 2 + 2 * weight;
}
for (const unit of '-/') weights[unit.charCodeAt(0)] = 0;

/** The end of a literal that ends the value, so that it is looked up once; else its rarest stretch. */
function choosePart(literal: Literal): Anchored {
  const { text } = literal;
  if (text.length <= window) return { ...literal, from: 0, part: text };
  let from = text.length - window;
  if (!literal.end) {
    let best = -1;
    for (let at = 0; at + window <= text.length; at++) {
      let weight = 0;
      for (let unit = at; unit < at + window; unit++) weight += weights[text.charCodeAt(unit)] ?? 0;
      if (weight > best) {
        best = weight;
        from = at;
      }
    }
  }
  return { ...literal, from, part: text.slice(from, from + window) };
}

/** Units beyond ASCII share so many classes: one rule against look-alike letters would otherwise bring 1,300. */
const sharedClasses = 32;

/** The class of each folded unit that occurs in a part; 0 is the rest. */
class Classes {
  readonly width: number;
  /** Of each ASCII unit, as it stands in the text. */
  readonly ascii = new Uint8Array(128);
  readonly #others: ReadonlyMap<number, number>;

  constructor(literals: readonly Anchored[]) {
    const units = new Set<number>();
    for (const { part } of literals) {
      for (let at = 0; at < part.length; at++) units.add(part.charCodeAt(at));
    }
    const own = [...units].filter((unit) => unit < 128);
    const others = [...units].filter((unit) => unit >= 128);
    const classOf = new Map(own.map((unit, index) => [unit, index + 1]));
    for (let unit = 0; unit < 128; unit++) this.ascii[unit] = classOf.get(foldTable[unit]!) ?? 0;
    this.#others = new Map(others.map((unit) => [unit, own.length + 1 + (unit % sharedClasses)]));
    this.width = own.length + 1 + (others.length > 0 ? sharedClasses : 0);
  }

  /** Of a unit beyond ASCII, which may fold into it (the Kelvin sign). */
  other(unit: number): number {
    const folded = foldTable[unit]!;
    return folded < 128 ? this.ascii[folded]! : (this.#others.get(folded) ?? 0);
  }

  of(unit: number): number {
    return unit < 128 ? this.ascii[unit]! : this.other(unit);
  }
}

interface Trie {
  readonly table: Int32Array;
  readonly ends: Anchored[][];
}

function buildTrie(literals: readonly Anchored[], classes: Classes): Trie {
  const { width } = classes;
  const total = literals.reduce((sum, literal) => sum + literal.part.length, 1);
  const table = new Int32Array(total * width);
  const ends: Anchored[][] = [[]];
  for (const literal of literals) {
    let state = 0;
    for (let at = 0; at < literal.part.length; at++) {
      const slot = state * width + classes.of(literal.part.charCodeAt(at));
      if (table[slot] === 0) table[slot] = ends.push([]) - 1;
      state = table[slot]!;
    }
    ends[state]!.push(literal);
  }
  return { table, ends };
}

/** Fills in every transition by way of the failure links; returns the states breadth first, and the links. */
function completeTrie({ table, ends }: Trie, width: number): { order: Int32Array; fail: Int32Array } {
  const order = new Int32Array(ends.length);
  const fail = new Int32Array(ends.length);
  let tail = 1;
  for (let head = 0; head < tail; head++) {
    const state = order[head]!;
    for (let unit = 0; unit < width; unit++) {
      const target = table[state * width + unit]!;
      const fallback = state === 0 ? 0 : table[fail[state]! * width + unit]!;
      if (target === 0) table[state * width + unit] = fallback;
      else {
        fail[target] = fallback;
        order[tail++] = target;
      }
    }
  }
  return { order, fail };
}
