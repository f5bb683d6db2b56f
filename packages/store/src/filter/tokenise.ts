import { StoreError } from '../error.ts';

export interface Token {
  readonly type: 'open' | 'close' | 'colon' | 'compare' | 'word' | 'quoted' | 'end';
  /** As written. */
  readonly text: string;
  /** Without quotes and escapes. */
  readonly value: string;
  /** For a word with wildcards: the pattern, in which only a backslash escapes. */
  readonly pattern?: string;
  /** 1-based, in UTF-16 units. */
  readonly column: number;
}

const single = { '(': 'open', ')': 'close', ':': 'colon' } as const;

/**
 * Cuts a search into tokens; the last is always `end`. A colon belongs to a word where it stands inside the value of a
 * field (`source.ip:2001:db8::/32`), and separates where it follows a field name. Throws `query` with a column.
 */
export function tokenise(text: string): readonly Token[] {
  const tokens: Token[] = [];
  // For each open parenthesis: whether it holds the values of a field.
  const groups: boolean[] = [];
  let at = 0;
  while (at < text.length) {
    const character = text[at]!;
    const column = at + 1;
    if (/\s/.test(character)) {
      at++;
      continue;
    }
    const inValue = tokens.at(-1)?.type === 'colon' || groups.at(-1) === true;
    if (character === '(' || character === ')' || (character === ':' && !inValue)) {
      if (character === '(') groups.push(inValue);
      if (character === ')') groups.pop();
      tokens.push({ type: single[character], text: character, value: character, column });
      at++;
    } else if (character === '<' || character === '>') {
      const operator = text[at + 1] === '=' ? `${character}=` : character;
      tokens.push({ type: 'compare', text: operator, value: operator, column });
      at += operator.length;
    } else if (character === '"') {
      const token = quoted(text, at);
      tokens.push(token);
      at += token.text.length;
    } else {
      const token = word(text, at, inValue);
      tokens.push(token);
      at += token.text.length;
    }
  }
  tokens.push({ type: 'end', text: '', value: '', column: text.length + 1 });
  return tokens;
}

function quoted(text: string, start: number): Token {
  let value = '';
  for (let at = start + 1; at < text.length; at++) {
    const character = text[at]!;
    if (character === '"') {
      return {
        type: 'quoted',
        text: text.slice(start, at + 1),
        value: wellFormed(value, start),
        column: start + 1,
      };
    }
    if (character === '\\' && at + 1 < text.length) value += text[++at]!;
    else value += character;
  }
  throw new StoreError('query', `this quote is never closed (column ${start + 1})`, { column: start + 1 });
}

function word(text: string, start: number, inValue: boolean): Token {
  let at = start;
  let value = '';
  let pattern = '';
  let wild = false;
  for (; at < text.length; at++) {
    const character = text[at]!;
    if (/[\s()"<>]/.test(character) || (character === ':' && !inValue)) break;
    if (character === '\\') {
      if (at + 1 >= text.length) {
        throw new StoreError('query', `nothing follows this backslash (column ${at + 1})`, {
          column: at + 1,
        });
      }
      at++;
      value += text[at]!;
      pattern += `\\${text[at]!}`;
    } else {
      if (character === '*' || character === '?') wild = true;
      value += character;
      pattern += character;
    }
  }
  const token = {
    type: 'word',
    text: text.slice(start, at),
    value: wellFormed(value, start),
    column: start + 1,
  } as const;
  return wild ? { ...token, pattern: wellFormed(pattern, start) } : token;
}

function wellFormed(value: string, start: number): string {
  if (value.isWellFormed() && !value.includes('\0')) return value;
  throw new StoreError('query', `this is not text that can be searched (column ${start + 1})`, {
    column: start + 1,
  });
}
