import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { condition, narrow, readRange, resolveRange, writeRange } from './range.ts';

describe('the range in the address', () => {
  it('comes back as it was written', () => {
    const instant = fc.integer({ min: 0, max: 4_000_000_000_000 });
    fc.assert(
      fc.property(instant, instant, (a, b) => {
        fc.pre(a !== b);
        const range = { kind: 'fixed', from: Math.min(a, b), to: Math.max(a, b) } as const;
        expect(readRange(writeRange(new URLSearchParams('q=x&range=7d'), range))).toEqual(range);
      }),
    );
  });

  it('is the last 24 hours when it is garbage or upside down', () => {
    for (const search of [
      '',
      'range=9y',
      'from=x&to=y',
      'from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z',
    ]) {
      expect(readRange(new URLSearchParams(search))).toEqual({ kind: 'back', name: '24h' });
    }
  });

  it('keeps the query and the other parameters', () => {
    expect(writeRange(new URLSearchParams('q=a'), { kind: 'back', name: '1h' }).toString()).toBe(
      'q=a&range=1h',
    );
  });

  it('looks back from the moment of asking', () => {
    expect(resolveRange({ kind: 'back', name: '1h' }, 7_200_000)).toEqual({
      from: '1970-01-01T01:00:00.000Z',
      to: '1970-01-01T02:00:00.000Z',
    });
  });
});

describe('narrowing a query', () => {
  it('quotes what is not a plain word', () => {
    expect(condition('user.name', 'lan.tran')).toBe('user.name:lan.tran');
    expect(condition('message', 'a "b" \\ c')).toBe('message:"a \\"b\\" \\\\ c"');
    expect(condition('url.path', '/a*')).toBe('url.path:"/a*"');
    expect(condition('user.name', 'or')).toBe('user.name:"or"');
  });

  it('puts brackets around alternatives', () => {
    expect(narrow('', 'a:1')).toBe('a:1');
    expect(narrow('a:1', 'b:2')).toBe('a:1 and b:2');
    expect(narrow('a:1 or b:2', 'c:3', true)).toBe('(a:1 or b:2) and not c:3');
  });
});
