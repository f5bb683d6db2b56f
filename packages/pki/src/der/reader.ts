import { PkiError } from '../error.ts';
import { decodeOid, decodeString } from './decode.ts';
import { contextConstructed, contextTag, Tag } from './tag.ts';
import { parseGeneralizedTime, parseUtcTime } from './time.ts';

export interface DerLimits {
  /** Refused above this many octets, before anything is looked at. */
  readonly maxBytes: number;
  /** Refused when elements nest deeper than this. */
  readonly maxDepth: number;
}

/** Enough for every certificate, request and OCSP message; CRLs pass a larger `maxBytes`. */
export const defaultLimits: DerLimits = { maxBytes: 65_536, maxDepth: 24 };

/**
 * A cursor over the members of one DER value. Strict: definite and minimal lengths, low tag numbers, canonical
 * booleans, integers, bit strings and times. It never copies: what it returns are views.
 *
 * INVARIANT: whatever the input, the only thing thrown is a PkiError, in time linear in the input.
 */
export class DerReader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  readonly #depth: number;
  readonly #maxDepth: number;
  #at: number;

  private constructor(bytes: Uint8Array, start: number, end: number, depth: number, maxDepth: number) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    this.#depth = depth;
    this.#maxDepth = maxDepth;
  }

  static over(bytes: Uint8Array, limits: Partial<DerLimits> = defaultLimits): DerReader {
    const { maxBytes = defaultLimits.maxBytes, maxDepth = defaultLimits.maxDepth } = limits;
    if (bytes.length > maxBytes) {
      throw new PkiError(
        'der-too-large',
        `input of ${bytes.length} octets is above the limit of ${maxBytes}`,
      );
    }
    return new DerReader(bytes, 0, bytes.length, 0, maxDepth);
  }

  get more(): boolean {
    return this.#at < this.#end;
  }

  /** The identifier octet of the next element, undefined at the end. */
  peek(): number | undefined {
    return this.#at < this.#end ? this.#bytes[this.#at] : undefined;
  }

  /** Refuses anything left over. Call it when a structure has been read. */
  end(): void {
    if (this.#at < this.#end)
      throw malformed(`${this.#end - this.#at} octets are left over after the last member`);
  }

  /** Contents octets of the next element, which must carry this identifier octet. */
  contents(tag: number): Uint8Array {
    const start = this.#header(tag);
    const end = this.#bodyEnd;
    this.#at = end;
    return this.#bytes.subarray(start, end);
  }

  /** The next element whole, header included, whatever it is. Its inside is not looked at. */
  raw(): Uint8Array {
    const from = this.#at;
    this.#header(undefined);
    this.#at = this.#bodyEnd;
    return this.#bytes.subarray(from, this.#at);
  }

  enter(tag: number): DerReader {
    if (this.#depth + 1 > this.#maxDepth) {
      throw new PkiError('der-too-deep', `elements nest deeper than ${this.#maxDepth} levels`);
    }
    const start = this.#header(tag);
    this.#at = this.#bodyEnd;
    return new DerReader(this.#bytes, start, this.#bodyEnd, this.#depth + 1, this.#maxDepth);
  }

  sequence(): DerReader {
    return this.enter(Tag.sequence);
  }

  /** SET OF: the members must come in ascending order (X.690 section 11.6). */
  setOf(): DerReader {
    const inside = this.enter(Tag.set);
    const start = inside.#at;
    let previous: Uint8Array | undefined;
    while (inside.more) {
      const member = inside.raw();
      if (previous !== undefined && Buffer.compare(previous, member) > 0)
        throw malformed('set is not in order');
      previous = member;
    }
    inside.#at = start;
    return inside;
  }

  /** Explicit or constructed `[n]`, undefined when the next element is not that. */
  optional(number: number): DerReader | undefined {
    return this.peek() === contextConstructed(number) ? this.enter(contextConstructed(number)) : undefined;
  }

  /** Contents of a primitive `[n]`, undefined when the next element is not that. */
  optionalPrimitive(number: number): Uint8Array | undefined {
    return this.peek() === contextTag(number) ? this.contents(contextTag(number)) : undefined;
  }

  boolean(): boolean {
    const body = this.contents(Tag.boolean);
    if (body.length !== 1 || (body[0] !== 0 && body[0] !== 0xff)) throw malformed('boolean is not 00 or ff');
    return body[0] === 0xff;
  }

  /** Two's complement octets of an INTEGER, checked to be minimal. */
  integerBytes(tag: number = Tag.integer): Uint8Array {
    const body = this.contents(tag);
    if (body.length === 0) throw malformed('integer is empty');
    if (body.length > 1) {
      const redundant = (body[0] === 0 && body[1]! < 0x80) || (body[0] === 0xff && body[1]! >= 0x80);
      if (redundant) throw malformed('integer has needless leading octets');
    }
    return body;
  }

  /** An INTEGER of at most 6 octets that is not negative. */
  small(tag: number = Tag.integer): number {
    const body = this.integerBytes(tag);
    if (body[0]! >= 0x80 || body.length > 6) throw malformed('integer is negative or too large here');
    let value = 0;
    for (const octet of body) value = value * 256 + octet;
    return value;
  }

  nothing(): void {
    if (this.contents(Tag.null).length !== 0) throw malformed('null has contents');
  }

  oid(): string {
    return decodeOid(this.contents(Tag.oid));
  }

  octetString(): Uint8Array {
    return this.contents(Tag.octetString);
  }

  /** BIT STRING: its octets and how many low bits of the last are unused; those must be zero (section 11.2.1). */
  bits(): { readonly bytes: Uint8Array; readonly unused: number } {
    const body = this.contents(Tag.bitString);
    const unused = body[0];
    if (unused === undefined || unused > 7 || (body.length === 1 && unused !== 0)) {
      throw malformed('bit string has a wrong count of unused bits');
    }
    if (unused > 0 && (body[body.length - 1]! & ((1 << unused) - 1)) !== 0) {
      throw malformed('bit string has padding that is not zero');
    }
    return { bytes: body.subarray(1), unused };
  }

  /** BIT STRING of whole octets. */
  wholeBits(): Uint8Array {
    const { bytes, unused } = this.bits();
    if (unused !== 0) throw malformed('bit string is not of whole octets');
    return bytes;
  }

  /** UTCTime or GeneralizedTime, epoch milliseconds. */
  time(): number {
    const tag = this.peek();
    const body = this.contents(tag === Tag.utcTime ? Tag.utcTime : Tag.generalizedTime);
    const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString('latin1');
    return tag === Tag.utcTime ? parseUtcTime(text) : parseGeneralizedTime(text);
  }

  /** Any of the character string types, decoded, with its identifier octet. */
  string(): { readonly tag: number; readonly text: string } {
    const tag = this.peek() ?? 0;
    return { tag, text: decodeString(tag, this.contents(tag)) };
  }

  #bodyEnd = 0;

  /** Reads identifier and length; returns where the body begins and leaves where it ends in `#bodyEnd`. */
  #header(expected: number | undefined): number {
    const bytes = this.#bytes;
    let at = this.#at;
    if (at + 2 > this.#end) throw malformed('element is cut off');
    const tag = bytes[at++]!;
    if ((tag & 0x1f) === 0x1f) throw malformed('tag numbers above 30 are not used here');
    if (expected !== undefined && tag !== expected) {
      throw malformed(`expected tag ${hex(expected)} and found ${hex(tag)}`);
    }
    let length = bytes[at++]!;
    if (length >= 0x80) {
      const octets = length & 0x7f;
      if (octets === 0) throw malformed('indefinite length is not DER');
      if (octets > 4) throw malformed('length takes more than 4 octets');
      if (at + octets > this.#end) throw malformed('element is cut off');
      length = 0;
      for (let index = 0; index < octets; index++) length = length * 256 + bytes[at++]!;
      if (length < 0x80 || length < 2 ** (8 * (octets - 1)))
        throw malformed('length is not in its shortest form');
    }
    if (length > this.#end - at) throw malformed('element is longer than what holds it');
    this.#bodyEnd = at + length;
    return at;
  }
}

function hex(tag: number): string {
  return `0x${tag.toString(16).padStart(2, '0')}`;
}

function malformed(what: string): PkiError {
  return new PkiError('malformed-der', `${what}; send DER as X.690 defines it`);
}
