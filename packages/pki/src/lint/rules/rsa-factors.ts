import type { Rule } from '../rule.ts';

export const rsaFactors: Rule = {
  id: 'rsa-factors',
  citation: 'CA/Browser Forum BR section 6.1.6 (no factor below 752; Fermat, 100 rounds)',
  check: ({ publicKey }) => {
    if (publicKey.rsa === undefined) return undefined;
    const modulus = BigInt(`0x${Buffer.from(publicKey.rsa.modulus).toString('hex')}`);
    if (smallPrimes.some((prime) => modulus % prime === 0n)) return 'modulus has a small factor';
    return closePrimes(modulus) ? 'modulus is made of two primes that are too close' : undefined;
  },
};

const smallPrimes = Array.from({ length: 376 }, (_, index) => BigInt(index * 2 + 3)).filter((candidate) => {
  for (let divisor = 3n; divisor * divisor <= candidate; divisor += 2n)
    if (candidate % divisor === 0n) return false;
  return true;
});

/** Fermat's method: n is a difference of two squares, and finds it fast when the primes are neighbours. */
function closePrimes(modulus: bigint): boolean {
  let root = squareRoot(modulus);
  if (root * root < modulus) root += 1n;
  for (let round = 0; round < 100; round++, root += 1n) {
    const rest = root * root - modulus;
    // Squares end in 0, 1, 4 or 9 of 16: three quarters of the roots need not be taken.
    if (![0n, 1n, 4n, 9n].includes(rest & 15n)) continue;
    const side = squareRoot(rest);
    if (side * side === rest) return true;
  }
  return false;
}

function squareRoot(value: bigint): bigint {
  if (value < 2n) return value;
  let guess = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (guess + value / guess) >> 1n;
    if (next >= guess) return guess;
    guess = next;
  }
}
