import type { Expression, ScopeConstraint } from '../parse/ast.ts';
import { isLong } from '../values/long.ts';

const identifier = /^[A-Za-z_]\w*$/;

/** A string as a Cedar literal. */
export function formatString(text: string): string {
  return `"${text.replace(/["\\\p{Cc}]/gu, (point) =>
    point === '"' || point === '\\' ? `\\${point}` : `\\u{${point.codePointAt(0)!.toString(16)}}`,
  )}"`;
}

export function formatUid({ type, id }: { readonly type: string; readonly id: string }): string {
  return `${type}::${formatString(id)}`;
}

const texts = new WeakMap<Expression, string>();

/** The expression as Cedar text, on one line. Equal expressions have equal texts. */
export function formatExpression(expression: Expression): string {
  let text = texts.get(expression);
  if (text === undefined) {
    text = format(expression);
    texts.set(expression, text);
  }
  return text;
}

function format(expression: Expression): string {
  const inner = (each: Expression) => {
    // A minus binds looser than a member access, and before a number it would become part of the number.
    const negative = each.kind === 'literal' && isLong(each.value) && each.value < 0;
    const simple = ['literal', 'entity', 'variable', 'get', 'call', 'set', 'record'].includes(each.kind);
    return simple && !negative ? formatExpression(each) : `(${formatExpression(each)})`;
  };
  switch (expression.kind) {
    case 'literal':
      return typeof expression.value === 'string' ? formatString(expression.value) : String(expression.value);
    case 'entity':
      return formatUid(expression.uid);
    case 'variable':
      return expression.name;
    case 'and':
      return expression.terms.map(inner).join(' && ');
    case 'or':
      return expression.terms.map(inner).join(' || ');
    case 'not':
      return `!${inner(expression.of)}`;
    case 'negate':
      return expression.of.kind === 'literal'
        ? `-(${formatExpression(expression.of)})`
        : `-${inner(expression.of)}`;
    case 'binary':
      return `${inner(expression.left)} ${expression.operator} ${inner(expression.right)}`;
    case 'if':
      return `if ${inner(expression.test)} then ${inner(expression.then)} else ${inner(expression.otherwise)}`;
    case 'get':
      return identifier.test(expression.attribute)
        ? `${inner(expression.of)}.${expression.attribute}`
        : `${inner(expression.of)}[${formatString(expression.attribute)}]`;
    case 'has':
      return `${inner(expression.of)} has ${expression.attributes.every((each) => identifier.test(each)) ? expression.attributes.join('.') : formatString(expression.attributes[0]!)}`;
    case 'like':
      return `${inner(expression.of)} like ${expression.pieces
        .map((piece) => formatString(piece).slice(1, -1).replaceAll('*', '\\*'))
        .join('*')
        .replace(/^[\s\S]*$/, '"$&"')}`;
    case 'is':
      return `${inner(expression.of)} is ${expression.type}${expression.within ? ` in ${inner(expression.within)}` : ''}`;
    case 'set':
      return `[${expression.items.map(formatExpression).join(', ')}]`;
    case 'record':
      return `{${expression.fields.map(([key, field]) => `${identifier.test(key) ? key : formatString(key)}: ${formatExpression(field)}`).join(', ')}}`;
    case 'call': {
      const [receiver, ...args] = expression.args;
      return constructors.has(expression.function)
        ? `${expression.function}(${expression.args.map(formatExpression).join(', ')})`
        : `${inner(receiver!)}.${expression.function}(${args.map(formatExpression).join(', ')})`;
    }
  }
}

const constructors = new Set(['ip', 'decimal', 'datetime', 'duration']);

/** What a policy's head says about the principal or resource, as an expression; undefined for anything at all. */
export function scopeExpression(
  constraint: ScopeConstraint,
  name: 'principal' | 'resource',
  at: number,
): Expression | undefined {
  const of: Expression = { kind: 'variable', at, name };
  if (constraint.op === 'any') return undefined;
  if (constraint.op === 'is') return { kind: 'is', at, of, type: constraint.type };
  const entity: Expression = { kind: 'entity', at, uid: constraint.uid };
  const operator = constraint.op === 'eq' ? '==' : 'in';
  const test: Expression = { kind: 'binary', at, operator, left: of, right: entity };
  if (constraint.type === undefined) return test;
  return { kind: 'and', at, terms: [{ kind: 'is', at, of, type: constraint.type }, test] };
}
