import type { Expression, FieldSource, Predicate } from '../rules/expression.ts';
import type { PlanNode } from './plan.ts';
import { eachPredicate, fieldKey, predicateKey, prepare, type Question } from './predicates.ts';

/** What the rules of one stream ask: every question once, and the rules as expressions over their numbers. */
export interface Survey {
  readonly questions: readonly Question[];
  /** The fields that are asked about. */
  readonly slots: readonly FieldSource[];
  /** By question: where its field stands among the slots; -1 for keywords. */
  readonly slotOf: Int32Array;
  /** By rule. */
  readonly plans: readonly PlanNode[];
}

/** So many rules are read between two turns of others. */
const atOnce = 16;

/**
 * Reads the expressions; yields now and then, so that others can work. What is asked already, by the predicate's key, is
 * not made ready again.
 */
export function* surveying(
  expressions: readonly Expression[],
  asked: ReadonlyMap<string, Question> = new Map(),
): Generator<void, Survey, void> {
  const questions: Question[] = [];
  const slots: FieldSource[] = [];
  const slotOf: number[] = [];
  const byKey = new Map<string, number>();
  const slotByKey = new Map<string, number>();
  const numbers = new Map<Predicate, number>();
  const plans: PlanNode[] = [];
  for (const [index, expression] of expressions.entries()) {
    if (index % atOnce === atOnce - 1) yield;
    eachPredicate(expression, (predicate) => {
      const key = predicateKey(predicate);
      let number = byKey.get(key);
      if (number === undefined) {
        number = questions.push(asked.get(key) ?? prepare(predicate)) - 1;
        byKey.set(key, number);
        slotOf.push(predicate.field === undefined ? -1 : slotFor(predicate.field));
      }
      numbers.set(predicate, number);
    });
    plans.push(planOf(expression, numbers));
  }
  return { questions, slots, slotOf: Int32Array.from(slotOf), plans };

  function slotFor(field: FieldSource): number {
    const key = fieldKey(field);
    const known = slotByKey.get(key);
    if (known !== undefined) return known;
    const slot = slots.push(field) - 1;
    slotByKey.set(key, slot);
    return slot;
  }
}

function planOf(expression: Expression, numbers: ReadonlyMap<Predicate, number>): PlanNode {
  switch (expression.kind) {
    case 'constant':
      return { op: expression.value ? 'true' : 'false', question: -1, children: [] };
    case 'match':
      return { op: 'ask', question: numbers.get(expression.predicate)!, children: [] };
    case 'not':
      return { op: 'not', question: -1, children: [planOf(expression.child, numbers)] };
    default:
      return {
        op: expression.kind,
        question: -1,
        children: expression.children.map((node) => planOf(node, numbers)),
      };
  }
}
