import { randomFillSync } from 'node:crypto';

const pool = new Uint8Array(8192);
let offset = pool.length;
let lastTime = 0;
let sequence = 0;
const hex = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/**
 * A UUID of version 7 (RFC 9562 section 5.7): 48 bits of `now` in epoch milliseconds, a 12-bit counter so that ids made
 * in one process sort in the order in which they were made (section 6.2 method 1), and 62 random bits.
 */
export function uuidv7(now: number): string {
  if (now > lastTime) {
    lastTime = now;
    sequence = 0;
  } else if (++sequence > 0xfff) {
    lastTime += 1;
    sequence = 0;
  }
  if (offset + 8 > pool.length) {
    randomFillSync(pool);
    offset = 0;
  }
  const time = lastTime;
  const high = Math.floor(time / 0x1_0000_0000);
  const low = time >>> 0;
  const at = offset;
  offset += 8;
  return (
    hex[(high >>> 8) & 255]! +
    hex[high & 255]! +
    hex[low >>> 24]! +
    hex[(low >>> 16) & 255]! +
    '-' +
    hex[(low >>> 8) & 255]! +
    hex[low & 255]! +
    '-' +
    hex[0x70 | (sequence >>> 8)]! +
    hex[sequence & 255]! +
    '-' +
    hex[0x80 | (pool[at]! & 0x3f)]! +
    hex[pool[at + 1]!]! +
    '-' +
    hex[pool[at + 2]!]! +
    hex[pool[at + 3]!]! +
    hex[pool[at + 4]!]! +
    hex[pool[at + 5]!]! +
    hex[pool[at + 6]!]! +
    hex[pool[at + 7]!]!
  );
}
