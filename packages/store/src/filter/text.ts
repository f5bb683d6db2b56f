/**
 * Text as filters compare it. Everything here has a twin in SQL (`sql.ts`), and a differential test holds the two
 * together.
 */

// biome-ignore lint/suspicious/noControlCharactersInRegex: the range of ASCII begins with control characters
const ascii = /^[\u0000-\u007f]*$/;

/**
 * Folds case as DuckDB's `lower` does: each code point by itself and to one code point, so that a final sigma is a
 * sigma and a dotted capital I is an i.
 */
export function fold(text: string): string {
  if (ascii.test(text)) return text.toLowerCase();
  let folded = '';
  for (const point of text) {
    const lower = point.toLowerCase();
    folded += lower.length === point.length ? lower : String.fromCodePoint(lower.codePointAt(0)!);
  }
  return folded;
}

/** The same in JavaScript and in RE2. */
export const numberPattern = '-?[0-9]{1,30}(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?';
const number = new RegExp(`^${numberPattern}$`);

/** The number that a text spells, in plain decimal notation; undefined for anything else. */
export function numberIn(text: string): number | undefined {
  if (!number.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** Compares by code points, as UTF-8 bytes do. UTF-16 units would put emoji before private-use characters. */
export function compareText(a: string, b: string): number {
  return ascii.test(a) && ascii.test(b)
    ? a < b
      ? -1
      : Number(a > b)
    : Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** A wildcard pattern cut into what it asks for. */
export type Glob =
  | { readonly shape: 'any' }
  | { readonly shape: 'is' | 'starts' | 'ends' | 'contains'; readonly text: string }
  | { readonly shape: 'mixed'; readonly parts: readonly string[] };

/**
 * Reads a folded pattern: `*` is any run of characters, `?` any one, `\` takes the next character as it is. In `parts`
 * the wildcards are the strings `*` and `?`, literals begin with `=`.
 */
export function readGlob(pattern: string): Glob {
  const parts: string[] = [];
  const points = [...fold(pattern)];
  for (let at = 0; at < points.length; at++) {
    const point = points[at]!;
    if (point === '*') {
      if (parts.at(-1) !== '*') parts.push('*');
    } else if (point === '?') {
      parts.push('?');
    } else {
      const literal = point === '\\' && at + 1 < points.length ? points[++at]! : point;
      if (parts.at(-1)?.startsWith('=')) parts[parts.length - 1] += literal;
      else parts.push(`=${literal}`);
    }
  }
  const shape = parts.map((part) => part[0]).join('');
  const text = parts.find((part) => part.startsWith('='))?.slice(1) ?? '';
  if (shape === '*') return { shape: 'any' };
  if (shape === '' || shape === '=') return { shape: 'is', text };
  if (shape === '=*') return { shape: 'starts', text };
  if (shape === '*=') return { shape: 'ends', text };
  if (shape === '*=*') return { shape: 'contains', text };
  return { shape: 'mixed', parts };
}

/** Makes a test of folded text. Never backtracks further than the last `*`: at worst pattern times text. */
export function globTest(glob: Glob): (text: string) => boolean {
  switch (glob.shape) {
    case 'any':
      return () => true;
    case 'is':
      return (text) => text === glob.text;
    case 'starts':
      return (text) => text.startsWith(glob.text);
    case 'ends':
      return (text) => text.endsWith(glob.text);
    case 'contains':
      return (text) => text.includes(glob.text);
    case 'mixed': {
      const tokens = glob.parts.flatMap((part) =>
        part.startsWith('=') ? [...part.slice(1)].map((point) => `=${point}`) : [part],
      );
      return (text) => globMatch(tokens, [...text]);
    }
  }
}

function globMatch(tokens: readonly string[], points: readonly string[]): boolean {
  let token = 0;
  let star = -1;
  let resume = 0;
  for (let at = 0; at < points.length; ) {
    const wanted = tokens[token];
    if (wanted === '*') {
      star = token++;
      resume = at;
    } else if (wanted !== undefined && (wanted === '?' || wanted === `=${points[at]}`)) {
      token++;
      at++;
    } else if (star >= 0) {
      token = star + 1;
      at = ++resume;
    } else {
      return false;
    }
  }
  while (tokens[token] === '*') token++;
  return token === tokens.length;
}

/** A glob as a regular expression that RE2 matches whole, in linear time. */
export function globPattern(parts: readonly string[]): string {
  const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  const pattern = parts.map((part) => (part === '*' ? '.*' : part === '?' ? '.' : escaped(part.slice(1))));
  return `(?s)${pattern.join('')}`;
}
