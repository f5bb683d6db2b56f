import type { CedarUid } from '@kydai/contracts';
import { runtime } from '../compile/runtime.ts';
import type { EntityNode } from '../entities/node.ts';
import type { Expression } from '../parse/ast.ts';
import { cedarFunctions } from '../values/functions.ts';
import { CedarRecord, CedarSet, equal, failed, type Value } from '../values/value.ts';

/** The value depends on a part of the request that is not known. */
export const unknown: unique symbol = Symbol('unknown');

export type Result = Value | typeof failed | typeof unknown;

/** A request of which some parts may be missing. */
export interface PartialRequest {
  readonly principal?: EntityNode | undefined;
  readonly action?: EntityNode | undefined;
  readonly resource?: EntityNode | undefined;
  readonly context?: CedarRecord | undefined;
}

const arithmetic = { '+': runtime.add, '-': runtime.subtract, '*': runtime.multiply } as const;

/**
 * Evaluates expressions one node at a time, also of partial requests. Slow and exact: search and explanation use it,
 * decisions do not.
 */
export class Interpreter {
  readonly #request: PartialRequest;
  readonly #resolve: (uid: CedarUid) => EntityNode;

  constructor(request: PartialRequest, resolve: (uid: CedarUid) => EntityNode) {
    this.#request = request;
    this.#resolve = resolve;
  }

  evaluate(expression: Expression): Result {
    switch (expression.kind) {
      case 'literal':
        return expression.value;
      case 'entity':
        return this.#resolve(expression.uid);
      case 'variable':
        return this.#request[expression.name] ?? unknown;
      case 'and':
        return this.#chain(expression.terms, false);
      case 'or':
        return this.#chain(expression.terms, true);
      case 'not': {
        const of = this.evaluate(expression.of);
        return typeof of === 'boolean' ? !of : of === unknown ? unknown : failed;
      }
      case 'if': {
        const test = this.evaluate(expression.test);
        if (test === unknown) return unknown;
        return typeof test === 'boolean'
          ? this.evaluate(test ? expression.then : expression.otherwise)
          : failed;
      }
      case 'negate':
        return this.#apply(runtime.negate, [expression.of]);
      case 'get':
        return this.#get(this.evaluate(expression.of), expression.attribute);
      case 'has':
        return this.#has(this.evaluate(expression.of), expression.attributes);
      case 'like':
        return this.#apply((text) => runtime.like(text, expression.pieces), [expression.of]);
      case 'is': {
        const is = this.#apply((entity) => runtime.isType(entity, expression.type), [expression.of]);
        if (expression.within === undefined || is !== true) return is;
        return this.#apply(runtime.within, [expression.of, expression.within]);
      }
      case 'set':
        return this.#apply((...items) => new CedarSet(items as Value[]), expression.items);
      case 'record':
        return this.#apply(
          (...values) =>
            new CedarRecord(
              Object.fromEntries(expression.fields.map(([key], at) => [`$${key}`, values[at] as Value])),
            ),
          expression.fields.map(([, field]) => field),
        );
      case 'call':
        return this.#apply(functionOf(expression.function, expression.args.length), expression.args);
      case 'binary':
        return this.#binary(expression);
    }
  }

  /** Whether the expression can be true, whatever the unknown parts are. Errs on the side of yes. */
  canHold(expression: Expression): boolean {
    if (expression.kind === 'and') return expression.terms.every((term) => this.canHold(term));
    if (expression.kind === 'or') return expression.terms.some((term) => this.canHold(term));
    const result = this.evaluate(expression);
    return result === true || result === unknown;
  }

  #chain(terms: readonly Expression[], deciding: boolean): Result {
    for (const term of terms) {
      const result = this.evaluate(term);
      if (result === deciding) return deciding;
      if (result === unknown) return unknown;
      if (typeof result !== 'boolean') return failed;
    }
    return !deciding;
  }

  /** Every operand is evaluated in order; an error before an unknown is an error. */
  #apply(run: (...args: unknown[]) => unknown, operands: readonly Expression[]): Result {
    const values: unknown[] = [];
    for (const operand of operands) {
      const value = this.evaluate(operand);
      if (value === failed || value === unknown) return value;
      values.push(value);
    }
    return run(...values) as Result;
  }

  #get(owner: Result, attribute: string): Result {
    if (owner === unknown || owner === failed) return owner;
    return typeof owner === 'object' && 'attrs' in owner ? (owner.attrs[`$${attribute}`] ?? failed) : failed;
  }

  #has(owner: Result, attributes: readonly string[]): Result {
    let at = owner;
    for (const attribute of attributes) {
      if (at === unknown || at === failed) return at;
      if (typeof at !== 'object' || !('attrs' in at)) return failed;
      const next = at.attrs[`$${attribute}`];
      if (next === undefined) return false;
      at = next;
    }
    return true;
  }

  #binary({ operator, left, right }: Expression & { kind: 'binary' }): Result {
    switch (operator) {
      case '==':
        return this.#apply((a, b) => equal(a as Value, b as Value), [left, right]);
      case '!=':
        return this.#apply((a, b) => !equal(a as Value, b as Value), [left, right]);
      case '<':
        return this.#apply(runtime.less, [left, right]);
      case '<=':
        return this.#apply(runtime.lessOrEqual, [left, right]);
      case '>':
        return this.#apply((a, b) => runtime.less(b, a), [left, right]);
      case '>=':
        return this.#apply((a, b) => runtime.lessOrEqual(b, a), [left, right]);
      case 'in':
        return this.#apply(runtime.within, [left, right]);
      default:
        return this.#apply(arithmetic[operator], [left, right]);
    }
  }
}

function functionOf(name: string, arity: number): (...args: unknown[]) => unknown {
  if (name === 'hasTag' && arity === 2) return runtime.hasTag as (...args: unknown[]) => unknown;
  if (name === 'getTag' && arity === 2) return runtime.getTag as (...args: unknown[]) => unknown;
  const known = cedarFunctions.get(name);
  return known?.arity === arity ? known.run : () => failed;
}
