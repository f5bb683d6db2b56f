import type { FieldValue } from '@kydai/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { member, RestNode, RestTexts } from './rest.ts';

const text = fc.oneof(
  fc.constantFrom('', '1', 'true', '"', '\ud800', '__proto__'),
  fc.string({ maxLength: 3 }),
);
const value: fc.Arbitrary<FieldValue> = fc.oneof(
  text,
  fc.constantFrom<FieldValue>(0, -0, 1, Number.NaN, true, false, null),
  fc.array(text, { maxLength: 2 }),
);
const fields = fc.array(fc.tuple(fc.constantFrom('a', 'b', '__proto__', '"x'), value), { maxLength: 4 });

function read(texts: RestTexts, given: readonly (readonly [string, FieldValue])[]): string {
  texts.begin();
  for (const [name, one] of given) texts.add(name, one);
  if (texts.empty) return '';
  const { found } = texts;
  return found instanceof RestNode ? found.json : found;
}

describe('the text of fields without a column', () => {
  it('is the same the first time and later', () => {
    fc.assert(
      fc.property(fc.array(fields, { maxLength: 30 }), (events) => {
        const texts = new RestTexts();
        for (const given of [...events, ...events]) {
          const all = given.map(([name, one]) => member(name, one)).join('');
          expect(read(texts, given)).toBe(all === '' ? '' : `{${all.slice(1)}}`);
        }
      }),
    );
  });

  it('is kept for what repeats, and not for what varies or is long', () => {
    const texts = new RestTexts();
    const known = (given: readonly (readonly [string, FieldValue])[]) => {
      texts.begin();
      for (const [name, one] of given) texts.add(name, one);
      return typeof texts.found !== 'string';
    };
    expect(known([['level', 'info']])).toBe(true);
    for (let n = 0; n < 10_000; n++) known([['id', `${n}`]]);
    expect(known([['id', '10001']])).toBe(false);
    expect(known([['level', 'info']])).toBe(true);
    expect(known([['text', 'x'.repeat(1_000)]])).toBe(false);
  });

  it('is right for any names, which take no room from others for ever', () => {
    const texts = new RestTexts();
    const level = (): boolean => {
      read(texts, [['level', 'info']]);
      return typeof texts.found !== 'string';
    };
    for (let n = 0; n < 100; n++) expect(read(texts, [[`name${n}`, 1]])).toBe(`{"name${n}":1}`);
    expect(level()).toBe(false);
    for (let n = 0; n < 70_000 && !level(); n++) read(texts, [[`name${n + 100}`, 1]]);
    expect(level()).toBe(true);
  });
});
