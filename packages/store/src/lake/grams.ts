import { crc32 } from 'node:zlib';
import type { EventFilter } from '@kydai/contracts';
import { fold, readGlob } from '../filter/text.ts';

/**
 * Which runs of four characters occur in the raw lines of a stretch of time, as a bitmap: a search for a rare text then
 * reads only the stretches where all its runs occur. Kept beside each Parquet file, and only ever an aid: without it,
 * or where it cannot be read, everything is searched.
 */
export interface Grams {
  readonly minTime: number;
  readonly maxTime: number;
  /** A power of two of bits. */
  readonly bits: Uint32Array;
}

const run = 4;
const mostBits = 2 ** 20;
const leastBits = 2 ** 15;
/** More than this share of bits set says too little; less is a waste of space. */
const fullness = 0.3;
const mostStretches = 256;

/** Calls `found` with the 32-bit hash of each run of four UTF-16 units. */
function hashes(text: string, found: (hash: number) => void): void {
  let window = 0;
  for (let at = 0; at < text.length; at++) {
    // Four shifts by eight push a unit out whole, so that the hash depends on exactly four units.
    window = (window << 8) ^ text.charCodeAt(at);
    if (at >= run - 1) found(Math.imul(window ^ (window >>> 15), 0x9e3779b1) >>> 0);
  }
}

/** ASCII as `fold` folds it. */
const folded = Uint8Array.from({ length: 256 }, (_, unit) => (unit >= 65 && unit <= 90 ? unit + 32 : unit));

/** Collects the runs of many lines. */
export class GramCollector {
  readonly #bits = new Uint32Array(mostBits / 32);
  #minTime = Number.POSITIVE_INFINITY;
  #maxTime = Number.NEGATIVE_INFINITY;

  /** A line as UTF-8, at a place in some bytes. */
  add(time: number, bytes: Uint8Array, at: number, length: number): void {
    if (time < this.#minTime) this.#minTime = time;
    if (time > this.#maxTime) this.#maxTime = time;
    if (length < run) return;
    const bits = this.#bits;
    const end = at + length;
    let window = (folded[bytes[at]!]! << 16) | (folded[bytes[at + 1]!]! << 8) | folded[bytes[at + 2]!]!;
    let all = bytes[at]! | bytes[at + 1]! | bytes[at + 2]!;
    for (let place = at + run - 1; place < end; place++) {
      const byte = bytes[place]!;
      all |= byte;
      window = (window << 8) | folded[byte]!;
      // As `hashes` does it, written out: this is the innermost loop of the conversion.
      const bit = Math.imul(window ^ (window >>> 15), 0x9e3779b1) >>> 12;
      bits[bit >>> 5]! |= 1 << (bit & 31);
    }
    // Beyond ASCII it is units that count; the bits that were set for bytes only make the index less sharp.
    if (all > 127) this.#addText(Buffer.from(bytes.buffer, bytes.byteOffset + at, length).toString());
  }

  #addText(text: string): void {
    const bits = this.#bits;
    hashes(fold(text), (hash) => {
      const bit = hash >>> 12;
      bits[bit >>> 5]! |= 1 << (bit & 31);
    });
  }

  finish(): Grams {
    let bits: Uint32Array = this.#bits;
    while (bits.length * 32 > leastBits) {
      const half = halved(bits);
      if (count(half) > half.length * 32 * fullness) break;
      bits = half;
    }
    return { minTime: this.#minTime, maxTime: this.#maxTime, bits };
  }
}

/** A bitmap of half the size: a hash's place in it is its place in the larger one without the lowest bit. */
function halved(bits: Uint32Array): Uint32Array {
  const half = new Uint32Array(bits.length / 2);
  for (let bit = 0; bit < bits.length * 32; bit++) {
    if ((bits[bit >>> 5]! & (1 << (bit & 31))) !== 0) half[bit >>> 6]! |= 1 << ((bit >>> 1) & 31);
  }
  return half;
}

function count(bits: Uint32Array): number {
  let sum = 0;
  for (let word of bits) for (; word !== 0; word &= word - 1) sum++;
  return sum;
}

/** Whether a text can occur in a line of the stretch. */
export function mayHold({ bits }: Grams, folded: string): boolean {
  const shift = 32 - Math.log2(bits.length * 32);
  let all = true;
  hashes(folded, (hash) => {
    const bit = hash >>> shift;
    all &&= (bits[bit >>> 5]! & (1 << (bit & 31))) !== 0;
  });
  return all;
}

/** Folded texts of four units or more that the raw line of every matching event holds. */
export function neededTexts(filter: EventFilter | undefined): readonly string[] {
  switch (filter?.op) {
    case 'and':
      return filter.filters.flatMap(neededTexts);
    case 'text':
      return [fold(filter.text)].filter((text) => text.length >= run);
    case 'wildcard': {
      if (filter.field !== 'raw') return [];
      const glob = readGlob(filter.pattern);
      if (glob.shape === 'any') return [];
      const texts =
        glob.shape === 'mixed'
          ? glob.parts.flatMap((part) => (part[0] === '=' ? [part.slice(1)] : []))
          : [glob.text];
      return texts.filter((text) => text.length >= run);
    }
    default:
      return [];
  }
}

/**
 * The stretches of files that are merged. They stay apart, because the shorter a stretch the less is read for a rare
 * text; only when they are too many, neighbours become one.
 */
export function joinGrams(stretches: readonly Grams[]): readonly Grams[] {
  let sorted = [...stretches].sort((a, b) => a.minTime - b.minTime);
  while (sorted.length > mostStretches)
    sorted = sorted.flatMap((one, at) => {
      if (at % 2 === 1) return [];
      const next = sorted[at + 1];
      return [next === undefined ? one : union(one, next)];
    });
  return sorted;
}

function union(a: Grams, b: Grams): Grams {
  let [small, large] = a.bits.length < b.bits.length ? [a.bits, b.bits] : [b.bits, a.bits];
  while (small.length < large.length) small = doubled(small);
  return {
    minTime: Math.min(a.minTime, b.minTime),
    maxTime: Math.max(a.maxTime, b.maxTime),
    bits: large.map((word, at) => word | small[at]!),
  };
}

/** A bitmap of twice the size that holds at least the same. */
function doubled(bits: Uint32Array): Uint32Array {
  const twice = new Uint32Array(bits.length * 2);
  for (let bit = 0; bit < bits.length * 32; bit++) {
    if ((bits[bit >>> 5]! & (1 << (bit & 31))) !== 0) twice[bit >>> 4]! |= 3 << ((bit & 15) * 2);
  }
  return twice;
}

const magic = 0x31474b44;

/** For each stretch: its times as two doubles, its number of words, its words; then a CRC-32. All little-endian. */
export function encodeGrams(stretches: readonly Grams[]): Buffer {
  const size = stretches.reduce((sum, { bits }) => sum + 20 + bits.byteLength, 8);
  const buffer = Buffer.alloc(size + 4);
  let at = buffer.writeUInt32LE(magic, 0);
  at = buffer.writeUInt32LE(stretches.length, at);
  for (const { minTime, maxTime, bits } of stretches) {
    at = buffer.writeDoubleLE(minTime, at);
    at = buffer.writeDoubleLE(maxTime, at);
    at = buffer.writeUInt32LE(bits.length, at);
    for (const word of bits) at = buffer.writeUInt32LE(word, at);
  }
  buffer.writeUInt32LE(crc32(buffer.subarray(0, size)), size);
  return buffer;
}

/** Undefined for anything that `encodeGrams` did not write. */
export function decodeGrams(buffer: Buffer): readonly Grams[] | undefined {
  const size = buffer.length - 4;
  if (
    size < 8 ||
    buffer.readUInt32LE(0) !== magic ||
    buffer.readUInt32LE(size) !== crc32(buffer.subarray(0, size))
  ) {
    return undefined;
  }
  const stretches: Grams[] = [];
  let at = 8;
  for (let left = buffer.readUInt32LE(4); left > 0; left--) {
    const words = buffer.readUInt32LE(at + 16);
    // A copy, because the view of a buffer may not begin at a multiple of four.
    const bits = new Uint32Array(new Uint8Array(buffer.subarray(at + 20, at + 20 + words * 4)).buffer);
    stretches.push({ minTime: buffer.readDoubleLE(at), maxTime: buffer.readDoubleLE(at + 8), bits });
    at += 20 + words * 4;
  }
  return stretches;
}
