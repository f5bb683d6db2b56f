import { createPublicKey } from 'node:crypto';
import { calculateJwkThumbprint, type JWK } from 'jose';
import { z } from 'zod';
import { PolicyError } from '../error.ts';

/** A public key that bundles may be signed by. `kid` is the one of its JWK, else its thumbprint (RFC 7638). */
export interface BundleKey {
  readonly kid: string;
  readonly alg: 'EdDSA' | 'ES256' | 'ES384';
  readonly jwk: JWK;
}

const algorithms: Readonly<Record<string, BundleKey['alg']>> = {
  'OKP Ed25519': 'EdDSA',
  'EC P-256': 'ES256',
  'EC P-384': 'ES384',
};
const mostKeys = 16;

/** A public JWK (RFC 7517) of a kind that we verify with. */
export const PublicJwk = z.looseObject({
  kty: z.enum(['OKP', 'EC']),
  crv: z.enum(['Ed25519', 'P-256', 'P-384']),
  x: z.string().max(128),
  y: z.string().max(128).optional(),
  kid: z.string().min(1).max(128).optional(),
});

/**
 * Reads public keys: PEM blocks, one JWK, or a JWK set. Throws a `PolicyError` (`bundle`) for anything else, and for a
 * private key, which has no business at an edge site.
 */
export async function readBundleKeys(text: string): Promise<readonly BundleKey[]> {
  const jwks = /^\s*[{[]/.test(text) ? ofJson(text) : ofPem(text);
  if (jwks.length === 0 || jwks.length > mostKeys)
    throw new PolicyError('bundle', `no public key, or more than ${mostKeys}; give PEM, a JWK or a JWK set`);
  const keys = await Promise.all(jwks.map(bundleKey));
  if (new Set(keys.map(({ kid }) => kid)).size < keys.length)
    throw new PolicyError('bundle', 'two keys have the same `kid`; give each its own');
  return keys;
}

/** The key of a JWK. Throws a `PolicyError` (`bundle`). */
export async function bundleKey(given: unknown): Promise<BundleKey> {
  if (typeof given === 'object' && given !== null && 'd' in given)
    throw new PolicyError('bundle', 'this is a private key; an edge site gets the public one');
  const parsed = PublicJwk.safeParse(given);
  const alg = parsed.success ? algorithms[`${parsed.data.kty} ${parsed.data.crv}`] : undefined;
  if (!parsed.success || alg === undefined)
    throw new PolicyError('bundle', 'a key is neither Ed25519 nor P-256 nor P-384');
  const { kty, crv, x, y, kid } = parsed.data;
  const jwk: JWK = { kty, crv, x, ...(y === undefined ? {} : { y }) };
  try {
    // A point that is not on its curve is found here and not at the first bundle.
    createPublicKey({ key: jwk as never, format: 'jwk' });
    return { kid: kid ?? (await calculateJwkThumbprint(jwk)), alg, jwk };
  } catch (error) {
    throw new PolicyError('bundle', 'a key is damaged; export it anew', undefined, { cause: error });
  }
}

function ofJson(text: string): unknown[] {
  try {
    const parsed = JSON.parse(text) as { keys?: unknown };
    return Array.isArray(parsed.keys) ? parsed.keys : [parsed];
  } catch (error) {
    throw new PolicyError('bundle', 'the keys are not valid JSON', undefined, { cause: error });
  }
}

function ofPem(text: string): unknown[] {
  if (text.includes('PRIVATE KEY'))
    throw new PolicyError('bundle', 'this is a private key; an edge site gets the public one');
  const blocks = text.match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g) ?? [];
  return blocks.map((block) => {
    try {
      return createPublicKey(block).export({ format: 'jwk' });
    } catch (error) {
      throw new PolicyError('bundle', 'a PEM block is no public key', undefined, { cause: error });
    }
  });
}
