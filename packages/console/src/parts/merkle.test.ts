import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import type { AuditEntry, InclusionView } from '@kydai/contracts';
import { describe, expect, test } from 'vitest';
import { proveInclusion } from './merkle.ts';

const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const hash = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();

const entryOf = (n: number): AuditEntry => ({
  at: 1000 + n,
  actor: 'system',
  action: 'ledger.state',
  target: `source:s${n}`,
  detail: { since: n, received: n, '10': 'ten', '9': null },
});
const leafOf = ({ at, actor, action, target, detail }: AuditEntry) => {
  const pairs = Object.keys(detail)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${JSON.stringify(detail[key])}`);
  const head = JSON.stringify({ at, actor, action, target }).slice(0, -1);
  return hash(Uint8Array.of(0), Buffer.from(`${head},"detail":{${pairs.join(',')}}}`));
};

/** RFC 9162 sections 2.1.1 and 2.1.3.1, as they are written. */
function rootOf(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 1) return leaves[0]!;
  const k = split(leaves.length);
  return hash(Uint8Array.of(1), rootOf(leaves.slice(0, k)), rootOf(leaves.slice(k)));
}
function pathOf(leaves: readonly Buffer[], index: number): readonly Buffer[] {
  if (leaves.length === 1) return [];
  const k = split(leaves.length);
  return index < k
    ? [...pathOf(leaves.slice(0, k), index), rootOf(leaves.slice(k))]
    : [...pathOf(leaves.slice(k), index - k), rootOf(leaves.slice(0, k))];
}
const split = (size: number) => 2 ** (Math.ceil(Math.log2(size)) - 1);

function proofOf(index: number, size: number): InclusionView {
  const leaves = Array.from({ length: size }, (_, n) => leafOf(entryOf(n)));
  const root = rootOf(leaves).toString('hex');
  const signature = sign(null, Buffer.from(`kydai-audit-v1\n${size}\n${root}\n7\n`), privateKey).toString(
    'base64',
  );
  return {
    index,
    entry: entryOf(index),
    proof: pathOf(leaves, index).map((each) => each.toString('hex')),
    checkpoint: { size, root, at: 7, signature },
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

describe('a proof of the audit log', () => {
  test('holds for every entry of logs of every small size', async () => {
    for (const size of [1, 2, 3, 4, 5, 7, 8, 13]) {
      for (let index = 0; index < size; index++)
        expect([size, index, await proveInclusion(proofOf(index, size))]).toEqual([size, index, 'proven']);
    }
  });

  test.each([
    ['the entry', (view: InclusionView) => ({ ...view, entry: entryOf(3) })],
    ['its place', (view: InclusionView) => ({ ...view, index: 3 })],
    ['the path', (view: InclusionView) => ({ ...view, proof: [...view.proof].reverse() })],
    ['the length of the path', (view: InclusionView) => ({ ...view, proof: view.proof.slice(1) })],
    ['the size', (view: InclusionView) => ({ ...view, checkpoint: { ...view.checkpoint, size: 8 } })],
    [
      'the time of the checkpoint',
      (view: InclusionView) => ({ ...view, checkpoint: { ...view.checkpoint, at: 8 } }),
    ],
  ])('is broken where %s was changed', async (_what, change) => {
    expect(await proveInclusion(change(proofOf(2, 7)))).toBe('broken');
  });
});
