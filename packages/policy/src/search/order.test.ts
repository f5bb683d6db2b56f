import fc from 'fast-check';
import { expect, it } from 'vitest';
import { inOrder } from './order.ts';

it('gives what a sort gives, from any place on', () => {
  const ids = fc.uniqueArray(fc.string({ unit: 'binary', maxLength: 4 }), { maxLength: 60 });
  fc.assert(
    fc.property(ids, fc.option(fc.string({ maxLength: 4 }), { nil: undefined }), (all, after) => {
      const items = all.map((id) => ({ id }));
      const expected = all.filter((id) => after === undefined || id > after).sort();
      expect([...inOrder(items, after)].map(({ id }) => id)).toEqual(expected);
    }),
  );
});

it('passes over many more than one batch holds, and no more often than need be', () => {
  const items = Array.from({ length: 20_000 }, (_, n) => ({
    id: String((n * 7919) % 20_000).padStart(6, '0'),
  }));
  let passes = 0;
  const counted = {
    [Symbol.iterator]() {
      passes++;
      return items[Symbol.iterator]();
    },
  };
  const read = inOrder(counted, undefined);
  expect(read.next().value).toEqual({ id: '000000' });
  expect(passes).toBe(1);
  expect([...read].at(-1)).toEqual({ id: '019999' });
  expect(passes).toBe(3);
});
