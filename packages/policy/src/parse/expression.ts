import { PolicyError } from '../error.ts';
import type { BinaryOperator, Expression, Long, Variable } from './ast.ts';
import type { Source } from './source.ts';
import { readPattern, readString } from './text.ts';
import type { Token } from './tokens.ts';

const relations = new Set(['==', '!=', '<', '<=', '>', '>=']);
const variables = new Set(['principal', 'action', 'resource', 'context']);
const lowest = -(2n ** 63n);
const highest = 2n ** 63n - 1n;

/** An exact integer, as a number where safe. */
export function normalizeLong(value: bigint): Long {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : value;
}

/**
 * Reads tokens into expressions (Cedar grammar, section Expr). The reference parser has accepted the text before, so
 * this reader may be lenient; it exists because the reference's JSON form loses integers beyond 2^53 and positions.
 */
export class ExpressionReader {
  protected readonly source: Source;
  protected readonly tokens: readonly Token[];
  protected position = 0;

  constructor(source: Source, tokens: readonly Token[]) {
    this.source = source;
    this.tokens = tokens;
  }

  protected get next(): Token {
    return this.tokens[this.position]!;
  }

  protected take(): Token {
    return this.tokens[this.position++]!;
  }

  protected is(text: string): boolean {
    const token = this.next;
    return token.text === text && (token.kind === 'mark' || token.kind === 'name');
  }

  protected accept(text: string): boolean {
    if (!this.is(text)) return false;
    this.position++;
    return true;
  }

  protected expect(text: string): Token {
    if (!this.is(text)) throw this.unexpected(`expected \`${text}\``);
    return this.take();
  }

  protected unexpected(hint: string): PolicyError {
    const found = this.next.kind === 'end' ? 'the end of the file' : `\`${this.next.text.slice(0, 80)}\``;
    return new PolicyError('parse', `${hint}, found ${found}`, this.source.place(this.next.at));
  }

  protected name(): string {
    if (this.next.kind !== 'name') throw this.unexpected('expected a name');
    return this.take().text;
  }

  protected string(): string {
    if (this.next.kind !== 'string') throw this.unexpected('expected a string');
    return readString(this.take().text);
  }

  /** `A::B`, stopping before `::"id"`. */
  protected path(): string {
    let path = this.name();
    while (this.is('::') && this.tokens[this.position + 1]?.kind === 'name') {
      this.take();
      path += `::${this.name()}`;
    }
    return path;
  }

  protected uid(): { type: string; id: string } {
    const type = this.path();
    this.expect('::');
    return { type, id: this.string() };
  }

  expression(): Expression {
    const at = this.next.at;
    if (!this.accept('if')) return this.or();
    const test = this.expression();
    this.expect('then');
    const then = this.expression();
    this.expect('else');
    return { kind: 'if', at, test, then, otherwise: this.expression() };
  }

  private or(): Expression {
    const first = this.and();
    if (!this.is('||')) return first;
    const terms = [first];
    while (this.accept('||')) terms.push(this.and());
    return { kind: 'or', at: first.at, terms };
  }

  private and(): Expression {
    const first = this.relation();
    if (!this.is('&&')) return first;
    const terms = [first];
    while (this.accept('&&')) terms.push(this.relation());
    return { kind: 'and', at: first.at, terms };
  }

  private relation(): Expression {
    const left = this.sum();
    const token = this.next;
    const at = left.at;
    if (token.kind === 'mark' && relations.has(token.text)) {
      this.take();
      return { kind: 'binary', at, operator: token.text as BinaryOperator, left, right: this.sum() };
    }
    if (token.kind !== 'name') return left;
    switch (token.text) {
      case 'in':
        this.take();
        return { kind: 'binary', at, operator: 'in', left, right: this.sum() };
      case 'has': {
        this.take();
        if (this.next.kind === 'string') return { kind: 'has', at, of: left, attributes: [this.string()] };
        const attributes = [this.name()];
        while (this.accept('.')) attributes.push(this.name());
        return { kind: 'has', at, of: left, attributes };
      }
      case 'like':
        this.take();
        if (this.next.kind !== 'string') throw this.unexpected('expected a pattern');
        return { kind: 'like', at, of: left, pieces: readPattern(this.take().text) };
      case 'is': {
        this.take();
        const type = this.path();
        return this.accept('in')
          ? { kind: 'is', at, of: left, type, within: this.sum() }
          : { kind: 'is', at, of: left, type };
      }
      default:
        return left;
    }
  }

  private sum(): Expression {
    let left = this.product();
    while (this.is('+') || this.is('-')) {
      const operator = this.take().text as BinaryOperator;
      left = { kind: 'binary', at: left.at, operator, left, right: this.product() };
    }
    return left;
  }

  private product(): Expression {
    let left = this.unary();
    while (this.is('*')) {
      this.take();
      left = { kind: 'binary', at: left.at, operator: '*', left, right: this.unary() };
    }
    return left;
  }

  private unary(): Expression {
    const at = this.next.at;
    if (this.accept('!')) return { kind: 'not', at, of: this.unary() };
    if (!this.is('-')) return this.member();
    this.take();
    // The minus belongs to the literal, or the smallest integer could not be written.
    if (this.next.kind === 'integer' && !this.isAccess(this.tokens[this.position + 1])) {
      return { kind: 'literal', at, value: this.integer(this.take(), true) };
    }
    return { kind: 'negate', at, of: this.unary() };
  }

  private isAccess(token: Token | undefined): boolean {
    return token?.kind === 'mark' && (token.text === '.' || token.text === '[');
  }

  private integer(token: Token, negative: boolean): Long {
    const value = negative ? -BigInt(token.text) : BigInt(token.text);
    if (value < lowest || value > highest) {
      throw new PolicyError(
        'parse',
        `integer does not fit 64 bits; make it smaller`,
        this.source.place(token.at),
      );
    }
    return normalizeLong(value);
  }

  private member(): Expression {
    let of = this.primary();
    for (;;) {
      const at = of.at;
      if (this.accept('.')) {
        const name = this.name();
        of = this.accept('(')
          ? { kind: 'call', at, function: name, args: [of, ...this.list(')')] }
          : { kind: 'get', at, of, attribute: name };
      } else if (this.accept('[')) {
        of = { kind: 'get', at, of, attribute: this.string() };
        this.expect(']');
      } else return of;
    }
  }

  /** Expressions up to the closing mark, a trailing comma allowed. */
  private list(close: string): Expression[] {
    const items: Expression[] = [];
    while (!this.accept(close)) {
      items.push(this.expression());
      if (!this.is(close)) this.expect(',');
    }
    return items;
  }

  private primary(): Expression {
    const token = this.next;
    const at = token.at;
    if (token.kind === 'integer') return { kind: 'literal', at, value: this.integer(this.take(), false) };
    if (token.kind === 'string') return { kind: 'literal', at, value: this.string() };
    if (token.kind === 'mark') {
      if (this.accept('(')) {
        const inner = this.expression();
        this.expect(')');
        return inner;
      }
      if (this.accept('[')) return { kind: 'set', at, items: this.list(']') };
      if (this.accept('{')) return { kind: 'record', at, fields: this.fields() };
    }
    if (token.kind !== 'name') throw this.unexpected('expected an expression');
    const path = this.path();
    if (this.is('::')) {
      this.take();
      return { kind: 'entity', at, uid: { type: path, id: this.string() } };
    }
    if (this.accept('(')) return { kind: 'call', at, function: path, args: this.list(')') };
    if (path === 'true' || path === 'false') return { kind: 'literal', at, value: path === 'true' };
    if (variables.has(path)) return { kind: 'variable', at, name: path as Variable };
    throw new PolicyError('parse', `unknown variable \`${path.slice(0, 80)}\``, this.source.place(at));
  }

  private fields(): (readonly [string, Expression])[] {
    const fields: (readonly [string, Expression])[] = [];
    while (!this.accept('}')) {
      const key = this.next.kind === 'string' ? this.string() : this.name();
      this.expect(':');
      fields.push([key, this.expression()]);
      if (!this.is('}')) this.expect(',');
    }
    return fields;
  }
}
