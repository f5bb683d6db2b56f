import { anyText, oneUnit, type Pattern } from '../rules/pattern.ts';

/** How a pattern without `?` and inner `*` stands in a value, or `glob` for all others. */
export type Shape = 'equals' | 'contains' | 'startswith' | 'endswith' | 'any' | 'glob';

export function shapeOf(pattern: Pattern): { readonly shape: Shape; readonly literal: string } {
  const literals = pattern.filter((part) => typeof part === 'string') as string[];
  const literal = literals[0] ?? '';
  const stars = pattern.filter((part) => part === anyText).length;
  if (pattern.length === 0) return { shape: 'equals', literal: '' };
  if (pattern.length === 1 && stars === 1) return { shape: 'any', literal: '' };
  if (pattern.includes(oneUnit) || literals.length !== 1)
    return { shape: 'glob', literal: longest(literals) };
  if (stars === 0) return { shape: 'equals', literal };
  if (stars === 2) return { shape: 'contains', literal };
  return { shape: pattern[0] === anyText ? 'endswith' : 'startswith', literal };
}

function longest(literals: readonly string[]): string {
  return literals.reduce((best, text) => (text.length > best.length ? text : best), '');
}

/** A test of a pattern against a text, both folded or neither. Its time is bounded by their lengths' product. */
export function compileGlob(pattern: Pattern): (text: string) => boolean {
  const segments: Pattern[] = [[]];
  for (const part of pattern) {
    if (part === anyText) segments.push([]);
    else segments[segments.length - 1] = [...segments.at(-1)!, part];
  }
  const lengths = segments.map((segment) =>
    segment.reduce((sum, part) => sum + (typeof part === 'string' ? part.length : 1), 0),
  );
  const shortest = lengths.reduce((sum, length) => sum + length, 0);
  if (segments.length === 1) return (text) => text.length === shortest && standsAt(segments[0]!, text, 0);
  const last = segments.length - 1;
  return (text) => {
    if (text.length < shortest || !standsAt(segments[0]!, text, 0)) return false;
    const end = text.length - lengths[last]!;
    if (!standsAt(segments[last]!, text, end)) return false;
    let from = lengths[0]!;
    for (let index = 1; index < last; index++) {
      const found = find(segments[index]!, lengths[index]!, text, from, end);
      if (found < 0) return false;
      from = found + lengths[index]!;
    }
    return from <= end;
  };
}

function standsAt(segment: Pattern, text: string, at: number): boolean {
  let from = at;
  for (const part of segment) {
    if (typeof part !== 'string') from++;
    else if (text.startsWith(part, from)) from += part.length;
    else return false;
  }
  return true;
}

function find(segment: Pattern, length: number, text: string, from: number, end: number): number {
  if (segment.length === 0) return from;
  const head = segment[0];
  for (let at = from; at + length <= end; at++) {
    if (typeof head === 'string') {
      at = text.indexOf(head, at);
      if (at < 0 || at + length > end) return -1;
    }
    if (standsAt(segment, text, at)) return at;
  }
  return -1;
}
