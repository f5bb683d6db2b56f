import { CsirtError } from '../error.ts';

/**
 * Conditions of if and while steps: the comparison expressions of the STIX Patterning Grammar (STIX 2.1 section 9) over
 * CACAO variables (section 10.18), such as `__severity__:value >= 3 AND NOT __device__:value = ''`. Brackets around an
 * observation are allowed and mean nothing here. `MATCHES` is refused: a playbook's regular expression must not be able
 * to stop the response.
 */
export type Condition =
  | { readonly kind: 'and' | 'or'; readonly left: Condition; readonly right: Condition }
  | { readonly kind: 'not'; readonly inner: Condition }
  | {
      readonly kind: 'compare';
      readonly variable: string;
      readonly operator: Operator;
      readonly literals: readonly Literal[];
    };

type Literal = string | number | boolean;
type Operator = '=' | '!=' | '<' | '<=' | '>' | '>=' | 'IN' | 'LIKE';

const maximumLength = 2000;
const maximumDepth = 32;
const lexeme =
  /\s*(?:(__[A-Za-z_][A-Za-z0-9_-]*__)(?::value)?|'((?:[^'\\]|\\.)*)'|(-?\d+(?:\.\d+)?)|(==|!=|<>|<=|>=|=|<|>)|([A-Za-z]+)|([()[\],]))/y;

type Token =
  | { readonly type: 'variable' | 'string' | 'operator' | 'word' | 'mark'; readonly text: string }
  | { readonly type: 'number'; readonly text: string };

function tokens(text: string): Token[] {
  if (text.length > maximumLength) throw invalid(`is longer than ${maximumLength} characters`);
  const found: Token[] = [];
  lexeme.lastIndex = 0;
  while (lexeme.lastIndex < text.trimEnd().length) {
    const at = lexeme.lastIndex;
    const match = lexeme.exec(text);
    if (match === null) throw invalid(`cannot be read at character ${at + 1}`);
    const [, variable, string, number, operator, word, mark] = match;
    if (variable !== undefined) found.push({ type: 'variable', text: variable });
    else if (string !== undefined) found.push({ type: 'string', text: string.replace(/\\(.)/g, '$1') });
    else if (number !== undefined) found.push({ type: 'number', text: number });
    else if (operator !== undefined) found.push({ type: 'operator', text: operator });
    else if (word !== undefined) found.push({ type: 'word', text: word });
    else found.push({ type: 'mark', text: mark! });
  }
  return found;
}

/** Parses a condition; throws `condition-invalid` with the place. At most 2,000 characters, 32 levels. */
export function parseCondition(text: string): Condition {
  const list = tokens(text);
  let position = 0;
  const peek = (): Token | undefined => list[position];
  const isWord = (word: string): boolean => peek()?.type === 'word' && peek()!.text.toUpperCase() === word;
  const isMark = (mark: string): boolean => peek()?.type === 'mark' && peek()!.text === mark;
  const expect = (mark: string): void => {
    if (!isMark(mark)) throw invalid(`needs \`${mark}\` at part ${position + 1}`);
    position += 1;
  };

  const disjunction = (depth: number): Condition => {
    if (depth > maximumDepth) throw invalid(`nests deeper than ${maximumDepth}`);
    let left = conjunction(depth);
    while (isWord('OR')) {
      position += 1;
      left = { kind: 'or', left, right: conjunction(depth) };
    }
    return left;
  };
  const conjunction = (depth: number): Condition => {
    let left = term(depth);
    while (isWord('AND')) {
      position += 1;
      left = { kind: 'and', left, right: term(depth) };
    }
    return left;
  };
  const term = (depth: number): Condition => {
    if (depth > maximumDepth) throw invalid(`nests deeper than ${maximumDepth}`);
    if (isWord('NOT')) {
      position += 1;
      return { kind: 'not', inner: term(depth + 1) };
    }
    for (const [open, close] of [
      ['(', ')'],
      ['[', ']'],
    ] as const) {
      if (isMark(open)) {
        position += 1;
        const inner = disjunction(depth + 1);
        expect(close);
        return inner;
      }
    }
    return comparison();
  };
  const comparison = (): Condition => {
    const variable = list[position++];
    if (variable?.type !== 'variable') throw invalid(`needs a variable at part ${position}`);
    const negated = isWord('NOT');
    if (negated) position += 1;
    const operator = list[position++];
    const word = operator?.text.toUpperCase();
    const compare = (name: Operator, literals: readonly Literal[]): Condition => {
      const plain: Condition = { kind: 'compare', variable: variable.text, operator: name, literals };
      return negated ? { kind: 'not', inner: plain } : plain;
    };
    if (operator?.type === 'operator') {
      const name = word === '==' ? '=' : word === '<>' ? '!=' : (word as Operator);
      return compare(name, [literal()]);
    }
    if (operator?.type === 'word' && word === 'LIKE') return compare('LIKE', [literal()]);
    if (operator?.type === 'word' && word === 'IN') {
      expect('(');
      const literals = [literal()];
      while (isMark(',')) {
        position += 1;
        literals.push(literal());
      }
      expect(')');
      return compare('IN', literals);
    }
    throw invalid(`has an unknown operator at part ${position}; use = != < <= > >= IN LIKE`);
  };
  const literal = (): Literal => {
    const token = list[position++];
    if (token?.type === 'string') return token.text;
    if (token?.type === 'number') return Number(token.text);
    if (token?.type === 'word' && /^(?:true|false)$/i.test(token.text))
      return token.text.toLowerCase() === 'true';
    throw invalid(`needs a constant at part ${position}`);
  };

  const whole = disjunction(0);
  if (position < list.length) throw invalid(`goes on where it should end, at part ${position + 1}`);
  return whole;
}

/** Evaluates with the variables' present values. A variable without a value equals nothing and is in no list. */
export function evaluateCondition(
  condition: Condition,
  variables: Readonly<Record<string, string>>,
): boolean {
  switch (condition.kind) {
    case 'and':
      return evaluateCondition(condition.left, variables) && evaluateCondition(condition.right, variables);
    case 'or':
      return evaluateCondition(condition.left, variables) || evaluateCondition(condition.right, variables);
    case 'not':
      return !evaluateCondition(condition.inner, variables);
    case 'compare': {
      const value = Object.hasOwn(variables, condition.variable) ? variables[condition.variable] : undefined;
      return value !== undefined && compare(value, condition.operator, condition.literals);
    }
  }
}

function compare(value: string, operator: Operator, literals: readonly Literal[]): boolean {
  const first = literals[0]!;
  switch (operator) {
    case '=':
    case 'IN':
      return literals.some((literal) => equal(value, literal));
    case '!=':
      return !equal(value, first);
    case 'LIKE':
      return like(value, String(first));
    default: {
      const [left, right] = typeof first === 'number' ? [Number(value), first] : [value, String(first)];
      if (operator === '<') return left < right;
      if (operator === '<=') return left <= right;
      if (operator === '>') return left > right;
      return left >= right;
    }
  }
}

function equal(value: string, literal: Literal): boolean {
  if (typeof literal === 'number') return value.trim() !== '' && Number(value) === literal;
  return value === String(literal);
}

/** SQL LIKE with `%` and `_`, in time linear in the product of the lengths: no backtracking over regular expressions. */
function like(value: string, pattern: string): boolean {
  let row = [true, ...Array.from(value, () => false)];
  for (const sign of pattern) {
    const next = [sign === '%' && row[0]!];
    Array.from(value).forEach((letter, index) => {
      next.push(
        sign === '%' ? next[index]! || row[index + 1]! : row[index]! && (sign === '_' || sign === letter),
      );
    });
    row = next;
  }
  return row.at(-1)!;
}

function invalid(what: string): CsirtError {
  return new CsirtError('condition-invalid', `the condition ${what}`);
}
