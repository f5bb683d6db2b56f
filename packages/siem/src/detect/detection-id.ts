/**
 * An id of the shape of a UUIDv7 (RFC 9562 section 5.7) that depends on the rule, the deciding event and the group
 * alone. An event that is processed again after a crash gives the same id, so that a store that refuses known ids
 * keeps one detection. The random bits are a hash, which nobody needs to be unable to guess.
 */
export function detectionId(time: number, ...parts: readonly string[]): string {
  const stamp = Math.max(0, Math.floor(time)).toString(16).padStart(12, '0').slice(-12);
  hash(parts.join('\0'));
  const [a, b, c] = [mix(first), mix(second), mix(third)];
  const low = hex(b);
  const variant = (8 + (c & 3)).toString(16);
  return `${stamp.slice(0, 8)}-${stamp.slice(8)}-7${hex(a).slice(0, 3)}-${variant}${low.slice(0, 3)}-${hex(c)}${low.slice(4)}`;
}

let first = 0;
let second = 0;
let third = 0;

/** FNV-1a over UTF-16 units, three times at once with different beginnings and multipliers. */
function hash(text: string): void {
  let a = 0x811c9dc5;
  let b = 0x9e3779b1;
  let c = 0xc2b2ae35;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    a = Math.imul(a ^ unit, 0x01000193);
    b = Math.imul(b ^ unit, 0x85ebca6b);
    c = Math.imul(c ^ unit, 0x27d4eb2f);
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

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
