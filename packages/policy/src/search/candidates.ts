import { EntityNode } from '../entities/node.ts';
import type { Interpreter } from '../explain/interpret.ts';
import type { Expression, Policy, ScopeConstraint } from '../parse/ast.ts';
import { CedarSet } from '../values/value.ts';

/** Entities among which everything sought must be; `all` where the policy does not narrow it. */
export type Candidates = ReadonlySet<EntityNode> | 'all';

const none: ReadonlySet<EntityNode> = new Set();

/**
 * Which entities a permit could let through in the sought place, by its head and by the conditions that are known
 * without the sought entity. A superset: each candidate is decided in full afterwards.
 */
export function candidatesOf(
  policy: Policy,
  sought: 'principal' | 'resource',
  interpreter: Interpreter,
  resolve: (uid: { type: string; id: string }) => EntityNode,
): Candidates {
  let best = ofScope(policy[sought], resolve);
  for (const { kind, body } of policy.conditions) {
    const condition: Expression = kind === 'when' ? body : { kind: 'not', at: body.at, of: body };
    best = smaller(best, ofExpression(condition, sought, interpreter));
    if (best !== 'all' && best.size === 0) return none;
  }
  return best;
}

function ofScope(
  constraint: ScopeConstraint,
  resolve: (uid: { type: string; id: string }) => EntityNode,
): Candidates {
  if (constraint.op === 'eq') return new Set([resolve(constraint.uid)]);
  return constraint.op === 'in' ? below([resolve(constraint.uid)]) : 'all';
}

function ofExpression(
  expression: Expression,
  sought: 'principal' | 'resource',
  interpreter: Interpreter,
): Candidates {
  if (!interpreter.canHold(expression)) return none;
  const isSought = (each: Expression) => each.kind === 'variable' && each.name === sought;
  switch (expression.kind) {
    case 'and':
      return expression.terms
        .map((term) => ofExpression(term, sought, interpreter))
        .reduce<Candidates>(smaller, 'all');
    case 'or': {
      const union = new Set<EntityNode>();
      for (const term of expression.terms) {
        const candidates = ofExpression(term, sought, interpreter);
        if (candidates === 'all') return 'all';
        for (const node of candidates) union.add(node);
      }
      return union;
    }
    case 'binary': {
      const { operator, left, right } = expression;
      if (operator === '==' && isSought(left)) return entitiesOf(interpreter.evaluate(right));
      if (operator === '==' && isSought(right)) return entitiesOf(interpreter.evaluate(left));
      if (operator === 'in' && isSought(left)) {
        const above = entitiesOf(interpreter.evaluate(right));
        return above === 'all' ? 'all' : below([...above]);
      }
      if (operator === 'in' && isSought(right)) {
        const from = interpreter.evaluate(left);
        return from instanceof EntityNode ? new Set([from, ...from.ancestors]) : 'all';
      }
      return 'all';
    }
    case 'is': {
      if (expression.within === undefined || !isSought(expression.of)) return 'all';
      const above = entitiesOf(interpreter.evaluate(expression.within));
      return above === 'all' ? 'all' : below([...above]);
    }
    case 'call': {
      const [set, element] = expression.args;
      if (expression.function !== 'contains' || !isSought(element!)) return 'all';
      return entitiesOf(interpreter.evaluate(set!));
    }
    default:
      return 'all';
  }
}

function entitiesOf(value: unknown): Candidates {
  if (value instanceof EntityNode) return new Set([value]);
  if (!(value instanceof CedarSet)) return 'all';
  return new Set(value.items.filter((item) => item instanceof EntityNode));
}

/** The entities and everything below them. */
function below(tops: readonly EntityNode[]): ReadonlySet<EntityNode> {
  const found = new Set<EntityNode>(tops);
  for (const node of found) for (const child of node.children ?? []) found.add(child);
  return found;
}

function smaller(a: Candidates, b: Candidates): Candidates {
  if (a === 'all') return b;
  return b === 'all' || a.size <= b.size ? a : b;
}
