// One file because each kind of expression is one short function, read side by side with the language.

import type { CedarUid } from '@kydai/contracts';
import type { EntityNode } from '../entities/node.ts';
import type { RunningPolicy } from '../evaluate/outcome.ts';
import type { Expression, Variable } from '../parse/ast.ts';
import { cedarFunctions } from '../values/functions.ts';
import { CedarRecord, CedarSet, equal, failed, type Value } from '../values/value.ts';
import type { Emitter, Hoisted } from './emit.ts';
import { runtime } from './runtime.ts';

/** What is known of the request when a function is generated; absent where only the decision will tell. */
export interface KnownTypes {
  readonly principal?: string;
  readonly resource?: string;
}

/** A JavaScript expression without effects, which may be a constant or be known to be a boolean. */
interface Operand {
  readonly js: string;
  readonly constant?: Value;
  readonly bool?: boolean;
}

const variableNames: Record<Variable, string> = { principal: 'P', action: 'A', resource: 'R', context: 'C' };
const attributeNames: Record<Variable, Hoisted> = {
  principal: 'PA',
  action: 'AA',
  resource: 'RA',
  context: 'CA',
};
const arithmetic = { '+': 'add', '-': 'subtract', '*': 'multiply' } as const;

/**
 * Over 300 lines, since every kind of expression has its few lines here and they call one another.
 *
 * Generates straight-line code for one policy. An error or a false condition breaks out of the policy's labelled
 * block; there are no exceptions and no closures.
 */
export class ExpressionCompiler {
  readonly #emitter: Emitter;
  readonly #running: RunningPolicy;
  readonly #label: string;
  readonly #types: KnownTypes;
  readonly #hold: (uid: CedarUid) => EntityNode;

  constructor(
    emitter: Emitter,
    running: RunningPolicy,
    label: string,
    types: KnownTypes,
    hold: (uid: CedarUid) => EntityNode,
  ) {
    this.#emitter = emitter;
    this.#running = running;
    this.#label = label;
    this.#types = types;
    this.#hold = hold;
  }

  /** Emits code that falls through when the expression is true and runs `otherwise`, a jump, when it is false. */
  test(expression: Expression, otherwise: string): void {
    const emitter = this.#emitter;
    switch (expression.kind) {
      case 'and':
        for (const term of expression.terms) this.test(term, otherwise);
        return;
      case 'or': {
        const done = emitter.fresh('o');
        emitter.line(`${done}:{`);
        for (const term of expression.terms) {
          const next = emitter.fresh('n');
          emitter.line(`${next}:{`);
          this.test(term, `break ${next};`);
          emitter.line(`break ${done};}`);
        }
        emitter.line(`${otherwise}}`);
        return;
      }
      case 'not': {
        const holds = emitter.fresh('h');
        emitter.line(`${holds}:{`);
        this.test(expression.of, `break ${holds};`);
        emitter.line(`${otherwise}}`);
        return;
      }
      case 'if': {
        const done = emitter.fresh('d');
        const negative = emitter.fresh('e');
        emitter.line(`${done}:{${negative}:{`);
        this.test(expression.test, `break ${negative};`);
        this.test(expression.then, otherwise);
        emitter.line(`break ${done};}`);
        this.test(expression.otherwise, otherwise);
        emitter.line('}');
        return;
      }
      case 'has':
        this.#has(expression, otherwise);
        return;
      default: {
        const operand = this.value(expression);
        if (operand.constant === true) return;
        if (operand.constant === false) emitter.line(otherwise);
        else if (operand.bool) emitter.line(`if(!${operand.js})${otherwise}`);
        else {
          const name = this.#named(operand);
          const jump = `{if(${name}===false)${otherwise}${this.#fail(expression, 'bool')}}`;
          emitter.line(`if(${name}!==true)${jump}`);
        }
      }
    }
  }

  value(expression: Expression): Operand {
    switch (expression.kind) {
      case 'literal':
        return this.#constant(expression.value);
      case 'entity':
        return this.#constant(this.#hold(expression.uid));
      case 'variable':
        return { js: variableNames[expression.name] };
      case 'and':
      case 'or':
      case 'not':
      case 'has':
        return this.#truth(expression);
      case 'if':
        return this.#conditional(expression);
      case 'negate':
        return this.#operation(expression, 'negate', [this.value(expression.of)], false);
      case 'get':
        return this.#get(expression);
      case 'like': {
        const pieces = this.#emitter.constant(expression.pieces);
        const of = this.#named(this.value(expression.of));
        return this.#checked(expression, `rt.like(${of},${pieces})`, true);
      }
      case 'is':
        return this.#is(expression);
      case 'set':
        return this.#set(expression.items.map((item) => this.value(item)));
      case 'record':
        return this.#record(expression.fields.map(([key, field]) => [key, this.value(field)]));
      case 'call':
        return this.#call(expression);
      case 'binary':
        return this.#binary(expression);
    }
  }

  #constant(value: Value): Operand {
    return { js: this.#emitter.constant(value), constant: value, bool: typeof value === 'boolean' };
  }

  /** The operand under a name, so that it can be written twice. */
  #named(operand: Operand): string {
    return /^\w+$/.test(operand.js) ? operand.js : this.#emitter.local(operand.js);
  }

  #fail(expression: Expression, reason: 'operation' | 'bool' = 'operation', owner?: string): string {
    const running = this.#emitter.constant(this.#running);
    const more = owner === undefined ? '' : `,${owner}`;
    return `{out.fail(${running},${this.#emitter.constant(expression)},'${reason}'${more});break ${this.#label};}`;
  }

  /** A call that may fail, kept in a local that is a value. */
  #checked(expression: Expression, js: string, bool: boolean): Operand {
    const name = this.#emitter.local(js);
    this.#emitter.line(`if(${name}===rt.failed)${this.#fail(expression)}`);
    return { js: name, bool };
  }

  /** Runs the operation now if everything is known, else emits it. */
  #operation(
    expression: Expression,
    name: keyof typeof runtime,
    operands: readonly Operand[],
    bool: boolean,
  ): Operand {
    const run = runtime[name] as (...args: unknown[]) => Value | typeof failed;
    if (operands.every(({ constant }) => constant !== undefined)) {
      const result = run(...operands.map(({ constant }) => constant));
      if (result !== failed) return this.#constant(result);
    }
    return this.#checked(expression, `rt.${name}(${operands.map(({ js }) => js).join()})`, bool);
  }

  /** A boolean expression as a value. */
  #truth(expression: Expression): Operand {
    const name = this.#emitter.fresh('b');
    const done = this.#emitter.fresh('v');
    this.#emitter.line(`let ${name}=true;${done}:{`);
    this.test(expression, `{${name}=false;break ${done};}`);
    this.#emitter.line('}');
    return { js: name, bool: true };
  }

  #conditional(expression: Expression & { kind: 'if' }): Operand {
    const name = this.#emitter.fresh('i');
    const done = this.#emitter.fresh('d');
    const negative = this.#emitter.fresh('e');
    this.#emitter.line(`let ${name};${done}:{${negative}:{`);
    this.test(expression.test, `break ${negative};`);
    const then = this.value(expression.then);
    this.#emitter.line(`${name}=${then.js};break ${done};}`);
    const otherwise = this.value(expression.otherwise);
    this.#emitter.line(`${name}=${otherwise.js};}`);
    return { js: name, bool: then.bool === true && otherwise.bool === true };
  }

  /** A name for the attributes of an entity or a record. */
  #attributesOf(owner: Expression, failing: Expression): string {
    if (owner.kind === 'variable') return this.#emitter.hoisted(attributeNames[owner.name]);
    return this.#attributesIn(this.#named(this.value(owner)), failing);
  }

  #attributesIn(name: string, failing: Expression): string {
    const attrs = this.#emitter.fresh('a');
    const test = `typeof ${name}!=='object'||(${attrs}=${name}.attrs)===undefined`;
    this.#emitter.line(`let ${attrs};if(${test})${this.#fail(failing)}`);
    return attrs;
  }

  #get(expression: Expression & { kind: 'get' }): Operand {
    const attrs = this.#attributesOf(expression.of, expression);
    const name = this.#emitter.local(`${attrs}[${this.#emitter.constant(`$${expression.attribute}`)}]`);
    // Where the value of a fact is withheld, what is left of it tells why.
    const owner = expression.attribute === 'value' ? attrs : undefined;
    this.#emitter.line(`if(${name}===undefined)${this.#fail(expression, 'operation', owner)}`);
    return { js: name };
  }

  #has(expression: Expression & { kind: 'has' }, otherwise: string): void {
    let attrs = this.#attributesOf(expression.of, expression);
    for (const [index, attribute] of expression.attributes.entries()) {
      const read = `${attrs}[${this.#emitter.constant(`$${attribute}`)}]`;
      if (index === expression.attributes.length - 1)
        this.#emitter.line(`if(${read}===undefined)${otherwise}`);
      else {
        const name = this.#emitter.local(read);
        this.#emitter.line(`if(${name}===undefined)${otherwise}`);
        attrs = this.#attributesIn(name, expression);
      }
    }
  }

  #is(expression: Expression & { kind: 'is' }): Operand {
    if (expression.within !== undefined) {
      const { within, ...type } = expression;
      const test: Expression = {
        kind: 'binary',
        at: expression.at,
        operator: 'in',
        left: expression.of,
        right: within,
      };
      return this.#truth({ kind: 'and', at: expression.at, terms: [type, test] });
    }
    const { of } = expression;
    const known =
      of.kind === 'variable' && of.name !== 'action' && of.name !== 'context'
        ? this.#types[of.name]
        : undefined;
    if (known !== undefined) return this.#constant(known === expression.type);
    const operand = this.value(of);
    return this.#checked(
      expression,
      `rt.isType(${operand.js},${this.#emitter.constant(expression.type)})`,
      true,
    );
  }

  #set(items: readonly Operand[]): Operand {
    if (items.every(({ constant }) => constant !== undefined)) {
      return this.#constant(new CedarSet(items.map(({ constant }) => constant!)));
    }
    return { js: this.#emitter.local(`rt.set([${items.map(({ js }) => js).join()}])`) };
  }

  #record(fields: readonly (readonly [string, Operand])[]): Operand {
    if (fields.every(([, { constant }]) => constant !== undefined)) {
      return this.#constant(
        new CedarRecord(Object.fromEntries(fields.map(([key, { constant }]) => [`$${key}`, constant!]))),
      );
    }
    const pairs = fields.map(([key, { js }]) => `[${this.#emitter.constant(`$${key}`)}]:${js}`);
    return { js: this.#emitter.local(`rt.record({${pairs.join()}})`) };
  }

  #call(expression: Expression & { kind: 'call' }): Operand {
    const args = expression.args.map((arg) => this.value(arg));
    if (expression.function === 'hasTag') return this.#operation(expression, 'hasTag', args, true);
    if (expression.function === 'getTag') {
      return this.#checked(expression, `rt.getTag(${args.map(({ js }) => js).join()})`, false);
    }
    const known = cedarFunctions.get(expression.function);
    if (known === undefined || known.arity !== args.length) {
      // The reference parser knows no other function; should it ever, the policy fails instead of guessing.
      this.#emitter.line(this.#fail(expression));
      return { js: 'false', bool: true };
    }
    if (args.every(({ constant }) => constant !== undefined)) {
      const result = known.run(...args.map(({ constant }) => constant)) as Value | typeof failed;
      if (result !== failed) return this.#constant(result);
    }
    const [set, element] = args;
    if (expression.function === 'contains' && set!.constant instanceof CedarSet) {
      return { js: `${set!.js}.has(${element!.js})`, bool: true };
    }
    const run = this.#emitter.constant(known.run);
    return this.#checked(expression, `${run}(${args.map(({ js }) => js).join()})`, known.gives === 'bool');
  }

  #binary(expression: Expression & { kind: 'binary' }): Operand {
    const { operator } = expression;
    const left = this.value(expression.left);
    const right = this.value(expression.right);
    switch (operator) {
      case '==':
      case '!=':
        return this.#equality(left, right, operator === '!=');
      case '<':
        return this.#operation(expression, 'less', [left, right], true);
      case '<=':
        return this.#operation(expression, 'lessOrEqual', [left, right], true);
      case '>':
        return this.#operation(expression, 'less', [right, left], true);
      case '>=':
        return this.#operation(expression, 'lessOrEqual', [right, left], true);
      case 'in':
        // Not folded: what is above an entity changes.
        return this.#checked(expression, `rt.within(${left.js},${right.js})`, true);
      default:
        return this.#operation(expression, arithmetic[operator], [left, right], false);
    }
  }

  #equality(left: Operand, right: Operand, negated: boolean): Operand {
    if (left.constant !== undefined && right.constant !== undefined) {
      return this.#constant(equal(left.constant, right.constant) !== negated);
    }
    if (isAtomic(left.constant) || isAtomic(right.constant)) {
      return { js: `(${left.js}${negated ? '!==' : '==='}${right.js})`, bool: true };
    }
    return { js: `${negated ? '!' : ''}rt.equal(${left.js},${right.js})`, bool: true };
  }
}

/** Whether identity is equality: scalars and entities. */
function isAtomic(value: Value | undefined): boolean {
  return value !== undefined && (typeof value !== 'object' || 'type' in value);
}
