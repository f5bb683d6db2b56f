import type { Event, FieldValue } from '@kydai/contracts';
import type { Expression, FieldSource } from '../rules/expression.ts';
import { Automaton, type Literal, type LiteralSink } from './automaton.ts';
import { guessFrequency, necessarySet, order, type PlanNode } from './plan.ts';
import { eachPredicate, fieldKey, predicateKey, prepare, type Question } from './predicates.ts';
import type { EvaluationContext } from './reference.ts';
import { keywordTexts, readSource, searchesRaw, textsOfValue } from './values.ts';

const yes = 1;
const maybe = 2;
const no = 3;
const answers = 4;
/** After so many events the plan is made again from what was seen; results do not change, only the work. */
const replanAt = [2_000, 50_000];

interface Target {
  readonly slot: number;
  readonly rank: number;
}

interface Slot {
  readonly field: FieldSource;
  automaton: Automaton | undefined;
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
  readonly #exact: Uint8Array;
  readonly #clued: Uint8Array;
  readonly #marks: Int32Array;
  readonly #hits: Float64Array;
  readonly #plans: PlanNode[];
  readonly #slots: Slot[] = [];
  readonly #bySource = new Map<string, Target[]>();
  /** Values in no slot, which only keywords look at. */
  readonly #rest: FieldValue[] = [];
  #resting = 0;
  readonly #builtin: { slot: number; rank: number; source: string }[] = [];
  readonly #values: (FieldValue | undefined)[];
  readonly #ranks: Uint8Array;
  readonly #keywords: Automaton | undefined;
  readonly #woken: Int32Array;
  readonly #candidates: Int32Array;
  #triggers: Int32Array[] = [];
  #always: Int32Array = new Int32Array(0);
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
    this.#exact = Uint8Array.from(this.#questions, (question) => (question.exact ? 1 : 0));
    this.#clued = Uint8Array.from(this.#questions, (question) => (question.clues ? 1 : 0));
    this.#marks = new Int32Array(this.#questions.length);
    this.#hits = new Float64Array(this.#questions.length);
    this.#values = new Array(this.#slots.length).fill(undefined);
    this.#ranks = new Uint8Array(this.#slots.length);
    this.#woken = new Int32Array(expressions.length);
    this.#candidates = new Int32Array(expressions.length);
    this.#slots.forEach((slot, index) => {
      slot.automaton = this.#automaton(index);
    });
    this.#keywords = this.#automaton(-1);
    this.#plan((question) => guessFrequency(this.#questions[question]!));
  }

  /** Bytes held by the automata, rules tried per event so far, and rules that are tried on every event. */
  stats(): {
    readonly bytes: number;
    readonly candidates: number;
    readonly always: number;
    readonly seen: number;
  } {
    const bytes = this.#slots.reduce(
      (sum, slot) => sum + (slot.automaton?.size ?? 0),
      this.#keywords?.size ?? 0,
    );
    return { bytes, candidates: this.#evaluated / this.#seen, always: this.#always.length, seen: this.#seen };
  }

  /** Appends the numbers of the expressions that hold of the event to `found`, in rising order. */
  match(event: Event, found: number[]): void {
    this.#begin(event);
    for (let slot = 0; slot < this.#slots.length; slot++) {
      const value = this.#values[slot];
      const automaton = this.#slots[slot]!.automaton;
      if (value !== undefined && automaton !== undefined) this.#scan(automaton, value);
    }
    if (this.#keywords) {
      for (let index = 0; index < this.#resting; index++) this.#scan(this.#keywords, this.#rest[index]!);
      if (searchesRaw(event)) this.#keywords.scan(event.raw, this);
    }
    const before = found.length;
    for (const rule of this.#always) if (this.#holds(this.#plans[rule]!)) found.push(rule);
    for (let index = 0; index < this.#count; index++) {
      const rule = this.#candidates[index]!;
      if (this.#holds(this.#plans[rule]!)) found.push(rule);
    }
    if (found.length - before > 1) {
      const sorted = found.splice(before).sort((left, right) => left - right);
      for (const rule of sorted) found.push(rule);
    }
    this.#evaluated += this.#count + this.#always.length;
    if (++this.#seen === replanAt[this.#replans]) this.#replan();
  }

  /** Called by the automata. */
  hit(question: number): void {
    if (this.#marks[question]! > this.#base) return;
    this.#marks[question] = this.#base + (this.#exact[question] ? yes : maybe);
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
    this.#values.fill(undefined);
    this.#resting = 0;
    for (const [name, value] of event.fields.entries()) {
      if (value === null || value === undefined) continue;
      const targets = this.#bySource.get(name);
      if (targets === undefined) {
        if (this.#keywords) this.#rest[this.#resting++] = value;
      } else for (const target of targets) this.#put(target, value);
    }
    for (const { slot, rank, source } of this.#builtin) {
      if (this.#values[slot] !== undefined && this.#ranks[slot]! <= rank) continue;
      this.#values[slot] = readSource(event, source) ?? undefined;
      this.#ranks[slot] = rank;
    }
  }

  /** Puts the value into the slot unless a better source has filled it. */
  #put({ slot, rank }: Target, value: FieldValue): void {
    const before = this.#values[slot];
    let kept = value;
    let lost = before;
    if (before !== undefined && this.#ranks[slot]! <= rank) {
      kept = before;
      lost = value;
    } else this.#ranks[slot] = rank;
    this.#values[slot] = kept;
    // The slots' automata know the keywords too; what is in no slot is scanned for them apart.
    if (this.#keywords && lost !== undefined) this.#rest[this.#resting++] = lost;
  }

  #scan(automaton: Automaton, value: FieldValue): void {
    if (typeof value === 'string') automaton.scan(value, this);
    else if (typeof value === 'number') automaton.scan(String(value), this);
    else for (const text of textsOfValue(value)) automaton.scan(text, this);
  }

  #holds(node: PlanNode): boolean {
    switch (node.op) {
      case 'ask':
        return this.#answer(node.question);
      case 'and':
        for (let index = 0; index < node.children.length; index++) {
          if (!this.#holds(node.children[index]!)) return false;
        }
        return true;
      case 'or':
        for (let index = 0; index < node.children.length; index++) {
          if (this.#holds(node.children[index]!)) return true;
        }
        return false;
      case 'not':
        return !this.#holds(node.children[0]!);
      case 'true':
        return true;
      case 'false':
        return false;
    }
  }

  #answer(question: number): boolean {
    const mark = this.#marks[question]! - this.#base;
    if (mark === yes) return true;
    if (this.#exact[question] && this.#clued[question]) return false;
    if (mark === no || (this.#clued[question] && mark !== maybe)) return false;
    const answer = this.#ask(this.#questions[question]!, this.#slotOf[question]!);
    this.#marks[question] = this.#base + (answer ? yes : no);
    return answer;
  }

  #ask(question: Question, slot: number): boolean {
    if (slot < 0) {
      this.#texts ??= keywordTexts(this.#event);
      return question.ask(this.#texts, this.#event, this.#context);
    }
    const value = this.#values[slot];
    const { predicate } = question;
    if (predicate.kind === 'exists') return (value !== undefined) === predicate.there;
    return value !== undefined && question.ask(value, this.#event, this.#context);
  }

  #slot(field: FieldSource): number {
    const key = fieldKey(field);
    const known = this.#slots.findIndex((slot) => fieldKey(slot.field) === key);
    if (known >= 0) return known;
    const slot = this.#slots.push({ field, automaton: undefined }) - 1;
    field.sources.forEach((source, rank) => {
      if (source.startsWith('@') && source !== '@timestamp') this.#builtin.push({ slot, rank, source });
      const targets = this.#bySource.get(source);
      if (targets) targets.push({ slot, rank });
      else this.#bySource.set(source, [{ slot, rank }]);
    });
    return slot;
  }

  /** Of a slot's literals and all keywords; of the keywords alone for -1. */
  #automaton(slot: number): Automaton | undefined {
    const literals: Literal[] = [];
    this.#questions.forEach((question, id) => {
      if (this.#slotOf[id] !== slot && this.#slotOf[id] !== -1) return;
      for (const clue of question.clues ?? []) literals.push({ ...clue, id });
    });
    return literals.length > 0 ? new Automaton(literals) : undefined;
  }

  #replan(): void {
    this.#replans++;
    const seen = this.#seen;
    this.#plan((question) => {
      if (!this.#clued[question]) return 0.5;
      const guess = guessFrequency(this.#questions[question]!);
      return (this.#hits[question]! + 2 * Math.min(guess, 0.05)) / (seen + 2);
    });
  }

  #plan(frequency: (question: number) => number): void {
    const triggers: number[][] = this.#questions.map(() => []);
    const always: number[] = [];
    this.#plans.forEach((plan, rule) => {
      order(plan, this.#questions, frequency);
      const necessary = necessarySet(plan, this.#questions, frequency);
      if (!necessary) always.push(rule);
      else for (const question of necessary.set) triggers[question]!.push(rule);
    });
    this.#triggers = triggers.map((rules) => Int32Array.from(rules));
    this.#always = Int32Array.from(always);
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
