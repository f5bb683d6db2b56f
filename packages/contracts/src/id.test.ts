import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { uuidv7 } from './id.ts';

describe('uuidv7', () => {
  it('has the form of RFC 9562 version 7 and carries the time', () => {
    fc.assert(
      fc.property(fc.integer({ min: 4e12, max: 2 ** 47 }), (now) => {
        const id = uuidv7(now);
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(Number.parseInt(id.replace('-', '').slice(0, 12), 16)).toBeGreaterThanOrEqual(now);
      }),
    );
  });

  it('sorts in the order of making, even past 4,096 in one millisecond and when the clock goes back', () => {
    const ids = Array.from({ length: 20_000 }, (_, index) => uuidv7(2e14 - (index % 3)));
    expect(ids).toEqual(ids.toSorted());
    expect(new Set(ids).size).toBe(ids.length);
  });
});
