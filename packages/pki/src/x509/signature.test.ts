import { generateKeyPairSync, sign } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readPublicKey } from './public-key.ts';
import { algorithmFor, hashOf, verifyAside, verifySignature } from './signature.ts';

const pairs = [
  generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  generateKeyPairSync('ec', { namedCurve: 'P-384' }),
  generateKeyPairSync('ed25519'),
  generateKeyPairSync('rsa', { modulusLength: 2048 }),
].map(({ publicKey, privateKey }) => ({
  key: readPublicKey(publicKey.export({ format: 'der', type: 'spki' })),
  privateKey,
}));

describe('a signature verified aside', () => {
  it('is good or bad as on this thread, whatever was changed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...pairs),
        fc.constantFrom(...pairs),
        fc.uint8Array({ minLength: 1, maxLength: 200 }),
        fc.nat(),
        fc.integer({ min: 0, max: 255 }),
        fc.nat({ max: 3 }),
        async ({ key, privateKey }, other, data, place, flip, cut) => {
          const algorithm = algorithmFor(key);
          const good = sign(hashOf(algorithm), data, privateKey);
          const bad = Buffer.from(good.subarray(0, good.length - cut));
          bad[place % bad.length]! ^= flip;
          expect(await verifyAside(key, algorithm, data, good)).toBe(true);
          for (const [k, signature] of [
            [key, bad],
            [key, new Uint8Array(0)],
            [other.key, good],
          ] as const) {
            const aside = await verifyAside(k, algorithm, data, signature);
            expect(aside).toBe(verifySignature(k, algorithm, data, signature));
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it('is told apart from the hundred others that are verified beside it', async () => {
    const { key, privateKey } = pairs[0]!;
    const algorithm = algorithmFor(key);
    const claims = Array.from({ length: 100 }, (_, at) => Buffer.from(`reading ${at}`));
    const verdicts = await Promise.all(
      claims.map((data, at) =>
        verifyAside(key, algorithm, data, sign(hashOf(algorithm), claims[at - (at % 7)]!, privateKey)),
      ),
    );
    expect(verdicts).toEqual(claims.map((_, at) => at % 7 === 0));
  });

  it('refuses a point that is not on its curve', async () => {
    const { key } = pairs[0]!;
    const spki = Uint8Array.from(key.spki);
    spki[spki.length - 1]! ^= 1;
    const off = readPublicKey(spki);
    await expect(verifyAside(off, 'ecdsa-sha256', spki, spki)).rejects.toMatchObject({ code: 'weak-key' });
  });
});
