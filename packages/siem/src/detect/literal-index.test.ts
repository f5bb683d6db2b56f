import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { atOnce } from '../rules/at-once.ts';
import { fold } from '../rules/fold.ts';
import { LiteralIndex } from './literal-index.ts';
import type { Literal } from './literal-table.ts';
import { WordCensus } from './word-keys.ts';

function seen(index: LiteralIndex, text: string): readonly number[] {
  const ids = new Set<number>();
  index.scan(text, { hit: (id) => ids.add(id) });
  return [...ids].sort((left, right) => left - right);
}

/** The same by comparing each literal with the text. */
function standing(literals: readonly Literal[], text: string): readonly number[] {
  const folded = fold(text);
  const stands = ({ text: literal, start, end }: Literal): boolean => {
    if (start && end) return folded === literal;
    if (start) return folded.startsWith(literal);
    return end ? folded.endsWith(literal) : folded.includes(literal);
  };
  return literals.filter(stands).map(({ id }) => id);
}

// Units that share a key with others: capitals, signs that differ in one bit, the Kelvin sign, letters of two alphabets.
const units = fc.constantFrom(
  ...'abAB',
  ...'k\u212aK',
  '@',
  '`',
  ' ',
  '\0',
  '3',
  '\u2013',
  '\u0113',
  'Đ',
  'đ',
  '\ud83d',
);
const text = (length: { minLength?: number; maxLength: number }) =>
  fc.array(units, length).map((all) => all.join(''));
const literalTexts = fc.oneof(
  text({ minLength: 1, maxLength: 12 }),
  fc.stringMatching(/^[ab]{1,9}$/),
  fc.stringMatching(/^[ab]{3,5}$/),
);
const literals = fc
  .array(fc.tuple(literalTexts, fc.boolean(), fc.boolean(), fc.integer({ min: 0, max: 3 })), {
    minLength: 1,
    maxLength: 25,
  })
  .map((all) =>
    all.map(([literal, start, end, anchors], id): Literal => {
      return { text: fold(literal), start: anchors === 0 && start, end: anchors === 0 && end, id };
    }),
  );
const texts = fc.array(
  fc.oneof(text({ maxLength: 80 }), fc.stringMatching(/^[abAB]{0,60}$/), text({ maxLength: 20 })),
  { minLength: 1, maxLength: 8 },
);

describe('an index of literals', () => {
  it('sees in a text what stands there as it must, and nothing else', () => {
    fc.assert(
      fc.property(literals, texts, fc.boolean(), (given, all, counted) => {
        const census = new WordCensus();
        if (counted) for (const each of all) census.see(each);
        const index = atOnce(LiteralIndex.building(given, census));
        for (const each of all) expect(seen(index, each)).toEqual(standing(given, each));
      }),
      { numRuns: 400 },
    );
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8, 11])(
    'finds %i units wherever they lie, in short texts and long',
    (length) => {
      const literal: Literal = { text: 'abcdefghijk'.slice(0, length), start: false, end: false, id: 7 };
      const index = atOnce(LiteralIndex.building([literal]));
      for (const room of [0, 1, 2, 3, 4, 5, 21, 40, 20_000]) {
        for (let before = 0; before <= Math.min(room, 9); before++) {
          const whole = `${'-'.repeat(before)}${literal.text.toUpperCase()}${'-'.repeat(room - before)}`;
          expect(seen(index, whole), whole.slice(0, 80)).toEqual([7]);
          expect(seen(index, whole.replace(literal.text[0]!.toUpperCase(), '.'))).toEqual([]);
          expect(seen(index, `${whole}Đ`)).toEqual([7]);
        }
      }
    },
  );

  it('looks into numbers where a literal could stand in one', () => {
    const found = (text: string, value: number) => {
      const ids: number[] = [];
      const index = atOnce(LiteralIndex.building([{ text, start: false, end: false, id: 1 }]));
      index.scanNumber(value, { hit: (id) => ids.push(id) });
      return ids.length > 0;
    };
    expect(found('40', 1404)).toBe(true);
    expect(found('-1.5', -1.5)).toBe(true);
    expect(found('e+2', 1e21)).toBe(true);
    expect(found('4 0', 1404)).toBe(false);
  });
});
