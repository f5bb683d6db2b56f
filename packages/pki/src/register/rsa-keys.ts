import { recordKind } from '@kydai/contracts';
import { z } from 'zod';

/** Keys to a page. */
export const rsaKeysPerPage = 256;

/**
 * The moduli of the RSA keys that were certified, each key once, in the order in which they were found. A line is the
 * serial number of the key's first certificate and the modulus in base64.
 */
export const RsaKeyPage = z
  .strictObject({ /** From 0. */ number: z.number().int(), lines: z.string() })
  .readonly();
export type RsaKeyPage = z.infer<typeof RsaKeyPage>;

export const rsaKeyPages = recordKind<RsaKeyPage>({
  name: 'rsa_key_pages',
  schema: RsaKeyPage,
  key: ({ number }) => String(number),
  indexes: {},
});

/** How far the search for shared primes has come. */
export const PrimeSearch = z
  .strictObject({
    id: z.literal('search'),
    /** Certificates that were issued before have been looked at. */
    issued: z.number(),
    /** Keys in the pages, and how many of them were compared with all before them. */
    keys: z.number().int(),
    compared: z.number().int(),
  })
  .readonly();
export type PrimeSearch = z.infer<typeof PrimeSearch>;

export const primeSearches = recordKind<PrimeSearch>({
  name: 'prime_searches',
  schema: PrimeSearch,
  key: ({ id }) => id,
  indexes: {},
});

/** Keys that have a prime in common: whoever has their certificates can reckon their private keys. */
export const SharedPrime = z
  .strictObject({
    /** Of the SHA-256 of the common factor. */
    id: z.string(),
    found: z.number(),
    /** By the first certificate of each; at most 1,000. */
    keys: z
      .array(z.strictObject({ serial: z.string(), subject: z.string(), keyDigest: z.string() }))
      .readonly(),
  })
  .readonly();
export type SharedPrime = z.infer<typeof SharedPrime>;

export const sharedPrimes = recordKind<SharedPrime>({
  name: 'shared_primes',
  schema: SharedPrime,
  key: ({ id }) => id,
  indexes: { found: ({ found }) => found },
});
