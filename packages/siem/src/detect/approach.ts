import { LiteralIndex } from './literal-index.ts';
import type { Literal } from './literal-table.ts';
import { necessarySet, order, type PlanNode } from './plan.ts';
import { writeProgram } from './program.ts';
import type { Survey } from './survey.ts';
import type { WordCensus } from './word-keys.ts';

/** How a question is answered: by asking it, by the indexes alone, or by asking once they have seen a literal of it. */
export const askIt = 0;
export const seenIsYes = 1;
export const askWhenSeen = 2;

/** How the questions of a stream are gone about. Another approach gives the same answers with other work. */
export interface Approach {
  /** By question: one of the three ways. */
  readonly ways: Uint8Array;
  /** By question: the rules that seeing a literal of it wakes. */
  readonly triggers: readonly Int32Array[];
  /** Rules that no literal can wake. */
  readonly always: Int32Array;
  /** The programs of all rules, and where each begins. */
  readonly code: Int32Array;
  readonly starts: Int32Array;
  /** By slot: its literals and all keywords. */
  readonly literals: readonly (LiteralIndex | undefined)[];
  readonly keywords: LiteralIndex | undefined;
}

/** A literal seen in a larger share of the events than this, which wakes no rule, is looked for only when it is asked. */
const commonShare = 0.02;
/** And so is one that fewer events than this would lead to; short ones cost more to look for. */
const askedShare = 0.001;
const askedShareOfShort = 0.02;
/** So many rules are thought about between two turns of others. */
const atOnce = 32;

/**
 * Chooses what wakes each rule, what the indexes look for, and the order in which the rest is asked. Yields now and then,
 * so that others can work. `frequencies` says in what share of the events each question's literals are seen; while it is
 * a guess, all literals are looked for. `censuses` are those of the slots and, last, of lines.
 */
export function* choosing(
  { questions, slots, slotOf, plans }: Survey,
  frequencies: Float64Array,
  guessed: boolean,
  censuses: readonly (WordCensus | undefined)[] = [],
): Generator<void, Approach, void> {
  const frequency = (question: number) => frequencies[question]!;
  const triggers: number[][] = questions.map(() => []);
  const always: number[] = [];
  for (const [rule, plan] of plans.entries()) {
    if (rule % atOnce === 0) yield;
    const necessary = necessarySet(plan, questions, frequency);
    if (!necessary) always.push(rule);
    else for (const question of necessary.set) triggers[question]!.push(rule);
  }
  yield;
  const asked = askedShares(plans, triggers, always, frequencies);
  const worthLooking = (question: number): boolean => {
    const short = questions[question]!.clues!.some(({ text }) => text.length < 3);
    return frequency(question) <= commonShare && asked[question]! > (short ? askedShareOfShort : askedShare);
  };
  const ways = Uint8Array.from(questions, ({ clues, exact }, question) => {
    if (!clues || (!guessed && triggers[question]!.length === 0 && !worthLooking(question))) return askIt;
    return exact ? seenIsYes : askWhenSeen;
  });

  const code: number[] = [];
  const starts = new Int32Array(plans.length);
  for (const [rule, plan] of plans.entries()) {
    if (rule % atOnce === 0) yield;
    order(plan, questions, frequency);
    starts[rule] = writeProgram(plan, code);
  }

  yield;
  const bySlot: Literal[][] = slots.map(() => []);
  const ofKeywords: Literal[] = [];
  questions.forEach(({ clues = [] }, id) => {
    if (ways[id] === askIt) return;
    const found = bySlot[slotOf[id]!] ?? ofKeywords;
    for (const { text, start, end } of clues) found.push({ text, start, end, id });
  });
  yield;
  const literals: (LiteralIndex | undefined)[] = [];
  for (const [slot, found] of bySlot.entries()) {
    literals.push(yield* indexing([...found, ...ofKeywords], censuses[slot]));
  }
  const keywords = yield* indexing(ofKeywords, censuses[slots.length]);
  const common = {
    ways,
    triggers: triggers.map((rules) => Int32Array.from(rules)),
    code: Int32Array.from(code),
  };
  return { ...common, always: Int32Array.from(always), starts, literals, keywords };
}

function* indexing(
  literals: readonly Literal[],
  census?: WordCensus,
): Generator<void, LiteralIndex | undefined, void> {
  return literals.length > 0 ? yield* LiteralIndex.building(literals, census) : undefined;
}

/** In what share of the events each question would be asked at most. */
function askedShares(
  plans: readonly PlanNode[],
  triggers: readonly (readonly number[])[],
  always: readonly number[],
  frequencies: Float64Array,
): Float64Array {
  const woken = new Float64Array(plans.length);
  triggers.forEach((rules, question) => {
    for (const rule of rules) woken[rule]! += frequencies[question]!;
  });
  for (const rule of always) woken[rule] = 1;
  const asked = new Float64Array(triggers.length);
  const visit = (node: PlanNode, share: number): void => {
    if (node.op === 'ask') asked[node.question]! += share;
    for (const child of node.children) visit(child, share);
  };
  plans.forEach((plan, rule) => {
    visit(plan, Math.min(1, woken[rule]!));
  });
  return asked;
}
