// One file because scan, evaluation and learning share the arrays of the hot path, which are private to the matcher.
import type { Event, FieldValue } from '@kydai/contracts';
import type { Expression } from '../rules/expression.ts';
import { fold } from '../rules/fold.ts';
import { type Approach, askIt, askWhenSeen, choosing, seenIsYes } from './approach.ts';
import type { LiteralIndex } from './literal-index.ts';
import type { LiteralSink } from './literal-table.ts';
import { guessFrequency } from './plan.ts';
import { predicateKey, type Question } from './predicates.ts';
import { holds } from './program.ts';
import type { EvaluationContext } from './reference.ts';
import { SlotValues } from './slot-values.ts';
import { type Survey, surveying } from './survey.ts';
import { keywordTexts, searchesRaw, textsOfValue } from './values.ts';
import { WordCensus } from './word-keys.ts';

const yes = 1;
const maybe = 2;
const no = 3;
const answers = 4;
/** After so many events the plan is made again from what was seen; results do not change, only the work. */
const replanAt = [2_000, 50_000];
/** Of every so many events the values are looked at for the next plan: before the first one, and then. */
const censusEvery = [8, 64];
/** Of so many values that only keywords look at it is remembered whether they held any. */
const mostQuiet = 64;
const worthComparing = 24;
/** So many questions are looked at between two turns of others. */
const atOnce = 512;
/** Values are kept of no longer lines: whoever keeps a part of one keeps the whole. */
const mostKept = 4096;
/**
 * All rules of one stream, compiled together. One pass over each field's value finds every literal of every rule; a
 * literal seen answers its questions or makes them worth asking, and wakes the rules whose necessary set it belongs to.
 * Only those are evaluated.
 *
 * INVARIANT: the rules that `match` returns are those whose expression `evaluate` (reference.ts) finds true.
 */
export class Matcher implements LiteralSink {
  readonly #context: EvaluationContext;
  readonly #survey: Survey;
  readonly #questions: readonly Question[];
  readonly #slotOf: Int32Array;
  #approach!: Approach;
  /** Taken from the approach, for those that are called most. */
  #ways!: Uint8Array;
  #triggers!: readonly Int32Array[];
  #code!: Int32Array;
  /** The next approach, while it is chosen. */
  #choosing: Generator<void, Approach, void> | undefined;
  readonly #marks: Int32Array;
  readonly #hits: Float64Array;
  readonly #frequencies: Float64Array;
  /** By slot, and last for lines: what the values are made of, until the last approach was chosen. */
  #censuses: readonly (WordCensus | undefined)[];
  readonly #fields: SlotValues;
  /** The last value of each slot, and of each place among the rest, in which no literal was seen. */
  readonly #quiet: (FieldValue | undefined)[];
  #quietRest: FieldValue[] = [];
  #hitting = 0;
  /** Folded values by slot, made when they are asked for. */
  readonly #folded: (string | undefined)[];
  /** True where keywords may stand anywhere in a text, so that what holds a text holds its keywords. */
  readonly #floating: boolean;
  readonly #woken: Int32Array;
  readonly #candidates: Int32Array;
  #count = 0;
  #epoch = 0;
  #base = 0;
  #event!: Event;
  #texts: readonly string[] | undefined;
  #seen = 0;
  #evaluated = 0;
  #replans: number;

  /**
   * Compiles the expressions; yields now and then, so that others can work. `before` judged other expressions of the same
   * stream: what it saw is known of the literals that they share.
   */
  static *compiling(
    expressions: readonly Expression[],
    context: EvaluationContext,
    before?: Matcher,
  ): Generator<void, Matcher, void> {
    const asked = new Map<string, Question>();
    const known = new Map<Question, number>();
    const experienced = before !== undefined && before.#replans > 0;
    for (const [number, question] of before ? before.#questions.entries() : []) {
      if (number % atOnce === 0) yield;
      asked.set(predicateKey(question.predicate), question);
      if (experienced) known.set(question, before!.#frequencies[number]!);
    }
    const survey = yield* surveying(expressions, asked);
    const frequencies = Float64Array.from(survey.questions, (question) => {
      const guess = guessFrequency(question);
      return known.get(question) ?? (experienced ? Math.min(0.05, guess) : guess);
    });
    const approach = yield* choosing(survey, frequencies, !experienced);
    return new Matcher(survey, context, frequencies, approach, experienced);
  }

  private constructor(
    survey: Survey,
    context: EvaluationContext,
    frequencies: Float64Array,
    approach: Approach,
    experienced: boolean,
  ) {
    const { questions, slots, slotOf, plans } = survey;
    this.#survey = survey;
    this.#context = context;
    this.#questions = questions;
    this.#slotOf = slotOf;
    this.#frequencies = frequencies;
    this.#marks = new Int32Array(questions.length);
    this.#hits = new Float64Array(questions.length);
    this.#fields = new SlotValues(slots, slotOf.includes(-1));
    this.#folded = new Array(slots.length).fill(undefined);
    this.#quiet = new Array(slots.length).fill(undefined);
    this.#woken = new Int32Array(plans.length);
    this.#candidates = new Int32Array(plans.length);
    this.#floating = questions.every(
      ({ clues }, id) => slotOf[id] !== -1 || !clues?.some(({ start, end }) => start || end),
    );
    this.#replans = experienced ? 1 : 0;
    this.#goBy(approach);
    this.#censuses = [...approach.literals, approach.keywords].map((index) => index && new WordCensus());
  }

  /** Bytes held by the automata, rules tried per event so far, and rules that are tried on every event. */
  stats(): {
    readonly bytes: number;
    readonly candidates: number;
    readonly always: number;
    readonly seen: number;
  } {
    const { literals, keywords, always } = this.#approach;
    const bytes = [...literals, keywords].reduce((sum, index) => sum + (index?.size ?? 0), 0);
    return { bytes, candidates: this.#evaluated / this.#seen, always: always.length, seen: this.#seen };
  }

  /** Appends the numbers of the expressions that hold of the event to `found`, in rising order. */
  match(event: Event, found: number[]): void {
    this.#begin(event);
    const { literals: indexes, keywords, always, starts } = this.#approach;
    const { values, filled, filling } = this.#fields;
    for (let index = 0; index < filling; index++) {
      const slot = filled[index]!;
      const literals = indexes[slot];
      const value = values[slot]!;
      if (literals === undefined || value === this.#quiet[slot]) continue;
      const hits = this.#hitting;
      this.#scan(literals, value);
      if (hits === this.#hitting && event.raw.length <= mostKept) this.#quiet[slot] = value;
    }
    if (keywords) this.#scanForKeywords(keywords, event);
    const before = found.length;
    for (let index = 0; index < always.length; index++) {
      const rule = always[index]!;
      if (this.#decide(starts[rule]!)) found.push(rule);
    }
    for (let index = 0; index < this.#count; index++) {
      const rule = this.#candidates[index]!;
      if (this.#decide(starts[rule]!)) found.push(rule);
    }
    if (found.length - before > 1) {
      const sorted = found.splice(before).sort((left, right) => left - right);
      for (const rule of sorted) found.push(rule);
    }
    this.#evaluated += this.#count + always.length;
    this.#seen++;
    if (this.#replans < replanAt.length) this.#learn();
  }

  /** Called by the indexes. */
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
    const { filled, filling } = this.#fields;
    for (let index = 0; index < filling; index++) this.#folded[filled[index]!] = undefined;
    this.#fields.take(event);
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
    const { rest, resting } = this.#fields;
    for (let index = 0; index < resting; index++) {
      const value = rest[index]!;
      if (value === this.#quietRest[index]) continue;
      if (typeof value === 'string' && value.length >= worthComparing) {
        // The message of a line is most of it, and was read with it. (Comparing a slice is what costs least.)
        if (!read || raw.slice(-value.length) !== value) keywords.scan(value, this);
        continue;
      }
      const hits = this.#hitting;
      this.#scan(keywords, value);
      if (hits === this.#hitting && kept && index < mostQuiet) this.#quietRest[index] = value;
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
    const value = this.#fields.values[slot];
    const { predicate } = question;
    if (value === undefined) {
      if (predicate.kind === 'exists') return this.#fields.isNull(slot) === predicate.there;
      return predicate.kind === 'null';
    }
    if (predicate.kind === 'exists') return predicate.there;
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

  /** Looks at what the values of this event are made of, and gets on with the next approach, a step with each event. */
  #learn(): void {
    if (this.#choosing === undefined) {
      if (this.#seen % censusEvery[this.#replans]! === 0) this.#takeCensus();
      if (this.#seen < replanAt[this.#replans]!) return;
      this.#observe();
      this.#choosing = choosing(this.#survey, this.#frequencies, false, this.#censuses);
    }
    const { done, value } = this.#choosing.next();
    if (!done) return;
    this.#choosing = undefined;
    if (++this.#replans === replanAt.length) this.#censuses = [];
    this.#goBy(value);
  }

  #takeCensus(): void {
    const { values, filled, filling } = this.#fields;
    for (let index = 0; index < filling; index++) {
      const slot = filled[index]!;
      const value = values[slot];
      if (typeof value === 'string') this.#censuses[slot]?.see(value);
    }
    this.#censuses.at(-1)?.see(this.#event.raw);
  }

  /** Takes what was seen for what will be. */
  #observe(): void {
    const seen = this.#seen;
    this.#questions.forEach((question, id) => {
      // What the indexes did not look for was not counted: what was known of it stands.
      if (this.#ways[id] === askIt) return;
      const guess = Math.min(guessFrequency(question), 0.05);
      this.#frequencies[id] = (this.#hits[id]! + 2 * guess) / (seen + 2);
    });
  }

  #goBy(approach: Approach): void {
    this.#approach = approach;
    this.#ways = approach.ways;
    this.#triggers = approach.triggers;
    this.#code = approach.code;
    this.#quiet.fill(undefined);
    this.#quietRest = [];
  }
}
