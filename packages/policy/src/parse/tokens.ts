import { PolicyError } from '../error.ts';
import type { Source } from './source.ts';

export type TokenKind = 'name' | 'integer' | 'string' | 'slot' | 'mark' | 'end';

/** For strings `text` is what stands between the quotes, escapes unread. */
export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly at: number;
  readonly end: number;
}

/**
 * The reference parser recurses and, as WebAssembly, never recovers from an exhausted stack; text nested deeper than
 * this never reaches it. Measured: it survives 100 parentheses and dies at 200.
 */
export const maximumDepth = 64;
/** Measured: the reference parser survives a chain of 3,000 operators and fails at 10,000. */
export const maximumOperators = 2_000;
export const maximumTextLength = 16 * 1024 * 1024;

const pattern =
  /\s+|\/\/[^\n]*|([A-Za-z_][A-Za-z0-9_]*)|([0-9]+)|"((?:[^"\\]|\\[\s\S])*)"|\?(principal|resource)\b|(::|&&|\|\||==|!=|<=|>=|[@()[\]{},;:.<>+\-*!])/uy;

/** Cuts policy text into tokens (Cedar grammar, lexical part); white space and comments vanish. */
export function tokenize(source: Source): Token[] {
  const { text } = source;
  if (text.length > maximumTextLength) {
    throw new PolicyError('limit', `policy file is longer than ${maximumTextLength} characters; split it`, {
      file: source.file,
    });
  }
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) {
      const found = String.fromCodePoint(text.codePointAt(at)!);
      throw new PolicyError(
        'parse',
        `unexpected \`${found}\`; remove it or close the string`,
        source.place(at),
      );
    }
    const end = pattern.lastIndex;
    if (match[1] !== undefined) tokens.push({ kind: 'name', text: match[1], at, end });
    else if (match[2] !== undefined) tokens.push({ kind: 'integer', text: match[2], at, end });
    else if (match[3] !== undefined) tokens.push({ kind: 'string', text: match[3], at, end });
    else if (match[4] !== undefined) tokens.push({ kind: 'slot', text: match[4], at, end });
    else if (match[5] !== undefined) tokens.push({ kind: 'mark', text: match[5], at, end });
    at = end;
  }
  tokens.push({ kind: 'end', text: '', at, end: at });
  return tokens;
}

/** Refuses text that would exhaust a recursive parser: nesting, `if` chains, and operators of one policy. */
export function checkDepth(source: Source, tokens: readonly Token[]): void {
  let depth = 0;
  let conditionals = 0;
  let operators = 0;
  for (const token of tokens) {
    if (token.kind === 'name') {
      if (token.text === 'if') conditionals++;
      continue;
    }
    if (token.kind !== 'mark') continue;
    switch (token.text) {
      case '(':
      case '[':
      case '{':
        depth++;
        break;
      case ')':
      case ']':
      case '}':
        depth--;
        break;
      case ';':
        depth = 0;
        conditionals = 0;
        operators = 0;
        break;
      case ',':
      case ':':
      case '::':
      case '@':
        break;
      default:
        operators++;
    }
    if (depth + conditionals > maximumDepth) {
      throw new PolicyError(
        'limit',
        `nested deeper than ${maximumDepth} levels; split the policy`,
        source.place(token.at),
      );
    }
    if (operators > maximumOperators) {
      throw new PolicyError(
        'limit',
        `more than ${maximumOperators} operators in one policy; use a set or a group`,
        source.place(token.at),
      );
    }
  }
}
