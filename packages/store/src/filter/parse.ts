import type { EventFilter } from '@kydai/contracts';
import { quote, StoreError } from '../error.ts';
import { limits } from './check.ts';
import { readNetwork } from './network.ts';
import { type Token, tokenise } from './tokenise.ts';

const maxTerms = 200;

/**
 * Reads a search in the manner of KQL, the language of Kibana's query bar:
 *
 *     process.name:sshd and source.ip:10.0.0.0/8 and not event.outcome:success
 *     source.port >= 1024 and user.name:(root or adm*) and "failed password" and event.code:*
 *
 * `and` binds closer than `or`; words side by side must all be there. A value in quotes is taken as it is; without, `*`
 * and `?` are wildcards, an address with a prefix length is a network, and `field:*` asks that the field exists. Words
 * without a field are looked for in the raw line. `\` takes the next character as it is.
 *
 * Undefined for an empty search, which everything matches. Throws `query` with the column of what is wrong.
 */
export function parseQuery(text: string): EventFilter | undefined {
  if (typeof text !== 'string' || text.length > limits.text) {
    throw new StoreError('query', `a search may have at most ${limits.text} characters`, {
      column: limits.text + 1,
    });
  }
  const parser = new Parser(tokenise(text));
  return parser.whole();
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #terms = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  whole(): EventFilter | undefined {
    if (this.#peek().type === 'end') return undefined;
    const filter = this.#or(1, freeText);
    const rest = this.#peek();
    if (rest.type !== 'end')
      this.#fail(
        rest,
        rest.type === 'close'
          ? 'this parenthesis was never opened'
          : `${quote(rest.text)} was not expected here`,
      );
    return filter;
  }

  #peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)]!;
  }

  #fail(token: Token, message: string): never {
    throw new StoreError('query', `${message} (column ${token.column})`, { column: token.column });
  }

  #or(depth: number, value: Value): EventFilter {
    // Two levels of the tree for each level of parentheses, so that the filter's own limit holds too.
    if (depth * 2 > limits.depth) this.#fail(this.#peek(), 'the search nests too deep');
    const filters = [this.#and(depth, value)];
    while (this.#word('or')) filters.push(this.#and(depth, value));
    return filters.length === 1 ? filters[0]! : { op: 'or', filters };
  }

  #and(depth: number, value: Value): EventFilter {
    const filters = [this.#not(depth, value)];
    for (;;) {
      const next = this.#peek();
      if (!this.#word('and') && (next.type === 'end' || next.type === 'close' || isWord(next, 'or'))) break;
      filters.push(this.#not(depth, value));
    }
    return filters.length === 1 ? filters[0]! : { op: 'and', filters };
  }

  #not(depth: number, value: Value): EventFilter {
    let negate = false;
    while (this.#word('not')) negate = !negate;
    const filter = this.#term(depth, value);
    return negate ? { op: 'not', filter } : filter;
  }

  #term(depth: number, value: Value): EventFilter {
    const token = this.#peek();
    if (++this.#terms > maxTerms) this.#fail(token, `a search may have at most ${maxTerms} terms`);
    if (token.type === 'open') return this.#group(depth, value);
    if (token.type === 'compare') {
      if (value === freeText) this.#fail(token, `\`${token.text}\` needs a field before it`);
      return this.#compare(value.field!);
    }
    if (token.type !== 'word' && token.type !== 'quoted') {
      this.#fail(
        token,
        token.type === 'end'
          ? 'the search ends where a word was expected'
          : `${quote(token.text)} was not expected here`,
      );
    }
    if (isWord(token, 'and') || isWord(token, 'or'))
      this.#fail(token, `${quote(token.text)} needs a term before it`);
    const next = this.#peek(1);
    if (value === freeText && (next.type === 'colon' || next.type === 'compare'))
      return this.#field(depth, token);
    this.#at++;
    return value.make(token);
  }

  #group(depth: number, value: Value): EventFilter {
    const open = this.#peek();
    this.#at++;
    if (this.#peek().type === 'close') this.#fail(open, 'these parentheses are empty');
    const filter = this.#or(depth + 1, value);
    if (this.#peek().type !== 'close') {
      const found = this.#peek();
      this.#fail(
        found.type === 'end' ? open : found,
        found.type === 'end'
          ? 'this parenthesis is never closed'
          : `${quote(found.text)} was not expected here`,
      );
    }
    this.#at++;
    return filter;
  }

  #field(depth: number, token: Token): EventFilter {
    const field = token.value;
    if (field === '' || field.length > limits.field)
      this.#fail(token, `a field name must have 1 to ${limits.field} characters`);
    this.#at++;
    const separator = this.#peek();
    if (separator.type === 'compare') return this.#compare(field);
    this.#at++;
    const next = this.#peek();
    if (next.type === 'compare') return this.#compare(field);
    const value: Value = {
      field,
      make: (word) => fieldValue(field, word, (message) => this.#fail(word, message)),
    };
    if (next.type === 'open') return this.#group(depth, value);
    const keyword = ['and', 'or', 'not'].some((word) => isWord(next, word));
    if (keyword || (next.type !== 'word' && next.type !== 'quoted')) {
      this.#fail(next, `field ${quote(field)} needs a value; put it in quotes to look for this word`);
    }
    this.#at++;
    return value.make(next);
  }

  #compare(field: string): EventFilter {
    const operator = this.#peek();
    this.#at++;
    const bound = this.#peek();
    if (bound.type !== 'word' && bound.type !== 'quoted')
      this.#fail(bound, `\`${operator.text}\` needs a value after it`);
    this.#at++;
    const names = { '>': 'gt', '>=': 'gte', '<': 'lt', '<=': 'lte' } as const;
    const name = names[operator.text as keyof typeof names];
    const number = bound.type === 'word' && bound.value.trim() !== '' ? Number(bound.value) : Number.NaN;
    return { op: 'range', field, [name]: Number.isFinite(number) ? number : bound.value };
  }

  #word(keyword: string): boolean {
    if (!isWord(this.#peek(), keyword)) return false;
    this.#at++;
    return true;
  }
}

/** What a lone word means: free text, or a value of the field before the parentheses. */
interface Value {
  readonly field?: string;
  readonly make: (token: Token) => EventFilter;
}

const freeText: Value = {
  make({ type, value, pattern }) {
    if (type === 'word' && value === '*') return { op: 'and', filters: [] };
    if (pattern !== undefined) return { op: 'wildcard', field: 'raw', pattern: `*${pattern}*` };
    return { op: 'text', text: value };
  },
};

function isWord(token: Token, keyword: string): boolean {
  return token.type === 'word' && token.text.toLowerCase() === keyword;
}

function fieldValue(field: string, token: Token, fail: (message: string) => never): EventFilter {
  const { type, value, pattern } = token;
  if (type === 'quoted') return { op: 'equals', field, value };
  if (pattern === '*') return { op: 'exists', field };
  if (pattern !== undefined) return { op: 'wildcard', field, pattern };
  if (/^[0-9a-f.:]+\/\d+$/i.test(value) && /[.:]/.test(value)) {
    return readNetwork(value) === undefined
      ? fail(`${quote(value)} is not a network; put it in quotes to look for this text`)
      : { op: 'cidr', field, network: value };
  }
  if (value === 'true' || value === 'false') return { op: 'equals', field, value: value === 'true' };
  const number = Number(value);
  return { op: 'equals', field, value: String(number) === value && Number.isFinite(number) ? number : value };
}
