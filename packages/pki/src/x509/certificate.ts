import { type DerLimits, DerReader } from '../der/reader.ts';
import { bitString, context, integer, sequence, time, unsignedInteger } from '../der/writer.ts';
import { PkiError } from '../error.ts';
import { type Extension, encodeExtensions, readExtensions } from './extension.ts';
import { type Name, readName } from './name.ts';
import { encodeAlgorithm, readAlgorithm, type SignatureAlgorithm } from './signature.ts';

/** What a certificate says, before it is signed. Times are epoch milliseconds, whole seconds. */
export interface CertificateFields {
  /** Magnitude, big-endian. */
  readonly serial: Uint8Array;
  readonly signature: SignatureAlgorithm;
  /** Names and key are complete DER elements. */
  readonly issuer: Uint8Array;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly subject: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly extensions: readonly Extension[];
}

/** A certificate as it was read. */
export interface ParsedCertificate {
  /** The whole certificate; for a TBSCertificate that was read alone, the same as `tbs`. */
  readonly der: Uint8Array;
  readonly tbs: Uint8Array;
  readonly version: number;
  /** Contents octets of the INTEGER (two's complement). */
  readonly serial: Uint8Array;
  /** Lower-case hex without a leading zero octet; the form that records use. */
  readonly serialHex: string;
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly issuer: Name;
  readonly notBefore: number;
  readonly notAfter: number;
  readonly subject: Name;
  /** SubjectPublicKeyInfo. */
  readonly publicKey: Uint8Array;
  readonly extensions: readonly Extension[];
  readonly signature: Uint8Array;
}

/** DER of a TBSCertificate, version 3 (RFC 5280 section 4.1.2). */
export function encodeTbsCertificate(fields: CertificateFields): Uint8Array {
  return sequence(
    context(0, integer(2)),
    unsignedInteger(fields.serial),
    encodeAlgorithm(fields.signature),
    fields.issuer,
    sequence(time(fields.notBefore), time(fields.notAfter)),
    fields.subject,
    fields.publicKey,
    ...(fields.extensions.length === 0 ? [] : [context(3, encodeExtensions(fields.extensions))]),
  );
}

/** `SEQUENCE { tbs, algorithm, BIT STRING }`, the envelope that certificates, requests and CRLs share. */
export function encodeSigned(
  tbs: Uint8Array,
  algorithm: SignatureAlgorithm,
  signature: Uint8Array,
): Uint8Array {
  return sequence(tbs, encodeAlgorithm(algorithm), bitString(signature));
}

/** Reads a certificate (RFC 5280 section 4.1). Says nothing about whether it is to be trusted. */
export function readCertificate(der: Uint8Array, limits: Partial<DerLimits> = {}): ParsedCertificate {
  const top = DerReader.over(der, limits);
  const outer = top.sequence();
  top.end();
  const tbs = outer.raw();
  const algorithm = readAlgorithm(outer);
  const signature = outer.wholeBits();
  outer.end();
  const parsed = readTbsCertificate(tbs);
  if (parsed.signatureAlgorithm !== algorithm) {
    throw new PkiError(
      'malformed-certificate',
      'signature algorithm inside and outside of the signed part differ',
    );
  }
  return { ...parsed, der, signature };
}

/** Reads a TBSCertificate that has not been signed. */
export function readTbsCertificate(tbs: Uint8Array): ParsedCertificate {
  const top = DerReader.over(tbs);
  const body = top.sequence();
  top.end();
  const version = readVersion(body);
  const serial = body.integerBytes();
  const signatureAlgorithm = readAlgorithm(body);
  const issuer = readName(body);
  const validity = body.sequence();
  const notBefore = validity.time();
  const notAfter = validity.time();
  validity.end();
  const subject = readName(body);
  const publicKey = body.raw();
  // issuerUniqueID and subjectUniqueID (RFC 5280 section 4.1.2.8): read past, never used.
  body.optionalPrimitive(1);
  body.optionalPrimitive(2);
  const holder = body.optional(3);
  const extensions = holder === undefined ? [] : readExtensions(holder);
  holder?.end();
  body.end();
  return {
    der: tbs,
    tbs,
    version,
    serial,
    serialHex: serialToHex(serial),
    signatureAlgorithm,
    issuer,
    notBefore,
    notAfter,
    subject,
    publicKey,
    extensions,
    signature: new Uint8Array(0),
  };
}

function readVersion(body: DerReader): number {
  const holder = body.optional(0);
  if (holder === undefined) return 1;
  const version = holder.small() + 1;
  holder.end();
  if (version !== 2 && version !== 3)
    throw new PkiError('malformed-certificate', `version ${version} is not known`);
  return version;
}

/** Lower-case hex of a serial number without needless leading zero octets; a negative one has a minus before it. */
export function serialToHex(octets: Uint8Array): string {
  if (octets[0]! >= 0x80) return `-${Buffer.from(octets).toString('hex')}`;
  let start = 0;
  while (start < octets.length - 1 && octets[start] === 0) start++;
  return Buffer.from(octets.subarray(start)).toString('hex');
}
