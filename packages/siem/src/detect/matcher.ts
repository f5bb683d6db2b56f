// One file because plan, scan and evaluation share the arrays of the hot path, which are private to the matcher.
import type { Event, FieldValue } from '@kydai/contracts';
import type { Expression, FieldSource } from '../rules/expression.ts';
import { fold } from '../rules/fold.ts';
import { LiteralIndex } from './literal-index.ts';
import type { Literal, LiteralSink } from './literal-table.ts';
import { WordCensus } from './literal-words.ts';
import { guessFrequency, necessarySet, order, type PlanNode } from './plan.ts';
import { eachPredicate, fieldKey, predicateKey, prepare, type Question } from './predicates.ts';
import { holds, writeProgram } from './program.ts';
import type { EvaluationContext } from './reference.ts';
import { keywordTexts, readSource, searchesRaw, textsOfValue } from './values.ts';

const yes = 1;
const maybe = 2;
const no = 3;
const answers = 4;
/** How a question is answered: by asking it, by the indexes alone, or by asking once they have seen a literal of it. */
const askIt = 0;
const seenIsYes = 1;
const askWhenSeen = 2;
/** After so many events the plan is made again from what was seen; results do not change, only the work. */
const replanAt = [2_000, 50_000];
/** Of every so many events the values are looked at for the next plan. */
const censusEvery = 8;
/** So many fields of an event are expected where they were in the one before. */
const mostPlaces = 64;
const worthComparing = 24;
/** Values are kept of no longer lines: whoever keeps a part of one keeps the whole. */
const mostKept = 4096;
/** A literal seen in a larger share of the events than this, which wakes no rule, is looked for only when it is asked. */
const commonShare = 0.02;
/** And so is one that fewer events than this would lead to; short ones cost more to look for. */
const askedShare = 0.001;
const askedShareOfShort = 0.02;

interface Target {
  readonly slot: number;
  readonly rank: number;
}

interface Slot {
  readonly field: FieldSource;
  census: WordCensus | undefined;
}

/**
 * All rules of one stream, compiled together. One pass over each field's value finds every literal of every rule; a
 * literal seen answers its questions or makes them worth asking, and wakes the rules whose necessary set it belongs to.
 * Only those are evaluated.
 *
 * INVARIANT: the rules that `match` returns are those whose expression `evaluate` (reference.ts) finds true.
 */
export class Matcher implements LiteralSink {
  readonly #context: EvaluationContext;
  readonly #questions: Question[] = [];
  readonly #slotOf: number[] = [];
  readonly #ways: Uint8Array;
  readonly #marks: Int32Array;
  readonly #hits: Float64Array;
  readonly #frequencies: Float64Array;
  readonly #plans: PlanNode[];
  readonly #slots: Slot[] = [];
  #literals: (LiteralIndex | undefined)[] = [];
  readonly #bySource = new Map<string, Target[]>();
  /** Values in no slot, which only keywords look at. */
  readonly #rest: FieldValue[] = [];
  #resting = 0;
  readonly #builtin: { slot: number; rank: number; source: string }[] = [];
  readonly #values: (FieldValue | undefined)[];
  /** The slots that have a value. */
  readonly #filled: Int32Array;
  #filling = 0;
  /** By their place in the event before: the names of fields, and where they belong. */
  readonly #names: string[] = [];
  readonly #targets: (readonly Target[] | undefined)[] = [];
  #place = 0;
  /** The last value of each slot, and of each place among the rest, in which no literal was seen. */
  readonly #quiet: (FieldValue | undefined)[];
  #quietRest: FieldValue[] = [];
  #hitting = 0;
  readonly #ranks: Uint8Array;
  /** Folded values by slot, made when they are asked for. */
  readonly #folded: (string | undefined)[];
  #keywords: LiteralIndex | undefined;
  readonly #searchesAll: boolean;
  /** True where keywords may stand anywhere in a text, so that what holds a text holds its keywords. */
  readonly #floating: boolean;
  readonly #woken: Int32Array;
  readonly #candidates: Int32Array;
  #triggers: Int32Array[] = [];
  #always: Int32Array = new Int32Array(0);
  /** The programs of all rules, and where each begins. */
  #code: Int32Array = new Int32Array(0);
  #starts: Int32Array = new Int32Array(0);
  #count = 0;
  #epoch = 0;
  #base = 0;
  #event!: Event;
  #texts: readonly string[] | undefined;
  #seen = 0;
  #evaluated = 0;
  #replans = 0;

  constructor(expressions: readonly Expression[], context: EvaluationContext) {
    this.#context = context;
    const byKey = new Map<string, number>();
    for (const expression of expressions) {
      eachPredicate(expression, (predicate) => {
        const key = predicateKey(predicate);
        if (byKey.has(key)) return;
        byKey.set(key, this.#questions.length);
        this.#slotOf.push(predicate.field === undefined ? -1 : this.#slot(predicate.field));
        this.#questions.push(prepare(predicate));
      });
    }
    this.#plans = expressions.map((expression) => planOf(expression, byKey));
    this.#ways = new Uint8Array(this.#questions.length);
    this.#marks = new Int32Array(this.#questions.length);
    this.#hits = new Float64Array(this.#questions.length);
    this.#frequencies = Float64Array.from(this.#questions, guessFrequency);
    this.#values = new Array(this.#slots.length).fill(undefined);
    this.#folded = new Array(this.#slots.length).fill(undefined);
    this.#quiet = new Array(this.#slots.length).fill(undefined);
    this.#filled = new Int32Array(this.#slots.length);
    this.#ranks = new Uint8Array(this.#slots.length);
    this.#woken = new Int32Array(expressions.length);
    this.#candidates = new Int32Array(expressions.length);
    this.#searchesAll = this.#slotOf.includes(-1);
    this.#floating = this.#questions.every(
      ({ clues }, id) => this.#slotOf[id] !== -1 || !clues?.some(({ start, end }) => start || end),
    );
    this.#plan();
    this.#slots.forEach((slot, index) => {
      slot.census = this.#literals[index] && new WordCensus();
    });
  }

  /** Bytes held by the automata, rules tried per event so far, and rules that are tried on every event. */
  stats(): {
    readonly bytes: number;
    readonly candidates: number;
    readonly always: number;
    readonly seen: number;
  } {
    const bytes = [...this.#literals, this.#keywords].reduce((sum, index) => sum + (index?.size ?? 0), 0);
    return { bytes, candidates: this.#evaluated / this.#seen, always: this.#always.length, seen: this.#seen };
  }

  /** Appends the numbers of the expressions that hold of the event to `found`, in rising order. */
  match(event: Event, found: number[]): void {
    this.#begin(event);
    for (let index = 0; index < this.#filling; index++) {
      const slot = this.#filled[index]!;
      const literals = this.#literals[slot];
      const value = this.#values[slot]!;
      if (literals === undefined || value === this.#quiet[slot]) continue;
      const hits = this.#hitting;
      this.#scan(literals, value);
      if (hits === this.#hitting && event.raw.length <= mostKept) this.#quiet[slot] = value;
    }
    if (this.#keywords) this.#scanForKeywords(this.#keywords, event);
    const before = found.length;
    const always = this.#always;
    for (let index = 0; index < always.length; index++) {
      const rule = always[index]!;
      if (this.#decide(this.#starts[rule]!)) found.push(rule);
    }
    for (let index = 0; index < this.#count; index++) {
      const rule = this.#candidates[index]!;
      if (this.#decide(this.#starts[rule]!)) found.push(rule);
    }
    if (found.length - before > 1) {
      const sorted = found.splice(before).sort((left, right) => left - right);
      for (const rule of sorted) found.push(rule);
    }
    this.#evaluated += this.#count + always.length;
    this.#seen++;
    if (this.#replans === replanAt.length) return;
    if (this.#seen % censusEvery === 0) this.#takeCensus();
    if (this.#seen === replanAt[this.#replans]) this.#replan();
  }

  /** Called by the automata. */
  hit(question: number): void {
    this.#hitting++;
    if (this.#marks[question]! > this.#base) return;
    this.#marks[question] = this.#base + (this.#ways[question] === seenIsYes ? yes : maybe);
    this.#hits[question]!++;
    const rules = this.#triggers[question]!;
    for (let index = 0; index < rules.length; index++) {
      const rule = rules[index]!;
      if (this.#woken[rule] === this.#epoch) continue;
      this.#woken[rule] = this.#epoch;
      this.#candidates[this.#count++] = rule;
    }
  }

  #begin(event: Event): void {
    if (++this.#epoch >= 0x1fffffff) {
      this.#epoch = 1;
      this.#marks.fill(0);
      this.#woken.fill(0);
    }
    this.#base = this.#epoch * answers;
    this.#event = event;
    this.#texts = undefined;
    this.#count = 0;
    for (let index = 0; index < this.#filling; index++) {
      const slot = this.#filled[index]!;
      this.#values[slot] = undefined;
      this.#folded[slot] = undefined;
    }
    this.#filling = 0;
    this.#resting = 0;
    this.#place = 0;
    event.fields.forEach(this.#take);
    const builtin = this.#builtin;
    for (let index = 0; index < builtin.length; index++) {
      const { slot, rank, source } = builtin[index]!;
      const before = this.#values[slot];
      if (before !== undefined && this.#ranks[slot]! <= rank) continue;
      const value = readSource(event, source) ?? undefined;
      if (before === undefined && value !== undefined) this.#filled[this.#filling++] = slot;
      this.#values[slot] = value;
      this.#ranks[slot] = rank;
    }
  }

  /** Takes one field of the event. Most events have the fields of the one before, in the same order. */
  readonly #take = (value: FieldValue | undefined, name: string): void => {
    const place = this.#place++;
    if (value === null || value === undefined) return;
    let targets: readonly Target[] | undefined;
    if (this.#names[place] === name) targets = this.#targets[place];
    else {
      targets = this.#bySource.get(name);
      if (place < mostPlaces) {
        this.#names[place] = name;
        this.#targets[place] = targets;
      }
    }
    if (targets === undefined) {
      if (this.#searchesAll) this.#rest[this.#resting++] = value;
      return;
    }
    for (let index = 0; index < targets.length; index++) this.#put(targets[index]!, value);
  };

  /** Puts the value into the slot unless a better source has filled it. */
  #put({ slot, rank }: Target, value: FieldValue): void {
    const before = this.#values[slot];
    let kept = value;
    let lost = before;
    if (before !== undefined && this.#ranks[slot]! <= rank) {
      kept = before;
      lost = value;
    } else this.#ranks[slot] = rank;
    if (before === undefined) this.#filled[this.#filling++] = slot;
    this.#values[slot] = kept;
    // The slots' automata know the keywords too; what is in no slot is scanned for them apart.
    if (this.#searchesAll && lost !== undefined) this.#rest[this.#resting++] = lost;
  }

  #scan(literals: LiteralIndex, value: FieldValue): void {
    if (typeof value === 'string') literals.scan(value, this);
    else if (typeof value === 'number') literals.scanNumber(value, this);
    else for (const text of textsOfValue(value)) literals.scan(text, this);
  }

  #scanForKeywords(keywords: LiteralIndex, event: Event): void {
    const { raw } = event;
    const whole = searchesRaw(event);
    if (whole) keywords.scan(raw, this);
    const read = whole && this.#floating;
    const kept = raw.length <= mostKept;
    for (let index = 0; index < this.#resting; index++) {
      const value = this.#rest[index]!;
      if (value === this.#quietRest[index]) continue;
      if (typeof value === 'string' && value.length >= worthComparing) {
        // The message of a line is most of it, and was read with it. (Comparing a slice is what costs least.)
        if (!read || raw.slice(-value.length) !== value) keywords.scan(value, this);
        continue;
      }
      const hits = this.#hitting;
      this.#scan(keywords, value);
      if (hits === this.#hitting && kept && index < mostPlaces) this.#quietRest[index] = value;
    }
  }

  /** Walks a rule's program from where it begins. */
  #decide(start: number): boolean {
    const code = this.#code;
    const marks = this.#marks;
    const ways = this.#ways;
    const base = this.#base;
    let at = start;
    while (at >= 0) {
      const question = code[at]!;
      const mark = marks[question]! - base;
      let answer = mark === yes;
      if (!answer && mark !== no) {
        const way = ways[question]!;
        if (way === askIt || (way === askWhenSeen && mark === maybe)) {
          answer = this.#ask(this.#questions[question]!, this.#slotOf[question]!);
          marks[question] = base + (answer ? yes : no);
        }
      }
      at = code[answer ? at + 1 : at + 2]!;
    }
    return at === holds;
  }

  #ask(question: Question, slot: number): boolean {
    if (slot < 0) {
      this.#texts ??= keywordTexts(this.#event);
      return question.ask(this.#texts, this.#event, this.#context);
    }
    const value = this.#values[slot];
    const { predicate } = question;
    if (predicate.kind === 'exists') return (value !== undefined) === predicate.there;
    if (value === undefined) return false;
    const { test } = question;
    if (test === undefined || typeof value !== 'string') {
      return question.ask(value, this.#event, this.#context);
    }
    return test(question.folded ? this.#foldedValue(slot, value) : value);
  }

  #foldedValue(slot: number, value: string): string {
    const known = this.#folded[slot];
    if (known !== undefined) return known;
    const folded = fold(value);
    this.#folded[slot] = folded;
    return folded;
  }

  #slot(field: FieldSource): number {
    const key = fieldKey(field);
    const known = this.#slots.findIndex((slot) => fieldKey(slot.field) === key);
    if (known >= 0) return known;
    const slot = this.#slots.push({ field, census: undefined }) - 1;
    field.sources.forEach((source, rank) => {
      if (source.startsWith('@') && source !== '@timestamp') this.#builtin.push({ slot, rank, source });
      const targets = this.#bySource.get(source);
      if (targets) targets.push({ slot, rank });
      else this.#bySource.set(source, [{ slot, rank }]);
    });
    return slot;
  }

  /** Of a slot's literals and all keywords; of the keywords alone for -1. */
  #literalsOf(slot: number): LiteralIndex | undefined {
    const literals: Literal[] = [];
    this.#questions.forEach((question, id) => {
      if (this.#ways[id] === askIt || (this.#slotOf[id] !== slot && this.#slotOf[id] !== -1)) return;
      for (const clue of question.clues ?? []) literals.push({ ...clue, id });
    });
    return literals.length > 0 ? new LiteralIndex(literals, this.#slots[slot]?.census) : undefined;
  }

  /** Looks at what the values of this event are made of. */
  #takeCensus(): void {
    for (let slot = 0; slot < this.#slots.length; slot++) {
      const value = this.#values[slot];
      if (typeof value === 'string') this.#slots[slot]!.census?.see(value);
    }
  }

  #replan(): void {
    const seen = this.#seen;
    this.#questions.forEach((question, id) => {
      // What the indexes did not look for was not counted: what was known of it stands.
      if (this.#ways[id] === askIt) return;
      const guess = Math.min(guessFrequency(question), 0.05);
      this.#frequencies[id] = (this.#hits[id]! + 2 * guess) / (seen + 2);
    });
    this.#replans++;
    this.#plan();
    if (this.#replans === replanAt.length) for (const slot of this.#slots) slot.census = undefined;
  }

  /** In what share of the events each question would be asked at most. */
  #askedShares(triggers: readonly (readonly number[])[]): Float64Array {
    const woken = new Float64Array(this.#plans.length);
    triggers.forEach((rules, question) => {
      for (const rule of rules) woken[rule]! += this.#frequencies[question]!;
    });
    const asked = new Float64Array(this.#questions.length);
    const visit = (node: PlanNode, share: number): void => {
      if (node.op === 'ask') asked[node.question]! += share;
      for (const child of node.children) visit(child, share);
    };
    this.#plans.forEach((plan, rule) => {
      visit(plan, Math.min(1, woken[rule]!));
    });
    for (const rule of this.#always) visit(this.#plans[rule]!, 1);
    return asked;
  }

  #worthLooking(question: number, asked: number): boolean {
    const short = this.#questions[question]!.clues?.some(({ text }) => text.length < 3);
    return this.#frequencies[question]! <= commonShare && asked > (short ? askedShareOfShort : askedShare);
  }

  /** Chooses what wakes each rule, what the indexes look for, and the order in which the rest is asked. */
  #plan(): void {
    const frequency = (question: number) => this.#frequencies[question]!;
    const triggers: number[][] = this.#questions.map(() => []);
    const always: number[] = [];
    this.#plans.forEach((plan, rule) => {
      const necessary = necessarySet(plan, this.#questions, frequency);
      if (!necessary) always.push(rule);
      else for (const question of necessary.set) triggers[question]!.push(rule);
    });
    this.#triggers = triggers.map((rules) => Int32Array.from(rules));
    this.#always = Int32Array.from(always);
    const asked = this.#replans === 0 ? undefined : this.#askedShares(triggers);
    this.#questions.forEach(({ clues, exact }, id) => {
      const looked = triggers[id]!.length > 0 || asked === undefined || this.#worthLooking(id, asked[id]!);
      this.#ways[id] = !clues || !looked ? askIt : exact ? seenIsYes : askWhenSeen;
    });
    const code: number[] = [];
    this.#starts = Int32Array.from(this.#plans, (plan) => {
      order(plan, this.#questions, frequency);
      return writeProgram(plan, code);
    });
    this.#code = Int32Array.from(code);
    this.#literals = this.#slots.map((_, index) => this.#literalsOf(index));
    this.#keywords = this.#literalsOf(-1);
    this.#quiet.fill(undefined);
    this.#quietRest = [];
  }
}

function planOf(expression: Expression, byKey: ReadonlyMap<string, number>): PlanNode {
  switch (expression.kind) {
    case 'constant':
      return { op: expression.value ? 'true' : 'false', question: -1, children: [] };
    case 'match':
      return { op: 'ask', question: byKey.get(predicateKey(expression.predicate))!, children: [] };
    case 'not':
      return { op: 'not', question: -1, children: [planOf(expression.child, byKey)] };
    default:
      return {
        op: expression.kind,
        question: -1,
        children: expression.children.map((node) => planOf(node, byKey)),
      };
  }
}
