/** DER (X.690) encoding of the few types that a certification request needs. */

/** Tag, definite length in its shortest form (10.1), contents. */
export function element(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag]), length(body.length), body]);
}

function length(size: number): Buffer {
  if (size < 0x80) return Buffer.from([size]);
  const octets: number[] = [];
  for (let rest = size; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return Buffer.from([0x80 | octets.length, ...octets]);
}

export const sequence = (...contents: readonly Uint8Array[]): Buffer => element(0x30, ...contents);

/** The components of a SET OF stand in ascending order of their encodings (11.6). */
export const setOf = (...contents: readonly Uint8Array[]): Buffer =>
  element(0x31, ...contents.toSorted((a, b) => Buffer.compare(a, b)));

/** A non-negative integer below 2^31. */
export function integer(value: number): Buffer {
  const octets: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  if (octets.length === 0 || octets[0]! >= 0x80) octets.unshift(0);
  return element(0x02, Buffer.from(octets));
}

/** `1.2.840.10045.4.3.2`. */
export function objectIdentifier(dotted: string): Buffer {
  const [first, second, ...rest] = dotted.split('.').map(Number);
  const octets: number[] = [];
  for (const arc of [first! * 40 + second!, ...rest]) {
    const groups = [arc % 128];
    for (let more = Math.floor(arc / 128); more > 0; more = Math.floor(more / 128))
      groups.unshift((more % 128) | 0x80);
    octets.push(...groups);
  }
  return element(0x06, Buffer.from(octets));
}

export const utf8String = (text: string): Buffer => element(0x0c, Buffer.from(text, 'utf8'));
export const octetString = (octets: Uint8Array): Buffer => element(0x04, octets);
/** A bit string of whole octets. */
export const bitString = (octets: Uint8Array): Buffer => element(0x03, Buffer.from([0]), octets);
/** `[number]`, constructed, as EXPLICIT tags and implicitly tagged sequences and sets are. */
export const context = (number: number, ...contents: readonly Uint8Array[]): Buffer =>
  element(0xa0 | number, ...contents);
/** `[number]`, primitive, as implicitly tagged strings are. */
export const contextPrimitive = (number: number, octets: Uint8Array): Buffer =>
  element(0x80 | number, octets);
