/**
 * An id of the shape of a UUIDv7 (RFC 9562 section 5.7) that depends on the rule, the deciding event and the group
 * alone. An event that is processed again after a crash gives the same id, so that a store that refuses known ids
 * keeps one detection. The random bits are a hash, which nobody needs to be unable to guess.
 */
export function detectionId(time: number, ...parts: readonly string[]): string {
  const text = parts.join('\0');
  const [a, b, c] = [hash(text, 0x9e3779b1), hash(text, 0x85ebca6b), hash(text, 0xc2b2ae35)];
  const stamp = Math.max(0, Math.floor(time)).toString(16).padStart(12, '0').slice(-12);
  const low = hex(b);
  const variant = (8 + (c & 3)).toString(16);
  return `${stamp.slice(0, 8)}-${stamp.slice(8)}-7${hex(a).slice(0, 3)}-${variant}${low.slice(0, 3)}-${hex(c)}${low.slice(4)}`;
}

/** FNV-1a over UTF-16 units with a final mix (murmur3's). */
function hash(text: string, seed: number): number {
  let value = seed | 0;
  for (let at = 0; at < text.length; at++) value = Math.imul(value ^ text.charCodeAt(at), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
