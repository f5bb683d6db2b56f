import { PkiError } from '../error.ts';
import { contextConstructed, contextTag, Tag } from './tag.ts';
import { formatGeneralizedTime, formatUtcTime } from './time.ts';

/**
 * DER values (X.690) as functions from parts to bytes: `sequence(integer(2), oid('2.5.4.3'))`. Every function returns
 * one complete element, so what is composed is always well formed.
 */

/** How many octets the length field of a body of `length` octets takes. */
export function lengthOfLength(length: number): number {
  if (length < 0x80) return 1;
  if (length < 0x100) return 2;
  if (length < 0x10000) return 3;
  if (length < 0x1000000) return 4;
  return 5;
}

/** Writes identifier and length octets at `offset`; returns where the body begins. */
export function writeHeader(target: Uint8Array, offset: number, tag: number, length: number): number {
  let at = offset;
  target[at++] = tag;
  const size = lengthOfLength(length);
  if (size === 1) {
    target[at++] = length;
    return at;
  }
  target[at++] = 0x80 | (size - 1);
  for (let shift = (size - 2) * 8; shift >= 0; shift -= 8) target[at++] = (length >>> shift) & 0xff;
  return at;
}

/** One element with the given identifier octet around the concatenated parts. */
export function element(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const out = Buffer.allocUnsafe(1 + lengthOfLength(length) + length);
  let at = writeHeader(out, 0, tag, length);
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function sequence(...parts: readonly Uint8Array[]): Uint8Array {
  return element(Tag.sequence, ...parts);
}

/** SET OF: the elements in ascending order of their encodings (X.690 section 11.6). */
export function setOf(...parts: readonly Uint8Array[]): Uint8Array {
  return element(Tag.set, ...(parts.length < 2 ? parts : [...parts].sort(Buffer.compare)));
}

/** `[n] EXPLICIT`, or `[n] IMPLICIT` of a constructed type whose members are given. */
export function context(number: number, ...parts: readonly Uint8Array[]): Uint8Array {
  return element(contextConstructed(number), ...parts);
}

/** `[n] IMPLICIT` of a primitive type, by its contents octets. */
export function contextPrimitive(number: number, contents: Uint8Array): Uint8Array {
  return element(contextTag(number), contents);
}

const TRUE = element(Tag.boolean, Uint8Array.of(0xff));
const FALSE = element(Tag.boolean, Uint8Array.of(0));

export function boolean(value: boolean): Uint8Array {
  return value ? TRUE : FALSE;
}

export function nothing(): Uint8Array {
  return Uint8Array.of(Tag.null, 0);
}

/** INTEGER in the fewest octets of two's complement (X.690 section 8.3.2). */
export function integer(value: number | bigint): Uint8Array {
  if (value === 0 || value === 1 || value === 2) return Uint8Array.of(Tag.integer, 1, value);
  return element(Tag.integer, twosComplement(BigInt(value)));
}

export function enumerated(value: number): Uint8Array {
  return element(Tag.enumerated, twosComplement(BigInt(value)));
}

/** INTEGER from big-endian magnitude octets, as serial numbers and key parts are kept. */
export function unsignedInteger(magnitude: Uint8Array): Uint8Array {
  let start = 0;
  while (start < magnitude.length - 1 && magnitude[start] === 0) start++;
  const body = magnitude.subarray(start);
  if (body.length === 0) return element(Tag.integer, Uint8Array.of(0));
  return body[0]! >= 0x80 ? element(Tag.integer, Uint8Array.of(0), body) : element(Tag.integer, body);
}

function twosComplement(value: bigint): Uint8Array {
  const octets: number[] = [];
  let rest = value;
  for (;;) {
    octets.unshift(Number(rest & 0xffn));
    rest >>= 8n;
    const signBit = (octets[0]! & 0x80) !== 0;
    if ((rest === 0n && !signBit) || (rest === -1n && signBit)) return Uint8Array.from(octets);
  }
}

export function octetString(contents: Uint8Array): Uint8Array {
  return element(Tag.octetString, contents);
}

/** BIT STRING of whole octets (keys and signatures). */
export function bitString(contents: Uint8Array): Uint8Array {
  return element(Tag.bitString, Uint8Array.of(0), contents);
}

/** BIT STRING with named bits: trailing zero bits are left out (X.690 section 11.2.2). */
export function namedBits(bits: readonly number[]): Uint8Array {
  if (bits.length === 0) return element(Tag.bitString, Uint8Array.of(0));
  const highest = Math.max(...bits);
  const octets = new Uint8Array((highest >> 3) + 1);
  for (const bit of bits) octets[bit >> 3]! |= 0x80 >> (bit & 7);
  return element(Tag.bitString, Uint8Array.of(7 - (highest & 7)), octets);
}

const oids = new Map<string, Uint8Array>();

/** OBJECT IDENTIFIER from dotted text. Encodings are kept: the product uses a few dozen of them. */
export function oid(dotted: string): Uint8Array {
  const known = oids.get(dotted);
  if (known !== undefined) return known;
  const encoded = element(Tag.oid, oidContents(dotted));
  if (oids.size < 512) oids.set(dotted, encoded);
  return encoded;
}

function oidContents(dotted: string): Uint8Array {
  if (!/^[0-2](?:\.(?:0|[1-9][0-9]{0,38}))+$/.test(dotted)) {
    throw new PkiError('malformed-der', `object identifier \`${dotted.slice(0, 80)}\` is not dotted decimal`);
  }
  const arcs = dotted.split('.').map(BigInt);
  if (arcs[0]! < 2n && arcs[1]! > 39n) {
    throw new PkiError('malformed-der', `object identifier \`${dotted}\` has a second arc above 39`);
  }
  const octets: number[] = [];
  for (const arc of [arcs[0]! * 40n + arcs[1]!, ...arcs.slice(2)]) {
    const groups = [Number(arc & 0x7fn)];
    for (let rest = arc >> 7n; rest > 0n; rest >>= 7n) groups.unshift(Number(rest & 0x7fn) | 0x80);
    octets.push(...groups);
  }
  return Uint8Array.from(octets);
}

export function utf8String(text: string): Uint8Array {
  return element(Tag.utf8String, Buffer.from(text, 'utf8'));
}

export function printableString(text: string): Uint8Array {
  return element(Tag.printableString, Buffer.from(text, 'latin1'));
}

/** Time as RFC 5280 section 4.1.2.5 wants it: UTCTime through 2049, GeneralizedTime from 2050. Epoch milliseconds. */
export function time(at: number): Uint8Array {
  const year = new Date(at).getUTCFullYear();
  return year >= 1950 && year < 2050
    ? element(Tag.utcTime, Buffer.from(formatUtcTime(at), 'latin1'))
    : generalizedTime(at);
}

export function generalizedTime(at: number): Uint8Array {
  return element(Tag.generalizedTime, Buffer.from(formatGeneralizedTime(at), 'latin1'));
}
