import { type Expression, join, negate } from './expression.ts';
import { quote, RuleFault } from './problem.ts';

const maxDepth = 64;
const maxTokens = 2000;
const tokenPattern = /\s*(?:([()])|([^\s()]+))/y;

/**
 * Reads a condition (specification 2.1, "Condition"): `not` binds closest, then `and`, then `or`; `1 of`, `any of` and
 * `all of` take `them` or a name with `*`. Throws a `RuleFault`.
 */
export function parseCondition(
  text: string,
  selections: ReadonlyMap<string, Expression>,
  line: number,
): Expression {
  if (text.includes('|')) {
    throw new RuleFault(
      'aggregation-unsupported',
      line,
      'use a correlation rule instead of `|` in a condition',
    );
  }
  const tokens = tokenise(text, line);
  let at = 0;
  const result = parseOr(0);
  if (at < tokens.length) throw fault(`unexpected ${quote(tokens[at]!)}`);
  return result;

  function fault(message: string): RuleFault {
    return new RuleFault('condition-invalid', line, `${message} in condition ${quote(text)}`);
  }

  function parseOr(depth: number): Expression {
    if (depth > maxDepth) throw new RuleFault('rule-too-large', line, 'the condition is nested too deeply');
    const children = [parseAnd(depth)];
    while (tokens[at]?.toLowerCase() === 'or') {
      at++;
      children.push(parseAnd(depth));
    }
    return join('or', children);
  }

  function parseAnd(depth: number): Expression {
    const children = [parseNot(depth)];
    while (tokens[at]?.toLowerCase() === 'and') {
      at++;
      children.push(parseNot(depth));
    }
    return join('and', children);
  }

  function parseNot(depth: number): Expression {
    let inverted = false;
    while (tokens[at]?.toLowerCase() === 'not') {
      at++;
      inverted = !inverted;
    }
    const operand = parseOperand(depth);
    return inverted ? negate(operand) : operand;
  }

  function parseOperand(depth: number): Expression {
    const token = tokens[at++];
    if (token === undefined) throw fault('something is missing at the end');
    if (token === '(') {
      const inner = parseOr(depth + 1);
      if (tokens[at++] !== ')') throw fault('a `(` is not closed');
      return inner;
    }
    if (token === ')' || /^(?:and|or)$/i.test(token)) throw fault(`unexpected ${quote(token)}`);
    if (tokens[at]?.toLowerCase() === 'of') {
      at++;
      return parseSelector(token.toLowerCase(), tokens[at++]);
    }
    const selection = selections.get(token);
    if (selection === undefined) throw fault(`no search is named ${quote(token)}`);
    return selection;
  }

  function parseSelector(quantity: string, target: string | undefined): Expression {
    if (target === undefined) throw fault('`of` must be followed by `them` or a name');
    if (quantity !== '1' && quantity !== 'any' && quantity !== 'all')
      throw fault(`${quote(quantity)} of is not known`);
    const chosen: Expression[] = [];
    for (const [name, expression] of selections) if (selects(target, name)) chosen.push(expression);
    if (chosen.length === 0) {
      throw new RuleFault('selector-unmatched', line, `no search matches ${quote(target)}`);
    }
    return join(quantity === 'all' ? 'and' : 'or', chosen);
  }
}

/** `them` is every search; a name that begins with an underscore is left out unless the target begins with one, too. */
function selects(target: string, name: string): boolean {
  if (name.startsWith('_') && !target.startsWith('_')) return false;
  if (target.toLowerCase() === 'them') return true;
  const parts = target.split('*');
  if (parts.length === 1) return name === target;
  if (!name.startsWith(parts[0]!)) return false;
  let from = parts[0]!.length;
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, from);
    if (found < 0) return false;
    from = found + part.length;
  }
  const last = parts.at(-1)!;
  return name.length - from >= last.length && name.endsWith(last);
}

function tokenise(text: string, line: number): string[] {
  const tokens: string[] = [];
  tokenPattern.lastIndex = 0;
  const trimmed = text.trimEnd();
  while (tokenPattern.lastIndex < trimmed.length) {
    const match = tokenPattern.exec(trimmed);
    if (!match) break;
    tokens.push(match[1] ?? match[2]!);
    if (tokens.length > maxTokens) throw new RuleFault('rule-too-large', line, 'the condition is too long');
  }
  return tokens;
}
