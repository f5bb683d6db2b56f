import { createHash, hash } from 'node:crypto';

/**
 * The Merkle tree of RFC 9162 section 2.1: leaf hashes are SHA-256 over 0x00 and the leaf, node hashes SHA-256 over
 * 0x01, the left and the right hash. Hashes are Buffers of 32 bytes inside the package and hex at its edge.
 */

const leafPrefix = Buffer.of(0);
const nodePrefix = Buffer.of(1);

/** The root of a tree without leaves: SHA-256 of nothing. */
export const emptyRoot: Buffer = createHash('sha256').digest();

/** Of bytes, or of the UTF-8 of a text. */
export function leafHash(leaf: Uint8Array | string): Buffer {
  return hash('sha256', typeof leaf === 'string' ? `\0${leaf}` : Buffer.concat([leafPrefix, leaf]), 'buffer');
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([nodePrefix, left, right]), 'buffer');
}

/** Names the complete subtree of `2^level` leaves that starts at leaf `index * 2^level`. */
export interface NodeId {
  readonly level: number;
  readonly index: number;
}

/** The complete subtrees that make up a tree of `size` leaves, left to right: one for each set bit of `size`. */
export function peaks(size: number): readonly NodeId[] {
  const found: NodeId[] = [];
  let start = 0;
  for (let level = 52; level >= 0; level--) {
    const width = 2 ** level;
    if (Math.floor(size / width) % 2 === 1) {
      found.push({ level, index: start / width });
      start += width;
    }
  }
  return found;
}

/** Folds the hashes of a tree's peaks, left to right, into its root. */
export function foldPeaks(hashes: readonly Uint8Array[]): Buffer {
  if (hashes.length === 0) return emptyRoot;
  let root: Buffer = Buffer.from(hashes.at(-1)!);
  for (let at = hashes.length - 2; at >= 0; at--) root = nodeHash(hashes[at]!, root);
  return root;
}

/**
 * Grows a tree by one leaf. `edge` holds the hashes of the peaks of a tree of `size` leaves and is changed in place;
 * `made` is told of each complete subtree above the leaf that the leaf completes. O(log n), amortised O(1).
 */
export function grow(
  edge: Buffer[],
  size: number,
  leaf: Buffer,
  made: (node: NodeId, hash: Buffer) => void,
): void {
  let current = leaf;
  let index = size;
  for (let level = 1; index % 2 === 1; level++) {
    current = nodeHash(edge.pop()!, current);
    index = (index - 1) / 2;
    made({ level, index }, current);
  }
  edge.push(current);
}

/** A range of leaves whose hash a proof holds. */
export interface LeafRange {
  readonly start: number;
  readonly end: number;
}

/** The largest power of two below `n`, for `n` above 1 (RFC 9162 section 2.1.1). */
function split(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/** The subtrees whose hashes are the audit path of RFC 9162 section 2.1.3.1, in its order. */
export function inclusionPath(index: number, size: number): readonly LeafRange[] {
  const path: LeafRange[] = [];
  let start = 0;
  let end = size;
  while (end - start > 1) {
    const middle = start + split(end - start);
    if (index < middle) {
      path.push({ start: middle, end });
      end = middle;
    } else {
      path.push({ start, end: middle });
      start = middle;
    }
  }
  return path.reverse();
}

/** The subtrees whose hashes are the consistency proof of RFC 9162 section 2.1.4.1, in its order. */
export function consistencyPath(from: number, to: number): readonly LeafRange[] {
  if (from === 0 || from === to) return [];
  const path: LeafRange[] = [];
  let start = 0;
  let end = to;
  let whole = true;
  while (end !== from) {
    const middle = start + split(end - start);
    if (from <= middle) {
      path.push({ start: middle, end });
      end = middle;
    } else {
      path.push({ start, end: middle });
      start = middle;
      whole = false;
    }
  }
  if (!whole) path.push({ start, end });
  return path.reverse();
}
