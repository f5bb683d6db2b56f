import { DerReader } from '../der/reader.ts';
import { Tag } from '../der/tag.ts';
import { context, nothing, octetString, oid, sequence, unsignedInteger } from '../der/writer.ts';
import { PkiError } from '../error.ts';
import { serialToHex } from './certificate.ts';
import { type Extension, encodeExtensions, findExtension, readExtensions } from './extension.ts';
import { nameOfOid, Oid } from './oids.ts';

/** Which certificate is asked about (RFC 6960 section 4.1.1). */
export interface CertId {
  /** The CertID as it came: the answer repeats it octet for octet. */
  readonly der: Uint8Array;
  /** Dotted OID of the hash. */
  readonly hash: string;
  readonly issuerNameHash: Uint8Array;
  readonly issuerKeyHash: Uint8Array;
  /** Hex, as records keep it. */
  readonly serial: string;
}

export interface OcspRequest {
  readonly certIds: readonly CertId[];
  /** Value of the nonce extension as it came, to be repeated. */
  readonly nonce?: Uint8Array;
}

/** Most clients ask about one certificate; more than this is refused as malformed. */
export const maxCertIds = 20;

/**
 * Reads an OCSP request. A signature on it is not checked and gives no rights. The nonce must be of 1 to 128 octets
 * (RFC 9654 section 2.1); other extensions are passed over, unless they are critical.
 */
export function readOcspRequest(der: Uint8Array): OcspRequest {
  const top = DerReader.over(der, { maxBytes: 16_384 });
  const outer = top.sequence();
  top.end();
  const body = outer.sequence();
  if (outer.more) outer.enter(0xa0);
  outer.end();
  if (body.optional(0) !== undefined)
    throw new PkiError('malformed-der', 'OCSP version 1 is the default and not written');
  body.optional(1);
  const list = body.sequence();
  const certIds: CertId[] = [];
  while (list.more) {
    if (certIds.length >= maxCertIds)
      throw new PkiError('malformed-der', `more than ${maxCertIds} certificates asked about`);
    const single = list.sequence();
    certIds.push(readCertId(single.raw()));
    const about = single.optional(0);
    if (about !== undefined) understood(readExtensions(about));
    about?.end();
    single.end();
  }
  if (certIds.length === 0) throw new PkiError('malformed-der', 'no certificate is asked about');
  const holder = body.optional(2);
  const extensions = holder === undefined ? [] : readExtensions(holder);
  holder?.end();
  body.end();
  understood(extensions);
  const nonce = findExtension(extensions, Oid.ocspNonce)?.value;
  if (nonce === undefined) return { certIds };
  const reader = DerReader.over(nonce);
  const octets = reader.octetString();
  reader.end();
  if (octets.length < 1 || octets.length > 128)
    throw new PkiError('malformed-der', 'nonce is not of 1 to 128 octets');
  return { certIds, nonce };
}

/** What is critical and not understood may not be passed over (RFC 6960 section 4.1.2). */
function understood(extensions: readonly Extension[]): void {
  const strange = extensions.find(({ oid, critical }) => critical && oid !== Oid.ocspNonce);
  if (strange !== undefined)
    throw new PkiError('malformed-der', `critical extension \`${nameOfOid(strange.oid)}\` is not understood`);
}

function readCertId(der: Uint8Array): CertId {
  const body = DerReader.over(der).sequence();
  const algorithm = body.sequence();
  const hash = algorithm.oid();
  if (algorithm.peek() === Tag.null) algorithm.nothing();
  algorithm.end();
  const issuerNameHash = body.octetString();
  const issuerKeyHash = body.octetString();
  const serial = body.integerBytes();
  body.end();
  if (serial.length > 21) throw new PkiError('malformed-der', 'serial number is longer than 20 octets');
  return { der, hash, issuerNameHash, issuerKeyHash, serial: serialToHex(serial) };
}

/** CertID from its parts. */
export function encodeCertId(
  hash: string,
  nameHash: Uint8Array,
  keyHash: Uint8Array,
  serial: string,
): Uint8Array {
  return sequence(
    sequence(oid(hash), nothing()),
    octetString(nameHash),
    octetString(keyHash),
    unsignedInteger(Buffer.from(serial, 'hex')),
  );
}

/** An unsigned request about the given CertIDs. */
export function encodeOcspRequest(certIds: readonly Uint8Array[], nonce?: Uint8Array): Uint8Array {
  const extensions =
    nonce === undefined
      ? []
      : [context(2, encodeExtensions([{ oid: Oid.ocspNonce, critical: false, value: octetString(nonce) }]))];
  return sequence(sequence(sequence(...certIds.map((certId) => sequence(certId))), ...extensions));
}
