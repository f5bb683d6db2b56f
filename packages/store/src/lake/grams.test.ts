import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fold } from '../filter/text.ts';
import { decodeGrams, encodeGrams, GramCollector, joinGrams, mayHold, neededTexts } from './grams.ts';

const collect = (raws: readonly string[], time = 5) => {
  const collector = new GramCollector();
  for (const raw of raws) {
    const bytes = Buffer.from(`xyz${raw}xyz`);
    collector.add(time, bytes, 3, bytes.length - 6);
  }
  return collector.finish();
};
const line = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 20 }),
);

describe('the index of texts', () => {
  it('never denies a text that a line holds, also after joining and reading back', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(line, { maxLength: 8 }), { minLength: 1, maxLength: 4 }),
        fc.nat(),
        fc.nat(),
        (groups, a, b) => {
          const joined = decodeGrams(encodeGrams(joinGrams(groups.map((raws, n) => collect(raws, n)))))!;
          for (const raw of groups.flat()) {
            const whole = fold(raw.toWellFormed());
            const start = a % (whole.length + 1);
            const part = whole.slice(start, start + (b % 20));
            expect(joined.some((stretch) => mayHold(stretch, part))).toBe(true);
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('denies what is not there', () => {
    const grams = collect(
      Array.from({ length: 500 }, (_, n) => `Failed password for root from 10.0.0.${n % 250} port ${n}`),
    );
    expect(mayHold(grams, 'failed password')).toBe(true);
    expect(mayHold(grams, 'zq7x-needle')).toBe(false);
  });

  it('asks only for texts that every match must hold', () => {
    const text = (given: string) => ({ op: 'text', text: given }) as const;
    expect(
      neededTexts({
        op: 'and',
        filters: [text('Failed'), text('abc'), { op: 'not', filter: text('other') }],
      }),
    ).toEqual(['failed']);
    expect(neededTexts({ op: 'or', filters: [text('failed'), text('accepted')] })).toEqual([]);
    expect(neededTexts({ op: 'wildcard', field: 'raw', pattern: '*Abcd?xy*Efgh\\*' })).toEqual([
      'abcd',
      'efgh*',
    ]);
    expect(neededTexts({ op: 'wildcard', field: 'user.name', pattern: 'admin*' })).toEqual([]);
    expect(neededTexts(undefined)).toEqual([]);
  });

  it('does not trust a file that was changed or cut short', () => {
    const bytes = encodeGrams([collect(['một dòng nhật ký'])]);
    expect(decodeGrams(bytes.subarray(0, bytes.length - 9))).toBeUndefined();
    expect(decodeGrams(Buffer.alloc(3))).toBeUndefined();
    const changed = Buffer.from(bytes);
    changed[40]! ^= 1;
    expect(decodeGrams(changed)).toBeUndefined();
  });
});
