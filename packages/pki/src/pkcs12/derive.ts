import { createHash } from 'node:crypto';

/** What the derived octets are for (RFC 7292 appendix B.3). */
export const Purpose = { key: 1, iv: 2, mac: 3 } as const;

const blockOctets = 64;

/**
 * Octets from a password by the function of PKCS #12 (RFC 7292 appendix B.2), for SHA-1 and SHA-256, which both work on
 * blocks of 64 octets. The password is a BMPString with two zero octets at its end.
 */
export function derive(
  hash: 'sha1' | 'sha256',
  password: Uint8Array,
  salt: Uint8Array,
  wanted: { readonly purpose: number; readonly iterations: number; readonly octets: number },
): Buffer {
  const { purpose, iterations, octets } = wanted;
  const input = Buffer.concat([stretch(salt), stretch(password)]);
  const output: Buffer[] = [];
  for (let made = 0; made < octets; ) {
    let digest = createHash(hash).update(Buffer.alloc(blockOctets, purpose)).update(input).digest();
    for (let round = 1; round < iterations; round++) digest = createHash(hash).update(digest).digest();
    output.push(digest);
    made += digest.length;
    addToBlocks(input, digest);
  }
  return Buffer.concat(output).subarray(0, octets);
}

/** Text as a BMPString with its zero end. Characters beyond the basic plane have no place in one. */
export function bmpPassword(text: string): Buffer {
  return Buffer.from(`${text}\0`, 'utf16le').swap16();
}

/** Repeated to a whole number of blocks; nothing stays nothing. */
function stretch(bytes: Uint8Array): Buffer {
  return Buffer.alloc(Math.ceil(bytes.length / blockOctets) * blockOctets, bytes);
}

/** Adds the digest, repeated to a block, and one to every block of the input, as big-endian numbers. */
function addToBlocks(input: Buffer, digest: Buffer): void {
  const addend = Buffer.alloc(blockOctets, digest);
  for (let block = 0; block < input.length; block += blockOctets) {
    let carry = 1;
    for (let at = blockOctets - 1; at >= 0; at--) {
      carry += input[block + at]! + addend[at]!;
      input[block + at] = carry & 0xff;
      carry >>= 8;
    }
  }
}
