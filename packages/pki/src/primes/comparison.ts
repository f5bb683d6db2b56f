import {
  greatestCommonDivisor,
  numberOf,
  type ProductTree,
  productOf,
  productTree,
  remainders,
} from './arithmetic.ts';

/**
 * Finds what the moduli of new keys have in common with one another and with those of any number of known ones, in the
 * manner of Heninger and others (USENIX Security 2012, section 3.2): by trees of products and remainders. Known moduli
 * pass by page after page, so that memory holds the new ones and one page.
 */
export class Comparison {
  readonly #fresh: readonly bigint[];
  readonly #tree: ProductTree;
  /** The product of the known moduli, modulo that of the new ones. */
  #known = 1n;

  constructor(fresh: readonly Uint8Array[]) {
    this.#fresh = fresh.map(numberOf);
    this.#tree = productTree(this.#fresh);
  }

  against(known: readonly Uint8Array[]): void {
    const all = productOf(this.#tree);
    this.#known = (this.#known * (productOf(productTree(known.map(numberOf))) % all)) % all;
  }

  /** The factors that were found, each once: primes, or a whole modulus that occurs twice or shares both of its primes. */
  factors(): readonly bigint[] {
    const known = remainders(this.#known, this.#tree);
    const others = remainders(productOf(this.#tree), this.#tree, true);
    const found = this.#fresh.map((modulus, at) =>
      greatestCommonDivisor(modulus, (known[at]! * (others[at]! / modulus)) % modulus),
    );
    return [...new Set(found)].filter((factor) => factor !== 1n);
  }
}
