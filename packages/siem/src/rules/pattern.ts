import { fold } from './fold.ts';

/** `*`: any number of characters, line ends included. */
export const anyText = Symbol('*');
/** `?`: exactly one UTF-16 unit. */
export const oneUnit = Symbol('?');

/** A text with wildcards, to be matched against a whole value. No two literals and no two `*` stand side by side. */
export type Pattern = readonly PatternPart[];
export type PatternPart = string | typeof anyText | typeof oneUnit;

/**
 * Reads Sigma's escaping (specification 2.1, "Escaping"): `\*` and `\?` are literal, `\\` is one backslash, and a
 * backslash before anything else is itself.
 */
export function parsePattern(text: string): Pattern {
  const parts: PatternPart[] = [];
  let literal = '';
  for (let at = 0; at < text.length; at++) {
    const unit = text[at]!;
    const next = text[at + 1];
    if (unit === '\\' && (next === '*' || next === '?' || next === '\\')) {
      literal += next;
      at++;
    } else if (unit === '*' || unit === '?') {
      if (literal) parts.push(literal);
      literal = '';
      parts.push(unit === '*' ? anyText : oneUnit);
    } else literal += unit;
  }
  if (literal) parts.push(literal);
  return tidy(parts);
}

/** Joins neighbouring literals and drops repeated `*`. */
export function tidy(parts: readonly PatternPart[]): Pattern {
  const out: PatternPart[] = [];
  for (const part of parts) {
    const last = out.at(-1);
    if (part === '') continue;
    if (typeof part === 'string' && typeof last === 'string') out[out.length - 1] = last + part;
    else if (part !== anyText || last !== anyText) out.push(part);
  }
  return out;
}

/** The pattern's text where it has no wildcard. */
export function literalOf(pattern: Pattern): string | undefined {
  if (pattern.length === 0) return '';
  return pattern.length === 1 && typeof pattern[0] === 'string' ? pattern[0] : undefined;
}

/** The pattern with its literals folded. */
export function foldPattern(pattern: Pattern): Pattern {
  return pattern.map((part) => (typeof part === 'string' ? fold(part) : part));
}

/** A text that `parsePattern` reads back as the pattern; used in keys and in `explain`. */
export function formatPattern(pattern: Pattern): string {
  return pattern
    .map((part) =>
      part === anyText ? '*' : part === oneUnit ? '?' : (part as string).replace(/[\\*?]/g, '\\$&'),
    )
    .join('');
}
