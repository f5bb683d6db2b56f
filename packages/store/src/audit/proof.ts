import { nodeHash } from './merkle.ts';

const hexHash = /^[0-9a-f]{64}$/;

function bytes(hex: string): Buffer | undefined {
  return typeof hex === 'string' && hexHash.test(hex) ? Buffer.from(hex, 'hex') : undefined;
}

function count(n: number): boolean {
  return Number.isSafeInteger(n) && n >= 0;
}

/** Reads a list of hex hashes; undefined if one is not a hash or the list is longer than any proof can be. */
function proofBytes(proof: readonly string[]): Buffer[] | undefined {
  if (proof.length > 64) return undefined;
  const hashes: Buffer[] = [];
  for (const hex of proof) {
    const hash = bytes(hex);
    if (hash === undefined) return undefined;
    hashes.push(hash);
  }
  return hashes;
}

/**
 * Whether `proof` shows that the leaf with hash `leaf` is at `index` in the log of `size` leaves and root `root`
 * (RFC 9162 section 2.1.3.2). All hashes are lower-case hex. False for anything malformed; never throws.
 */
export function verifyInclusion(
  leaf: string,
  index: number,
  size: number,
  proof: readonly string[],
  root: string,
): boolean {
  const path = proofBytes(proof);
  let current = bytes(leaf);
  if (path === undefined || current === undefined || !hexHash.test(root)) return false;
  if (!count(index) || !count(size) || index >= size) return false;
  let node = index;
  let last = size - 1;
  for (const sibling of path) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      current = nodeHash(sibling, current);
      while (node % 2 === 0 && node !== 0) {
        node /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      current = nodeHash(current, sibling);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && current.toString('hex') === root;
}

/**
 * Whether `proof` shows that the log of `to` leaves and root `toRoot` begins with the log of `from` leaves and root
 * `fromRoot`: nothing was changed, removed or reordered in between (RFC 9162 section 2.1.4.2). False for anything
 * malformed; never throws.
 */
export function verifyConsistency(
  from: number,
  to: number,
  proof: readonly string[],
  fromRoot: string,
  toRoot: string,
): boolean {
  const path = proofBytes(proof);
  if (path === undefined || !hexHash.test(fromRoot) || !hexHash.test(toRoot)) return false;
  if (!count(from) || !count(to) || from > to) return false;
  if (from === to) return path.length === 0 && fromRoot === toRoot;
  if (from === 0) return path.length === 0;
  let node = from - 1;
  let last = to - 1;
  while (node % 2 === 1) {
    node = (node - 1) / 2;
    last = Math.floor(last / 2);
  }
  // A tree whose size is a power of two is itself the first hash of the proof, and is left out of it.
  const first = node === 0 ? bytes(fromRoot) : path.shift();
  if (first === undefined) return false;
  let old = first;
  let current = first;
  for (const sibling of path) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      old = nodeHash(sibling, old);
      current = nodeHash(sibling, current);
      while (node % 2 === 0 && node !== 0) {
        node /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      current = nodeHash(current, sibling);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && old.toString('hex') === fromRoot && current.toString('hex') === toRoot;
}
