/**
 * An id of the shape of a UUIDv7 (RFC 9562 section 5.7) that depends on the rule, the deciding event and the group
 * alone. An event that is processed again after a crash gives the same id, so that a store that refuses known ids
 * keeps one detection. The random bits are a hash, which nobody needs to be unable to guess.
 */
export function detectionId(time: number, ...parts: readonly string[]): string {
  hash(parts);
  const [a, b, c] = [mix(first), mix(second), mix(third)];
  const stamp = Math.max(0, Math.floor(time));
  put(0, Math.floor(stamp / 0x1_0000), 8);
  put(9, stamp % 0x1_0000, 4);
  put(15, a >>> 20, 3);
  put(19, ((8 + (c & 3)) << 12) | (b >>> 20), 4);
  put(24, c, 8);
  put(32, b & 0xffff, 4);
  return digits.toString('latin1');
}

const digits = Buffer.from('00000000-0000-7000-0000-000000000000', 'latin1');

/** Writes the lowest `count` hexadecimal digits of a number. */
function put(at: number, value: number, count: number): void {
  let rest = value >>> 0;
  for (let place = at + count - 1; place >= at; place--) {
    const digit = rest & 15;
    digits[place] = digit < 10 ? 48 + digit : 87 + digit;
    rest >>>= 4;
  }
}

let first = 0;
let second = 0;
let third = 0;

/** FNV-1a over UTF-16 units, three times at once with different beginnings and multipliers; NUL between the parts. */
function hash(parts: readonly string[]): void {
  let a = 0x811c9dc5;
  let b = 0x9e3779b1;
  let c = 0xc2b2ae35;
  for (let index = 0; index < parts.length; index++) {
    const text = parts[index]!;
    // The unit after the last is the NUL, which only the last part goes without.
    const length = index < parts.length - 1 ? text.length + 1 : text.length;
    for (let at = 0; at < length; at++) {
      const unit = at < text.length ? text.charCodeAt(at) : 0;
      a = Math.imul(a ^ unit, 0x01000193);
      b = Math.imul(b ^ unit, 0x85ebca6b);
      c = Math.imul(c ^ unit, 0x27d4eb2f);
    }
  }
  first = a;
  second = b;
  third = c;
}

/** The final mix of murmur3. */
function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
