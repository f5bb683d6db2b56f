/** What one signature is checked by: nothing here has been believed yet but the form of the key. */
export interface Claim {
  /** SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  /** As node:crypto names it; null where the signature has its own. */
  readonly hash: HashName;
  readonly data: Uint8Array;
  readonly signature: Uint8Array;
}

export type HashName = 'sha256' | 'sha384' | 'sha512' | null;

/** What came of a claim: a bad signature, a good one, or a key that is none. */
export const Verdict = { bad: 0, good: 1, notAKey: 2 } as const;

const hashes: readonly HashName[] = [null, 'sha256', 'sha384', 'sha512'];
const header = 13;

/**
 * Claims as one run of octets, because a message of many small arrays takes longer to copy than they take to write: for
 * each the hash, three lengths of 32 bits, then key, data and signature. The buffer is of its own, to be handed over.
 */
export function writeClaims(claims: readonly Claim[]): ArrayBuffer {
  let length = 0;
  for (const { spki, data, signature } of claims)
    length += header + spki.length + data.length + signature.length;
  const buffer = new ArrayBuffer(length);
  const bytes = new Uint8Array(buffer);
  const view = new DataView(buffer);
  let at = 0;
  for (const { spki, hash, data, signature } of claims) {
    bytes[at] = hashes.indexOf(hash);
    let lengths = at + 1;
    at += header;
    for (const part of [spki, data, signature]) {
      view.setUint32(lengths, part.length);
      lengths += 4;
      bytes.set(part, at);
      at += part.length;
    }
  }
  return buffer;
}

/** Reads what `writeClaims` wrote; the claims are views of it. */
export function readClaims(buffer: ArrayBuffer): Claim[] {
  const view = new DataView(buffer);
  const claims: Claim[] = [];
  for (let at = 0; at < buffer.byteLength; ) {
    const hash = hashes[view.getUint8(at)]!;
    const lengths = [1, 5, 9].map((offset) => view.getUint32(at + offset));
    at += header;
    const [spki, data, signature] = lengths.map((length) => {
      at += length;
      return new Uint8Array(buffer, at - length, length);
    }) as [Uint8Array, Uint8Array, Uint8Array];
    claims.push({ spki, hash, data, signature });
  }
  return claims;
}
