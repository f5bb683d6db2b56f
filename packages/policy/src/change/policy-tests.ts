import type { AccessRequest, Decision } from '@kydai/contracts';
import { withBareFacts } from '../entities/fact.ts';
import { EntityStore } from '../entities/store.ts';
import { PolicyError, type SourcePlace } from '../error.ts';
import { policiesOfAction } from '../evaluate/actions.ts';
import { createEngine, type Engine } from '../evaluate/engine.ts';
import { withMoment } from '../evaluate/moment.ts';
import { formatExpression } from '../explain/format.ts';
import { Interpreter, type Result } from '../explain/interpret.ts';
import { atomsOf, policyExpression } from '../explain/policy.ts';
import { interpretationOf } from '../explain/request.ts';
import type { Expression, Policy } from '../parse/ast.ts';
import { actionKey } from '../parse/schema.ts';
import type { PolicySet, SourceFile } from '../validate/policy-set.ts';
import { type PolicyTestCase, parsePolicyTests } from './test-file.ts';

export interface PolicyTestResult {
  readonly file: string;
  readonly name: string;
  readonly passed: boolean;
  readonly expected: string;
  readonly got: string;
}

export interface ConditionCoverage {
  readonly condition: string;
  readonly place: SourcePlace;
  /** In how many cases it was evaluated and came to this. */
  readonly held: number;
  readonly heldNot: number;
}

export interface PolicyCoverage {
  readonly id: string;
  readonly place: SourcePlace;
  /** In how many cases the policy matched, and in how many of its action it did not. */
  readonly fired: number;
  readonly spared: number;
  readonly conditions: readonly ConditionCoverage[];
}

export interface PolicyTestReport {
  readonly passed: number;
  readonly failed: number;
  readonly results: readonly PolicyTestResult[];
  readonly coverage: readonly PolicyCoverage[];
  /** What no case shows, one line each: a policy that never fires or is never spared, a condition never true or false. */
  readonly uncovered: readonly string[];
}

/**
 * Runs policy tests as the engine would decide them, strictly, each case over entities of its own, which must be as the
 * schema declares. Throws a `PolicyError` for a test file or an entity that cannot be read.
 */
export function runPolicyTests(policySet: PolicySet, files: readonly SourceFile[]): PolicyTestReport {
  const recorder = new Recorder(policySet);
  const results = files.flatMap(parsePolicyTests).map((test) => runCase(policySet, test, recorder));
  const coverage = recorder.coverage();
  const failed = results.filter(({ passed }) => !passed).length;
  return { passed: results.length - failed, failed, results, coverage, uncovered: coverage.flatMap(gapsOf) };
}

function runCase(policySet: PolicySet, test: PolicyTestCase, recorder: Recorder): PolicyTestResult {
  const entities = new EntityStore({ schema: policySet.schema, check: true });
  let decision: Decision;
  try {
    for (const entity of test.entities) entities.upsert(withBareFacts(entity, policySet.schema, 'test'));
    const engine = createEngine({ policySet, entities });
    const request = askedAt(test, engine, policySet);
    if (test.moment !== undefined) entities.expire(test.moment.now);
    decision = engine.decide(request);
    recorder.observe(engine.actionUid(request.action), interpretationOf(engine, entities, request), entities);
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error;
    throw new PolicyError(
      error.code,
      `case \`${test.name}\`: ${error.message}`,
      { file: test.file },
      { cause: error },
    );
  }
  const describe = (outcome: string, by: readonly string[] | undefined) =>
    by === undefined ? outcome : `${outcome} by ${[...by].sort().join(', ') || 'none'}`;
  const expected = describe(test.expect, test.by);
  const got = describe(decision.outcome, test.by && decision.determining.map(({ id }) => id));
  return { file: test.file, name: test.name, passed: expected === got, expected, got };
}

function askedAt({ request, moment }: PolicyTestCase, engine: Engine, policySet: PolicySet): AccessRequest {
  if (moment === undefined) return request;
  const declared = policySet.schema?.actions.get(actionKey(engine.actionUid(request.action)))?.context;
  const context = withMoment(request.context, declared ?? new Map(), () => moment);
  return { ...request, ...(context && { context: { ...context } }) };
}

interface Seen {
  held: number;
  heldNot: number;
}

/** Counts what policies and their conditions come to. */
class Recorder {
  readonly #policySet: PolicySet;
  readonly #expressions = new Map<Policy, Expression>();
  readonly #policies = new Map<Policy, Seen>();
  readonly #atoms = new Map<Expression, Seen>();

  constructor(policySet: PolicySet) {
    this.#policySet = policySet;
    for (const policy of policySet.policies) {
      const expression = policyExpression(policy);
      this.#expressions.set(policy, expression);
      this.#policies.set(policy, { held: 0, heldNot: 0 });
      for (const atom of atomsOf(expression)) this.#atoms.set(atom, { held: 0, heldNot: 0 });
    }
  }

  observe(
    action: { type: string; id: string },
    { request, resolve }: ReturnType<typeof interpretationOf>,
    entities: EntityStore,
  ): void {
    const interpreter = new ObservingInterpreter(this.#atoms, request, resolve);
    for (const policy of policiesOfAction(action, this.#policySet, entities)) {
      count(this.#policies.get(policy)!, interpreter.evaluate(this.#expressions.get(policy)!));
    }
  }

  coverage(): PolicyCoverage[] {
    return this.#policySet.policies.map((policy) => {
      const { held, heldNot } = this.#policies.get(policy)!;
      const conditions = atomsOf(this.#expressions.get(policy)!)
        .filter(({ kind }) => kind !== 'literal')
        .map((atom) => ({
          condition: formatExpression(atom),
          place: policy.placeOf(atom),
          ...this.#atoms.get(atom)!,
        }));
      return { id: policy.id, place: policy.place, fired: held, spared: heldNot, conditions };
    });
  }
}

class ObservingInterpreter extends Interpreter {
  readonly #atoms: ReadonlyMap<Expression, Seen>;

  constructor(atoms: ReadonlyMap<Expression, Seen>, ...rest: ConstructorParameters<typeof Interpreter>) {
    super(...rest);
    this.#atoms = atoms;
  }

  override evaluate(expression: Expression): Result {
    const result = super.evaluate(expression);
    const seen = this.#atoms.get(expression);
    if (seen !== undefined) count(seen, result);
    return result;
  }
}

function count(seen: Seen, result: Result): void {
  if (result === true) seen.held++;
  else seen.heldNot++;
}

function gapsOf({ id, place, fired, spared, conditions }: PolicyCoverage): string[] {
  const at = ({ file, line, column }: SourcePlace) => `${file}:${line}:${column}`;
  const gaps: string[] = [];
  if (fired === 0) gaps.push(`${at(place)}: no case makes \`${id}\` apply`);
  // A policy without conditions applies whenever its action is asked for.
  if (spared === 0 && conditions.length > 0) gaps.push(`${at(place)}: no case spares \`${id}\``);
  for (const { condition, place: where, held, heldNot } of conditions) {
    if (held === 0) gaps.push(`${at(where)}: \`${condition}\` of \`${id}\` is never true`);
    if (heldNot === 0 && !isFixed(condition))
      gaps.push(`${at(where)}: \`${condition}\` of \`${id}\` is never false`);
  }
  return gaps;
}

/** Type tests of heads: the schema often leaves no other type. */
function isFixed(condition: string): boolean {
  return /^(?:principal|resource) is [\w:]+$/.test(condition);
}
