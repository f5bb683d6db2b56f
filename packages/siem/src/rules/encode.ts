import { anyText, literalOf, type Pattern, type PatternPart } from './pattern.ts';
import { RuleFault } from './problem.ts';

/** The dashes that Windows programs accept before a switch (specification 2.1, modifier `windash`). */
const dashes = ['-', '/', '\u2013', '\u2014', '\u2015'];
const maxVariants = 625;

/**
 * Every way to write the value's switches: a `-` or `/` that does not follow a word character, before one that does.
 * Throws a `RuleFault` where there would be more than 625 ways.
 */
export function windash(pattern: Pattern, line: number): readonly Pattern[] {
  let variants: PatternPart[][] = [[]];
  for (const part of pattern) {
    if (typeof part !== 'string') {
      for (const variant of variants) variant.push(part);
      continue;
    }
    const pieces = part.split(/(?<!\w)[-/](?=\w)/);
    pieces.forEach((piece, index) => {
      if (index > 0) variants = variants.flatMap((variant) => dashes.map((dash) => [...variant, dash]));
      if (variants.length > maxVariants)
        throw new RuleFault('rule-too-large', line, 'too many dashes for `windash`');
      for (const variant of variants) variant.push(piece);
    });
  }
  return variants;
}

/** The bytes of a value under `wide`, `utf16le`, `utf16be` or `utf16` (with its byte order mark), or UTF-8. */
export function encodeText(pattern: Pattern, encoding: string | undefined, line: number): Buffer {
  const text = literalOf(pattern);
  if (text === undefined) {
    throw new RuleFault(
      'value-invalid',
      line,
      'a value with wildcards cannot be encoded; escape them with a backslash',
    );
  }
  if (encoding === undefined) return Buffer.from(text, 'utf8');
  const bytes = Buffer.from(text, 'utf16le');
  if (encoding === 'utf16be') return bytes.swap16();
  return encoding === 'utf16' ? Buffer.concat([Buffer.from([0xff, 0xfe]), bytes]) : bytes;
}

/**
 * The three base64 texts that the bytes can leave inside a longer encoded text, one for each position modulo 3, without
 * the characters at either end that depend on neighbouring bytes (specification 2.1, modifier `base64offset`).
 */
export function base64Offsets(bytes: Buffer): readonly string[] {
  const start = [0, 2, 3];
  return [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset, 0x20), bytes]).toString('base64');
    const tail = [0, -3, -2][(bytes.length + offset) % 3]!;
    return encoded.slice(start[offset]!, tail === 0 ? undefined : tail);
  });
}

/** Puts `*` where `contains`, `startswith` and `endswith` ask for it. */
export function anchor(pattern: Pattern, match: string | undefined): Pattern {
  const before: Pattern = match === 'contains' || match === 'endswith' ? [anyText] : [];
  const after: Pattern = match === 'contains' || match === 'startswith' ? [anyText] : [];
  return [...before, ...pattern, ...after];
}
