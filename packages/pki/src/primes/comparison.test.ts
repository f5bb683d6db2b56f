import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { greatestCommonDivisor, sharing } from './arithmetic.ts';
import { commonFactors } from './compare.ts';
import { Comparison } from './comparison.ts';

const number = fc.bigInt({ min: 3n, max: 1n << 80n });
const octets = (value: bigint): Uint8Array => {
  const hex = value.toString(16);
  return Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
};

/** By every pair: the factors of the new numbers, as the trees should find them. */
function byPairs(fresh: readonly bigint[], known: readonly bigint[]): Set<bigint> {
  const found = new Set<bigint>();
  fresh.forEach((modulus, at) => {
    let product = 1n;
    for (const other of [...known, ...fresh.filter((_, place) => place !== at)]) product *= other;
    const factor = greatestCommonDivisor(modulus, product);
    if (factor !== 1n) found.add(factor);
  });
  return found;
}

describe('trees of products and remainders', () => {
  it('find what every pair would, however the known numbers are cut into pages', () => {
    fc.assert(
      fc.property(
        fc.array(number, { minLength: 1, maxLength: 9 }),
        fc.array(fc.array(number, { maxLength: 5 }), { maxLength: 4 }),
        (fresh, pages) => {
          const comparison = new Comparison(fresh.map(octets));
          for (const page of pages) comparison.against(page.map(octets));
          expect(new Set(comparison.factors())).toEqual(byPairs(fresh, pages.flat()));
        },
      ),
    );
  });

  it('tell whose number has a factor in common with one', () => {
    fc.assert(
      fc.property(number, fc.array(number, { maxLength: 12 }), (value, list) => {
        const keys = list.map((modulus) => ({ modulus }));
        const shared = keys.filter(({ modulus }) => greatestCommonDivisor(value, modulus) !== 1n);
        expect(sharing(value, keys)).toEqual(shared);
      }),
    );
  });

  it('work in a thread of their own', async () => {
    async function* pages() {
      yield [octets(3n * 101n), octets(5n * 103n)];
      yield [octets(7n * 107n)];
    }
    const fresh = [octets(101n * 109n), octets(113n * 127n), octets(107n * 131n)];
    expect([...(await commonFactors(fresh, pages()))]).toEqual([101n, 107n]);
  });
});
