import type { RevocationReason } from '@kydai/contracts';
import { type DerLimits, DerReader } from '../der/reader.ts';
import { Tag } from '../der/tag.ts';
import {
  context,
  contextPrimitive,
  element,
  enumerated,
  integer,
  sequence,
  time,
  writeHeader,
} from '../der/writer.ts';
import { PkiError } from '../error.ts';
import { serialToHex } from './certificate.ts';
import {
  type Extension,
  encodeExtension,
  encodeExtensions,
  extension,
  findExtension,
  readExtensions,
} from './extension.ts';
import { type Name, readName } from './name.ts';
import { Oid } from './oids.ts';
import { encodeAlgorithm, readAlgorithm, type SignatureAlgorithm } from './signature.ts';

/** CRLReason (RFC 5280 section 5.3.1); 7 is not used. */
const reasonCodes: Readonly<Record<RevocationReason, number>> = {
  unspecified: 0,
  keyCompromise: 1,
  cACompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  certificateHold: 6,
  privilegeWithdrawn: 9,
};

export function reasonCode(reason: RevocationReason): number {
  return reasonCodes[reason];
}

export interface CrlEntry {
  /** Hex, as records keep it. */
  readonly serial: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** `unspecified` is left out, as RFC 5280 section 5.3.1 asks. */
  readonly reason: RevocationReason;
}

export interface CrlFields {
  readonly signature: SignatureAlgorithm;
  readonly issuer: Uint8Array;
  readonly thisUpdate: number;
  readonly nextUpdate: number;
  /** As they are, or encoded before. */
  readonly entries: readonly CrlEntry[] | EncodedEntries;
  readonly extensions: readonly Extension[];
}

/** Extensions of CRLs (RFC 5280 section 5.2). */
export const crlExtension = {
  number: (value: number): Extension => ({ oid: Oid.crlNumber, critical: false, value: integer(value) }),
  deltaOf: (baseNumber: number): Extension => ({
    oid: Oid.deltaCrlIndicator,
    critical: true,
    value: integer(baseNumber),
  }),
  /** Where the delta CRL is (RFC 5280 section 5.2.6). */
  freshest: (url: string): Extension => ({ ...extension.crlDistributionPoint(url), oid: Oid.freshestCrl }),
  /** The one distribution point whose certificates this CRL covers. */
  distributionPoint: (url: string): Extension => ({
    oid: Oid.issuingDistributionPoint,
    critical: true,
    value: sequence(context(0, context(0, contextPrimitive(6, Buffer.from(url, 'latin1'))))),
  }),
} as const;

const reasonExtensions = new Map<RevocationReason, Uint8Array>(
  Object.entries(reasonCodes).map(([reason, code]) => [
    reason as RevocationReason,
    code === 0
      ? new Uint8Array(0)
      : sequence(encodeExtension({ oid: Oid.reasonCode, critical: false, value: enumerated(code) })),
  ]),
);

/** DER of a TBSCertList, version 2 (RFC 5280 section 5.1.2). Entries keep the order in which they are given. */
export function encodeTbsCrl(fields: CrlFields): Uint8Array {
  const { entries } = fields;
  const { bytes: revoked } = entries instanceof EncodedEntries ? entries : EncodedEntries.of(entries);
  return sequence(
    integer(1),
    encodeAlgorithm(fields.signature),
    fields.issuer,
    time(fields.thisUpdate),
    time(fields.nextUpdate),
    ...(revoked.length === 0 ? [] : [element(Tag.sequence, revoked)]),
    context(0, encodeExtensions(fields.extensions)),
  );
}

/**
 * The entries of `revokedCertificates` in one buffer, to be written into a list and its delta. A list may hold a hundred
 * thousand: composing them from small arrays would take longer than everything else together.
 */
export class EncodedEntries {
  /** The entries, one after the other. */
  readonly bytes: Uint8Array;
  /** Where each of them ends. */
  readonly #ends: Uint32Array;

  private constructor(bytes: Uint8Array, ends: Uint32Array) {
    this.bytes = bytes;
    this.#ends = ends;
  }

  static of(entries: readonly CrlEntry[]): EncodedEntries {
    // 2 header + (2 + 21) serial + 17 time + 14 reason, at most.
    const body = Buffer.allocUnsafe(entries.length * 64);
    const ends = new Uint32Array(entries.length);
    const days: Days = new Map();
    let at = 0;
    for (let index = 0; index < entries.length; index++) {
      at = writeEntry(body, at, entries[index]!, days);
      ends[index] = at;
    }
    return new EncodedEntries(body.subarray(0, at), ends);
  }

  /** Those whose place in the list is chosen. */
  only(chosen: (index: number) => boolean): EncodedEntries {
    const body = Buffer.allocUnsafe(this.bytes.length);
    const ends: number[] = [];
    let at = 0;
    for (let index = 0, start = 0; index < this.#ends.length; start = this.#ends[index]!, index++) {
      if (!chosen(index)) continue;
      const entry = this.bytes.subarray(start, this.#ends[index]!);
      body.set(entry, at);
      at += entry.length;
      ends.push(at);
    }
    return new EncodedEntries(body.subarray(0, at), Uint32Array.from(ends));
  }
}

/** The midnights of days since 1970, each as a DER time. */
type Days = Map<number, Uint8Array>;

function writeEntry(
  body: Uint8Array,
  from: number,
  { serial, at: revokedAt, reason }: CrlEntry,
  days: Days,
): number {
  const second = Math.floor(revokedAt / 1000);
  const day = Math.floor(second / 86_400);
  let midnight = days.get(day);
  if (midnight === undefined) {
    midnight = time(day * 86_400_000);
    days.set(day, midnight);
  }
  const extensions = reasonExtensions.get(reason)!;
  const octets = serial.length / 2;
  const pad = hexDigit(serial, 0) >= 8 ? 1 : 0;
  if (octets + pad > 21) throw new PkiError('bad-setting', `serial \`${serial}\` is longer than 20 octets`);
  let at = writeHeader(body, from, Tag.sequence, 2 + pad + octets + midnight.length + extensions.length);
  at = writeHeader(body, at, Tag.integer, pad + octets);
  if (pad === 1) body[at++] = 0;
  for (let place = 0; place < serial.length; place += 2)
    body[at++] = hexDigit(serial, place) * 16 + hexDigit(serial, place + 1);
  body.set(midnight, at);
  at += midnight.length;
  // Both forms of time end in HHMMSSZ.
  const rest = second - day * 86_400;
  writeTwo(body, at - 7, Math.floor(rest / 3600));
  writeTwo(body, at - 5, Math.floor(rest / 60) % 60);
  writeTwo(body, at - 3, rest % 60);
  body.set(extensions, at);
  return at + extensions.length;
}

function writeTwo(body: Uint8Array, at: number, value: number): void {
  body[at] = 0x30 + Math.floor(value / 10);
  body[at + 1] = 0x30 + (value % 10);
}

/** The value of a hex digit. */
function hexDigit(text: string, at: number): number {
  const code = text.charCodeAt(at) | 0x20;
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  if (code >= 0x61 && code <= 0x66) return code - 0x57;
  throw new PkiError('bad-setting', `serial \`${text}\` is not of octets in hex`);
}

export interface ParsedCrl {
  readonly der: Uint8Array;
  readonly tbs: Uint8Array;
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly issuer: Name;
  readonly thisUpdate: number;
  readonly nextUpdate: number | undefined;
  readonly entries: ReadonlyMap<string, ParsedCrlEntry>;
  readonly extensions: readonly Extension[];
  readonly signature: Uint8Array;
}

export interface ParsedCrlEntry {
  readonly at: number;
  /** CRLReason code, 0 where none is given. */
  readonly reason: number;
  readonly extensions: readonly Extension[];
}

/** Reads a CRL (RFC 5280 section 5.1), by default of up to 64 MiB. */
export function readCrl(der: Uint8Array, limits: Partial<DerLimits> = {}): ParsedCrl {
  const top = DerReader.over(der, { maxBytes: 67_108_864, ...limits });
  const outer = top.sequence();
  top.end();
  const tbs = outer.raw();
  const signatureAlgorithm = readAlgorithm(outer);
  const signature = outer.wholeBits();
  outer.end();
  const body = DerReader.over(tbs, { maxBytes: tbs.length }).sequence();
  if (body.peek() === Tag.integer && body.small() !== 1)
    throw new PkiError('malformed-der', 'CRL is not of version 2');
  if (readAlgorithm(body) !== signatureAlgorithm) {
    throw new PkiError('malformed-der', 'signature algorithm inside and outside of the signed part differ');
  }
  const issuer = readName(body);
  const thisUpdate = body.time();
  const next = body.peek();
  const nextUpdate = next === Tag.utcTime || next === Tag.generalizedTime ? body.time() : undefined;
  const entries = new Map<string, ParsedCrlEntry>();
  const list = body.peek() === Tag.sequence ? body.sequence() : undefined;
  while (list?.more === true) {
    const entry = list.sequence();
    const serial = serialToHex(entry.integerBytes());
    const at = entry.time();
    const extensions = entry.more ? readExtensions(entry) : [];
    entry.end();
    entries.set(serial, { at, reason: readReason(extensions), extensions });
  }
  const holder = body.optional(0);
  const extensions = holder === undefined ? [] : readExtensions(holder);
  holder?.end();
  body.end();
  return { der, tbs, signatureAlgorithm, issuer, thisUpdate, nextUpdate, entries, extensions, signature };
}

function readReason(extensions: readonly Extension[]): number {
  const found = findExtension(extensions, Oid.reasonCode);
  return found === undefined ? 0 : DerReader.over(found.value).small(Tag.enumerated);
}
