import type { AccessRequest, CedarUid, DecidingPolicy, Decision } from '@kydai/contracts';
import type { EntityNode } from '../entities/node.ts';
import type { EntityStore } from '../entities/store.ts';
import type { SourcePlace } from '../error.ts';
import { policiesOfAction } from '../evaluate/actions.ts';
import type { Engine } from '../evaluate/engine.ts';
import type { Expression, Policy } from '../parse/ast.ts';
import { type ChangeSet, changesFor, product, smallest } from './changes.ts';
import { type Fact, factsOf } from './facts.ts';
import { formatExpression } from './format.ts';
import { Interpreter, type PartialRequest, type Result } from './interpret.ts';
import { atomsOf, policyExpression } from './policy.ts';
import { interpretationOf } from './request.ts';

/** One smallest part of a condition, what it came to, and on which facts that rests. */
export interface ExplainedCondition {
  /** As Cedar text. */
  readonly condition: string;
  /** `stale`: a fact that it rests on is too old to be believed. */
  readonly value: boolean | 'failed' | 'stale';
  readonly facts: readonly Fact[];
  readonly place: SourcePlace;
}

export interface ExplainedPolicy extends DecidingPolicy {
  readonly place: SourcePlace;
  /** What its permission raises (annotation `alarm`): somebody broke the glass. */
  readonly alarm?: string;
  /** Those that were looked at, in the order of the text; the head's first. What comes after the answer is known is not. */
  readonly conditions: readonly ExplainedCondition[];
}

/** One thing that would have to be otherwise. */
export interface Change {
  readonly condition: string;
  /** What the condition would have to come to. */
  readonly must: boolean;
  readonly facts: readonly Fact[];
}

export interface Explanation {
  readonly decision: Decision;
  readonly determining: readonly ExplainedPolicy[];
  /** For a forbidden request: the forbids, which no permit overrules. */
  readonly standsInTheWay: readonly DecidingPolicy[];
  /**
   * For a denial, the smallest sets of changes of facts that would allow it, smallest first, at most 8. Who asks, for
   * what action and of what type is taken as given. Empty where no change of facts would do.
   */
  readonly remedies: readonly (readonly Change[])[];
}

const maximumRemedies = 8;

/** Why a request is decided as it is at this moment, and what would have to change. Slow: for people, not for doors. */
export function explain(
  engine: Engine,
  entities: EntityStore,
  request: AccessRequest,
  strictForbid = true,
): Explanation {
  const decision = engine.decide(request);
  const action = engine.actionUid(request.action);
  const { request: partial, resolve } = interpretationOf(engine, entities, request);
  const policies = policiesOfAction(action, engine.policySet, entities);
  const byId = new Map(policies.map((policy) => [policy.id, policy]));
  return {
    decision,
    determining: decision.determining.map((deciding) =>
      explained(deciding, byId.get(deciding.id)!, partial, resolve),
    ),
    standsInTheWay: decision.outcome === 'forbidden' ? decision.determining : [],
    remedies: decision.allowed ? [] : remediesOf(policies, partial, resolve, strictForbid),
  };
}

/** An explanation for outsiders: the decision's kind and reasons, without policies, facts or remedies. */
export function redacted({ decision }: Explanation): {
  readonly outcome: Decision['outcome'];
  readonly reasons: readonly string[];
} {
  return {
    outcome: decision.outcome,
    // A stale fact's name says what we look at; that it is stale is enough to try again later.
    reasons:
      decision.outcome === 'stale'
        ? []
        : decision.determining.flatMap(({ reason }) => (reason === undefined ? [] : [reason])),
  };
}

function explained(
  deciding: DecidingPolicy,
  policy: Policy,
  request: PartialRequest,
  resolve: (uid: CedarUid) => EntityNode,
): ExplainedPolicy {
  const expression = policyExpression(policy);
  const interpreter = new NotingInterpreter(request, resolve);
  interpreter.evaluate(expression);
  const seen = new Map(interpreter.seen);
  const conditions = atomsOf(expression).flatMap((atom): ExplainedCondition[] => {
    const value = seen.get(atom);
    if (value === undefined) return [];
    const facts = factsOf(atom, interpreter);
    const none = facts.some(({ stale }) => stale) ? 'stale' : 'failed';
    const condition = formatExpression(atom);
    const told = typeof value === 'boolean' ? value : none;
    return [{ condition, value: told, facts, place: policy.placeOf(atom) }];
  });
  const alarm = policy.annotations.get('alarm');
  return { ...deciding, place: policy.place, ...(alarm !== undefined && { alarm }), conditions };
}

function remediesOf(
  policies: readonly Policy[],
  request: PartialRequest,
  resolve: (uid: CedarUid) => EntityNode,
  strict: boolean,
): Change[][] {
  const interpreter = new Interpreter(request, resolve);
  const expressions = policies.map((policy) => ({
    effect: policy.effect,
    expression: policyExpression(policy),
  }));
  const blocks = (result: Result) => result === true || (strict && result !== false);
  const lifted = expressions
    .filter(({ effect, expression }) => effect === 'forbid' && blocks(interpreter.evaluate(expression)))
    .map(({ expression }) => changesFor(expression, false, interpreter));
  const granted = expressions
    .filter(({ effect }) => effect === 'permit')
    .flatMap(({ expression }) => changesFor(expression, true, interpreter));
  return smallest(product([...lifted, smallest(granted)]))
    .filter((changes) => wouldAllow(changes, expressions, request, resolve, blocks))
    .sort((a, b) => a.size - b.size || forgetting(a) - forgetting(b))
    .slice(0, maximumRemedies)
    .map((changes) =>
      [...changes].map(([condition, { atom, want }]) => ({
        condition,
        must: want,
        facts: factsOf(atom, interpreter),
      })),
    );
}

/** How many facts would have to be forgotten: true, but rarely what anybody can do. */
function forgetting(changes: ChangeSet): number {
  return [...changes.values()].filter(({ atom, want }) => atom.kind === 'has' && !want).length;
}

/** Decides again with the changes taken as made, so that no remedy wakes another forbid. */
function wouldAllow(
  changes: ChangeSet,
  policies: readonly { readonly effect: Policy['effect']; readonly expression: Expression }[],
  request: PartialRequest,
  resolve: (uid: CedarUid) => EntityNode,
  blocks: (result: Result) => boolean,
): boolean {
  const assuming = new AssumingInterpreter(changes, request, resolve);
  let permitted = false;
  for (const { effect, expression } of policies) {
    const result = assuming.evaluate(expression);
    if (effect === 'permit') permitted ||= result === true;
    else if (blocks(result)) return false;
  }
  return permitted;
}

/** Remembers what each expression came to. */
class NotingInterpreter extends Interpreter {
  readonly seen = new Map<Expression, Result>();

  override evaluate(expression: Expression): Result {
    const result = super.evaluate(expression);
    this.seen.set(expression, result);
    return result;
  }
}

/** An interpreter for which some atoms are what they are wanted to be. */
class AssumingInterpreter extends Interpreter {
  readonly #changes: ChangeSet;

  constructor(changes: ChangeSet, request: PartialRequest, resolve: (uid: CedarUid) => EntityNode) {
    super(request, resolve);
    this.#changes = changes;
  }

  override evaluate(expression: Expression): Result {
    const assumed = this.#changes.get(formatExpression(expression));
    return assumed === undefined ? super.evaluate(expression) : assumed.want;
  }
}
