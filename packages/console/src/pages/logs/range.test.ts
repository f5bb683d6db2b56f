import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  condition,
  fromField,
  narrow,
  readRange,
  resolveRange,
  toField,
  withoutGaps,
  writeRange,
} from './range.ts';

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

describe('a field for an end', () => {
  it('shows and reads the clock of the zone that the reader chose', () => {
    expect(toField(0, 'vietnam')).toBe('1970-01-01T07:00:00');
    expect(toField(0, 'utc')).toBe('1970-01-01T00:00:00');
    expect(fromField('1970-01-01T07:00', 'vietnam')).toBe(0);
    expect(fromField('', 'utc')).toBeUndefined();
  });
});

describe('a histogram with gaps', () => {
  const span = { from: '1970-01-01T00:00:00Z', to: '1970-01-01T00:01:00Z' };
  it('gets its empty buckets back, in the phase of those that it has', () => {
    const filled = withoutGaps([{ time: 20_000, count: 3 }], 10_000, span);
    expect(filled.map((bucket) => bucket.count)).toEqual([0, 0, 3, 0, 0, 0]);
    const shifted = withoutGaps([{ time: 5000, count: 1 }], 30_000, span);
    expect(shifted.map((bucket) => bucket.time)).toEqual([-25_000, 5000, 35_000]);
  });

  it('loses no count and grows over no bound', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ time: fc.integer({ min: 0, max: 59 }), count: fc.nat(1000) })),
        (raw) => {
          const buckets = raw.map((one) => ({ ...one, time: one.time * 1000 }));
          const sum = (all: readonly { count: number }[]) => all.reduce((total, one) => total + one.count, 0);
          expect(sum(withoutGaps(buckets, 1000, span))).toBe(sum(buckets));
        },
      ),
    );
    expect(withoutGaps([], 1, { from: '1970-01-01T00:00:00Z', to: '2026-01-01T00:00:00Z' })).toHaveLength(
      400,
    );
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
