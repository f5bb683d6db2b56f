import { PkiError } from '../error.ts';
import { Tag } from './tag.ts';

/** Object identifiers that were read before, octet by octet: looking one up makes no text of its octets. */
interface Known {
  readonly next: Map<number, Known>;
  dotted?: string;
}
const known: Known = { next: new Map() };
let kept = 0;

/** Dotted text of the contents octets of an OBJECT IDENTIFIER; arcs up to 128 bits (`2.25.<uuid>`). */
export function decodeOid(body: Uint8Array): string {
  if (body.length === 0 || body.length > 64) throw malformed('object identifier is empty or above 64 octets');
  let at: Known | undefined = known;
  for (let index = 0; index < body.length && at !== undefined; index++) at = at.next.get(body[index]!);
  if (at?.dotted !== undefined) return at.dotted;
  const dotted = readArcs(body).join('.');
  if (kept < 512) {
    kept++;
    keep(body, dotted);
  }
  return dotted;
}

function keep(body: Uint8Array, dotted: string): void {
  let at = known;
  for (const octet of body) {
    const next = at.next.get(octet) ?? { next: new Map() };
    at.next.set(octet, next);
    at = next;
  }
  at.dotted = dotted;
}

function readArcs(body: Uint8Array): bigint[] {
  const arcs: bigint[] = [];
  let arc = 0n;
  let fresh = true;
  for (const octet of body) {
    if (fresh && octet === 0x80) throw malformed('object identifier has a needless leading octet');
    arc = (arc << 7n) | BigInt(octet & 0x7f);
    if (arc >> 136n !== 0n) throw malformed('object identifier has an arc above 128 bits');
    fresh = octet < 0x80;
    if (!fresh) continue;
    if (arcs.length === 0) {
      const first = arc < 80n ? arc / 40n : 2n;
      arcs.push(first, arc - first * 40n);
    } else {
      arcs.push(arc);
    }
    arc = 0n;
  }
  if (!fresh) throw malformed('object identifier is cut off');
  return arcs;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text of a character string type by its identifier octet. Refuses characters that the type does not have. */
export function decodeString(tag: number, body: Uint8Array): string {
  const buffer = Buffer.from(body.buffer, body.byteOffset, body.length);
  switch (tag) {
    case Tag.utf8String:
      if (isAscii(body)) return buffer.toString('latin1');
      try {
        return utf8.decode(body);
      } catch {
        throw malformed('string is not valid UTF-8');
      }
    case Tag.printableString:
      return only(buffer.toString('latin1'), /^[A-Za-z0-9 '()+,\-./:=?]*$/, 'printable');
    case Tag.numericString:
      return only(buffer.toString('latin1'), /^[0-9 ]*$/, 'numeric');
    case Tag.ia5String:
    case Tag.visibleString:
      if (!isAscii(body)) throw malformed('string holds octets above 7f');
      return buffer.toString('latin1');
    case Tag.teletexString:
      return buffer.toString('latin1');
    case Tag.bmpString:
      if (buffer.length % 2 !== 0) throw malformed('string of 16-bit characters has an odd length');
      return Buffer.from(buffer).swap16().toString('utf16le');
    default:
      throw malformed(`tag 0x${tag.toString(16)} is not a character string that is used here`);
  }
}

/** Whether no octet is above 7f. */
export function isAscii(body: Uint8Array): boolean {
  for (let index = 0; index < body.length; index++) if (body[index]! > 0x7f) return false;
  return true;
}

function only(text: string, allowed: RegExp, name: string): string {
  if (!allowed.test(text)) throw malformed(`string holds characters that are not ${name}`);
  return text;
}

function malformed(what: string): PkiError {
  return new PkiError('malformed-der', `${what}; send DER as X.690 defines it`);
}
