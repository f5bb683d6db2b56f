import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { complete, placeAt } from './completion.ts';

const at = (text: string) => placeAt(text.replace('|', ''), text.indexOf('|'));

describe('What is completed', () => {
  it('is a field at the start of a word', () => {
    expect(at('pro|')).toMatchObject({ kind: 'field', prefix: 'pro', start: 0 });
    expect(at('|')).toMatchObject({ kind: 'field', prefix: '' });
    expect(at('a:b and (sour|')).toMatchObject({ kind: 'field', prefix: 'sour', start: 9 });
    expect(at('a:b and not |')).toMatchObject({ kind: 'field', prefix: '' });
  });

  it('is a value after a field, also within quotes', () => {
    expect(at('user.name:ro|')).toMatchObject({ kind: 'value', field: 'user.name', prefix: 'ro', start: 10 });
    expect(at('x:1 user.name:"Nguyễn V|"')).toMatchObject({ field: 'user.name', prefix: 'Nguyễn V' });
  });

  it('is nothing in a phrase, after a comparison, or in a pattern', () => {
    for (const text of ['"Failed pa|', 'port >=|', 'a:b*|', ':x|']) expect(at(text)).toBeUndefined();
  });

  it('puts the choice in and the caret behind it', () => {
    const done = (text: string, chosen: string) => complete(text.replace('|', ''), at(text)!, chosen);
    expect(done('pro|', 'process.name')).toEqual({ text: 'process.name:', caret: 13 });
    expect(done('user.name:ro| and x:1', 'root')).toEqual({ text: 'user.name:root and x:1', caret: 15 });
    expect(done('user.name:|', 'Lan "ký"')).toEqual({ text: 'user.name:"Lan \\"ký\\"" ', caret: 23 });
  });

  it('never reaches outside of the text, whatever is written', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'ab:"\\ ()<*') }), fc.nat(40), (text, given) => {
        const caret = Math.min(given, text.length);
        const place = placeAt(text, caret);
        if (place === undefined) return;
        expect(place.start).toBeGreaterThanOrEqual(0);
        expect(place.start).toBeLessThanOrEqual(caret);
        expect(place.end).toBeLessThanOrEqual(text.length);
      }),
    );
  });
});
