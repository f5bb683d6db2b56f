import { compareDigits, compareText, isDigits, type Order, type VersionScheme } from './compare.ts';

/**
 * Maven, after the "Version Order Specification" of the POM reference: a version is a list of tokens, each with the
 * separator before it; a change between digits and letters counts as a dash; tokens that mean nothing are trimmed
 * before a dash and at the end; known qualifiers have a rank.
 */
export const maven: VersionScheme = {
  name: 'maven',
  compare: compareMaven,
  valid: (version) => /^[0-9A-Za-z._+-]+$/.test(version) && /\d/.test(version),
};

interface Token {
  readonly dash: boolean;
  readonly text: string;
}

const qualifiers = ['alpha', 'beta', 'milestone', 'rc', 'snapshot', '', 'sp'];
const aliases = new Map([
  ['ga', ''],
  ['final', ''],
  ['release', ''],
  ['cr', 'rc'],
]);
/** Only where a number follows at once, as in `1.0a2`. */
const shorthand = new Map([
  ['a', 'alpha'],
  ['b', 'beta'],
  ['m', 'milestone'],
]);

export function compareMaven(a: string, b: string): Order {
  const left = tokens(a);
  const right = tokens(b);
  for (let i = 0; i < Math.max(left.length, right.length); i += 1) {
    const order = compareTokens(left[i] ?? padding(right[i]!), right[i] ?? padding(left[i]!));
    if (order !== 0) return order;
  }
  return 0;
}

/** The shorter list is padded with null tokens of the other's separator and kind. */
function padding(other: Token): Token {
  return { dash: other.dash, text: !other.dash && isDigits(other.text) ? '0' : '' };
}

function tokens(version: string): readonly Token[] {
  const text = version.toLowerCase();
  const all: Token[] = [];
  let dash = false;
  let start = 0;
  const push = (end: number, next: string) => {
    const word = text.slice(start, end) || '0';
    const full = isDigits(next) ? (shorthand.get(word) ?? word) : word;
    all.push({ dash, text: aliases.get(full) ?? full });
  };
  for (let i = 0; i < text.length; i += 1) {
    const char = text[i]!;
    if (char === '.' || char === '-') {
      push(i, '');
      dash = char === '-';
      start = i + 1;
    } else if (i > start && isDigits(char) !== isDigits(text[i - 1]!)) {
      push(i, char);
      dash = true;
      start = i;
    }
  }
  push(text.length, '');
  return trimmed(all);
}

function trimmed(all: readonly Token[]): readonly Token[] {
  const kept: Token[] = [];
  for (const token of all) {
    if (token.dash) trimEnd(kept);
    kept.push(token);
  }
  trimEnd(kept);
  return kept;
}

/** The first token always stays. */
function trimEnd(list: Token[]): void {
  while (list.length > 1 && /^0*$/.test(list.at(-1)!.text)) list.pop();
}

/** Of unlike kinds: `.qualifier` < `-qualifier` < `-number` < `.number`. */
function compareTokens(a: Token, b: Token): Order {
  const aIsNumber = isDigits(a.text);
  const bIsNumber = isDigits(b.text);
  if (a.dash === b.dash && aIsNumber && bIsNumber) return compareDigits(a.text, b.text);
  if (a.dash === b.dash && !aIsNumber && !bIsNumber) return compareQualifiers(a.text, b.text);
  return kind(a, aIsNumber) - kind(b, bIsNumber);
}

function kind(token: Token, isNumber: boolean): number {
  if (isNumber) return token.dash ? 2 : 3;
  return token.dash ? 1 : 0;
}

/** Known qualifiers by their place, the others after them by their text. */
function compareQualifiers(a: string, b: string): Order {
  const left = qualifiers.indexOf(a);
  const right = qualifiers.indexOf(b);
  if (left < 0 && right < 0) return compareText(a, b);
  return (left < 0 ? qualifiers.length : left) - (right < 0 ? qualifiers.length : right);
}
