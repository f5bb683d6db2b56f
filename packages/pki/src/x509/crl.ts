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
  readonly entries: readonly CrlEntry[];
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
  return sequence(
    integer(1),
    encodeAlgorithm(fields.signature),
    fields.issuer,
    time(fields.thisUpdate),
    time(fields.nextUpdate),
    ...(fields.entries.length === 0 ? [] : [encodeEntries(fields.entries)]),
    context(0, encodeExtensions(fields.extensions)),
  );
}

/**
 * `revokedCertificates` in one buffer. A list may hold a hundred thousand entries: composing them from small arrays
 * would take longer than everything else together.
 */
function encodeEntries(entries: readonly CrlEntry[]): Uint8Array {
  // 2 header + (2 + 21) serial + 17 time + 14 reason, at most.
  const body = Buffer.allocUnsafe(entries.length * 64);
  const times = new Map<number, Uint8Array>();
  let at = 0;
  for (const { serial, at: revokedAt, reason } of entries) {
    const second = Math.floor(revokedAt / 1000);
    let when = times.get(second);
    if (when === undefined) {
      when = time(second * 1000);
      if (times.size < 65_536) times.set(second, when);
    }
    const extensions = reasonExtensions.get(reason)!;
    const octets = serial.length / 2;
    const pad = Number.parseInt(serial.slice(0, 2), 16) >= 0x80 ? 1 : 0;
    if (octets + pad > 21) throw new PkiError('bad-setting', `serial \`${serial}\` is longer than 20 octets`);
    at = writeHeader(body, at, Tag.sequence, 2 + pad + octets + when.length + extensions.length);
    at = writeHeader(body, at, Tag.integer, pad + octets);
    if (pad === 1) body[at++] = 0;
    at += body.write(serial, at, octets, 'hex');
    body.set(when, at);
    at += when.length;
    body.set(extensions, at);
    at += extensions.length;
  }
  return element(Tag.sequence, body.subarray(0, at));
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
