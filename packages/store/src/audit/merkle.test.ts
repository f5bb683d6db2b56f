import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { consistencyPath, emptyRoot, foldPeaks, grow, inclusionPath, leafHash, nodeHash } from './merkle.ts';
import { verifyConsistency, verifyInclusion } from './proof.ts';

/** The definition of RFC 9162 section 2.1.1, word for word and slow. */
function mth(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return createHash('sha256').digest();
  if (leaves.length === 1) return leafHash(leaves[0]!);
  let k = 1;
  while (k * 2 < leaves.length) k *= 2;
  return nodeHash(mth(leaves.slice(0, k)), mth(leaves.slice(k)));
}

const hexOf = (leaves: readonly Buffer[]) => mth(leaves).toString('hex');
const someLeaves = fc
  .array(fc.uint8Array({ maxLength: 20 }), { minLength: 1, maxLength: 70 })
  .map((leaves) => leaves.map((leaf) => Buffer.from(leaf)));
const proofOf = (leaves: readonly Buffer[], ranges: readonly { start: number; end: number }[]) =>
  ranges.map(({ start, end }) => hexOf(leaves.slice(start, end)));

describe('the Merkle tree', () => {
  it('knows the roots of the Certificate Transparency test vectors', () => {
    // Leaf values of the reference tree that RFC 6962 implementations share.
    const leaves = [
      '',
      '00',
      '10',
      '2021',
      '3031',
      '40414243',
      '5051525354555657',
      '606162636465666768696a6b6c6d6e6f',
    ];
    const buffers = leaves.map((leaf) => Buffer.from(leaf, 'hex'));
    expect(emptyRoot.toString('hex')).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
    expect(hexOf(buffers.slice(0, 1))).toBe(
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    );
    expect(hexOf(buffers)).toBe('5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328');
  });

  it('grows leaf by leaf into the root of the definition', () => {
    fc.assert(
      fc.property(someLeaves, (leaves) => {
        const edge: Buffer[] = [];
        leaves.forEach((leaf, size) => {
          grow(edge, size, leafHash(leaf), ({ level, index }, hash) => {
            const width = 2 ** level;
            expect(hash.equals(mth(leaves.slice(index * width, (index + 1) * width)))).toBe(true);
          });
          expect(foldPeaks(edge).equals(mth(leaves.slice(0, size + 1)))).toBe(true);
        });
      }),
      { numRuns: 30 },
    );
  });

  it('proves each leaf, and nothing else', () => {
    fc.assert(
      fc.property(someLeaves, fc.nat(), fc.nat(), (leaves, a, b) => {
        const index = a % leaves.length;
        const other = b % leaves.length;
        const root = hexOf(leaves);
        const hash = leafHash(leaves[index]!).toString('hex');
        const proof = proofOf(leaves, inclusionPath(index, leaves.length));
        expect(verifyInclusion(hash, index, leaves.length, proof, root)).toBe(true);
        if (other !== index) {
          expect(
            verifyInclusion(hash, other, leaves.length, proof, root) &&
              !leaves[other]!.equals(leaves[index]!),
          ).toBe(false);
        }
        expect(verifyInclusion(hash, index, leaves.length, [...proof, root], root)).toBe(false);
        if (proof.length > 0)
          expect(verifyInclusion(hash, index, leaves.length, proof.slice(1), root)).toBe(false);
      }),
    );
  });

  it('proves that a log only grew, and rejects a proof for a changed past', () => {
    fc.assert(
      fc.property(someLeaves, fc.nat(), fc.nat(), (leaves, a, b) => {
        const from = a % (leaves.length + 1);
        const to = leaves.length;
        const proof = proofOf(leaves, consistencyPath(from, to));
        const old = hexOf(leaves.slice(0, from));
        expect(verifyConsistency(from, to, proof, old, hexOf(leaves))).toBe(true);
        if (from === 0) return;
        const changed = leaves.map((leaf, n) =>
          n === b % from ? Buffer.concat([leaf, leaf, Buffer.of(1)]) : leaf,
        );
        expect(
          verifyConsistency(from, to, proofOf(changed, consistencyPath(from, to)), old, hexOf(changed)),
        ).toBe(false);
      }),
    );
  });

  it('answers false to malformed proofs and never throws', () => {
    const hash = 'a'.repeat(64);
    const odd: unknown[] = [Number.NaN, -1, 1.5, 2 ** 60, Number.POSITIVE_INFINITY];
    for (const n of odd as number[]) {
      expect(verifyInclusion(hash, n, 3, [hash], hash)).toBe(false);
      expect(verifyInclusion(hash, 0, n, [hash], hash)).toBe(false);
      expect(verifyConsistency(n, 3, [hash], hash, hash)).toBe(false);
      expect(verifyConsistency(1, n, [hash], hash, hash)).toBe(false);
    }
    expect(verifyInclusion('zz', 0, 1, [], hash)).toBe(false);
    expect(verifyInclusion(hash, 0, 2, Array(65).fill(hash), hash)).toBe(false);
    expect(verifyInclusion(hash, 0, 2, [null as never], hash)).toBe(false);
    expect(verifyConsistency(1, 2, ['A'.repeat(64)], hash, hash)).toBe(false);
    expect(verifyConsistency(2, 2, [hash], hash, hash)).toBe(false);
  });
});
