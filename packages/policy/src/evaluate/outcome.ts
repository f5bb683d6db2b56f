import type { StaleFact } from '@kydai/contracts';
import { factOf, wholeFact } from '../entities/fact.ts';
import { formatExpression } from '../explain/format.ts';
import type { Expression, Policy } from '../parse/ast.ts';
import type { Attributes } from '../values/value.ts';

/** A policy as the engine runs it. `index` is its place in the set, the order in which policies are reported. */
export interface RunningPolicy {
  readonly index: number;
  readonly policy: Policy;
}

/** Where and why a policy failed: an operation could not be done, or a value that had to be a Bool was not. */
export interface Failure {
  readonly running: RunningPolicy;
  readonly expression: Expression;
  readonly reason: 'operation' | 'bool';
  /** The fact that was asked for its value and is too old to be believed. */
  readonly stale?: StaleFact;
}

/** What the generated functions report into. One for each engine, reused: decisions are synchronous. */
export class Outcome {
  readonly matched: RunningPolicy[] = [];
  failures: Failure[] | undefined = undefined;

  reset(): void {
    if (this.matched.length > 0) this.matched.length = 0;
    this.failures = undefined;
  }

  match(running: RunningPolicy): void {
    this.matched.push(running);
  }

  /** `owner`: the attributes that lack what was asked for. */
  fail(running: RunningPolicy, expression: Expression, reason: Failure['reason'], owner?: Attributes): void {
    this.failures ??= [];
    const stale = owner && staleFact(expression, owner);
    this.failures.push({ running, expression, reason, ...(stale && { stale }) });
  }
}

function staleFact(expression: Expression, owner: Attributes): StaleFact | undefined {
  const whole = wholeFact(owner);
  const fact = whole && factOf(whole);
  if (fact === undefined || expression.kind !== 'get') return undefined;
  const { source, at, until } = fact;
  return { name: formatExpression(expression.of), source, at: Number(at.ms), until: Number(until.ms) };
}

/** One line for people: what could not be evaluated and where. */
export function failureMessage({ running, expression, reason, stale }: Failure): string {
  const { file, line, column } = running.policy.placeOf(expression);
  if (stale !== undefined) return `\`${stale.name}\` is stale at ${file}:${line}:${column}`;
  return `${reason === 'bool' ? 'expected a Bool' : problemOf(expression)} at ${file}:${line}:${column}`;
}

function problemOf(expression: Expression): string {
  switch (expression.kind) {
    case 'get':
      return `attribute \`${expression.attribute}\` is missing, or its owner is`;
    case 'has':
      return 'expected an entity or a record before `has`';
    case 'like':
      return 'expected a String before `like`';
    case 'is':
      return 'expected an entity before `is`, and an entity or a set of entities after `in`';
    case 'negate':
      return 'expected a Long that can be negated';
    case 'call':
      return expression.function === 'getTag'
        ? 'tag is missing, or its entity is'
        : `\`${expression.function}\` cannot take these arguments`;
    case 'binary':
      if (expression.operator === 'in')
        return 'expected an entity before `in`, and an entity or a set of entities after';
      return '+-*'.includes(expression.operator)
        ? `\`${expression.operator}\` overflows 64 bits or has an operand that is not a Long`
        : `\`${expression.operator}\` cannot compare these types`;
    default:
      return 'cannot be evaluated';
  }
}
