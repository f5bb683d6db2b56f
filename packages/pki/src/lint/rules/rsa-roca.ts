import type { Rule } from '../rule.ts';

/**
 * The library of some smart cards and security chips made primes of the form `k * M + 65537^a mod M`, M a product of
 * small primes, and such moduli can be factored. Modulo each of those primes they are a power of 65537, which a sound
 * modulus is by chance with less than one in 2^150. The primes are those of keys of 2048 bits; longer ones have more.
 */
export const rsaRoca: Rule = {
  id: 'rsa-roca',
  citation:
    'CA/Browser Forum BR section 6.1.1.3 (CVE-2017-15361); Nemec and others, ACM CCS 2017, section 3.1',
  check: ({ publicKey }) => {
    if (publicKey.rsa === undefined) return undefined;
    const modulus = BigInt(`0x${Buffer.from(publicKey.rsa.modulus).toString('hex')}`);
    const marked = powers.every(([prime, residues]) => residues.has(Number(modulus % BigInt(prime))));
    return marked ? 'modulus is of a key that was made by a faulty library (ROCA)' : undefined;
  },
};

const primes = Array.from({ length: 350 }, (_, index) => index * 2 + 3).filter((candidate) => {
  for (let divisor = 3; divisor * divisor <= candidate; divisor += 2)
    if (candidate % divisor === 0) return false;
  return true;
});

/** Of each prime the powers of 65537; those of which every residue is a power tell nothing, and cost little. */
const powers = primes.map((prime): readonly [number, ReadonlySet<number>] => {
  const residues = new Set<number>();
  for (let power = 1; !residues.has(power); power = (power * 65_537) % prime) residues.add(power);
  return [prime, residues];
});
