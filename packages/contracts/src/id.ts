import { randomFillSync } from 'node:crypto';

const pool = new Uint8Array(8192);
let offset = pool.length;
let lastTime = 0;
let sequence = 0;

const digit = (value: number) => (value < 10 ? 48 : 87) + value;
const high = Uint8Array.from({ length: 256 }, (_, byte) => digit(byte >>> 4));
const low = Uint8Array.from({ length: 256 }, (_, byte) => digit(byte & 15));
/** The id before, in ASCII: one text is made of it instead of twenty that are put together. */
let text: Buffer | undefined;
let writtenTime = -1;

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
  text ??= Buffer.from('00000000-0000-7000-8000-000000000000');
  if (lastTime !== writtenTime) {
    writtenTime = lastTime;
    const upper = Math.floor(lastTime / 0x1_0000_0000);
    const lower = lastTime >>> 0;
    put(text, 0, (upper >>> 8) & 255);
    put(text, 2, upper & 255);
    put(text, 4, lower >>> 24);
    put(text, 6, (lower >>> 16) & 255);
    put(text, 9, (lower >>> 8) & 255);
    put(text, 11, lower & 255);
  }
  const at = offset;
  offset += 8;
  put(text, 14, 0x70 | (sequence >>> 8));
  put(text, 16, sequence & 255);
  put(text, 19, 0x80 | (pool[at]! & 0x3f));
  put(text, 21, pool[at + 1]!);
  for (let byte = 2; byte < 8; byte++) put(text, 20 + 2 * byte, pool[at + byte]!);
  return text.toString('latin1');
}

function put(to: Buffer, at: number, byte: number): void {
  to[at] = high[byte]!;
  to[at + 1] = low[byte]!;
}
