import { DerReader } from '../../der/reader.ts';
import { Tag } from '../../der/tag.ts';
import { bitString, integer, nothing, octetString, oid, sequence } from '../../der/writer.ts';
import { PkiError } from '../../error.ts';
import { Oid } from '../../x509/oids.ts';
import type { NewKeyType } from '../signer.ts';

/** SubjectPublicKeyInfo of an RSA key from CKA_MODULUS and CKA_PUBLIC_EXPONENT. */
export function rsaSpki(modulus: Uint8Array, exponent: Uint8Array): Uint8Array {
  const numbers = [modulus, exponent].map((bytes) =>
    integer(BigInt(`0x${Buffer.from(bytes).toString('hex')}`)),
  );
  return sequence(sequence(oid(Oid.rsaEncryption), nothing()), bitString(sequence(...numbers)));
}

/**
 * SubjectPublicKeyInfo of a curve's key from CKA_EC_POINT: a DER OCTET STRING around the point (PKCS #11 v2.40 curr.
 * mech. section 2.3.3), or the bare point, which some tokens give.
 */
export function curveSpki(type: NewKeyType, ecPoint: Uint8Array): Uint8Array {
  const { algorithm, octets } = curveOf(type);
  const point = ecPoint.length === octets ? ecPoint : unwrap(ecPoint);
  if (point.length !== octets)
    throw new PkiError('unsupported-algorithm', `token gave a point of ${point.length} octets for ${type}`);
  return sequence(algorithm, bitString(point));
}

/** CKA_EC_PARAMS: the curve by its object identifier. */
export function curveParameters(type: NewKeyType): Uint8Array {
  return curveOf(type).parameters;
}

function curveOf(type: NewKeyType) {
  if (type === 'Ed25519')
    return { algorithm: sequence(oid(Oid.ed25519)), parameters: oid(Oid.ed25519), octets: 32 };
  const parameters = oid(type === 'EC-P384' ? Oid.p384 : Oid.p256);
  return {
    algorithm: sequence(oid(Oid.ecPublicKey), parameters),
    parameters,
    octets: type === 'EC-P384' ? 97 : 65,
  };
}

function unwrap(value: Uint8Array): Uint8Array {
  const reader = DerReader.over(value);
  const point = reader.peek() === Tag.octetString ? reader.octetString() : reader.wholeBits();
  reader.end();
  return point;
}

/** An ECDSA signature as X.509 carries it, from the two numbers that a token gives one after the other. */
export function ecdsaDer(raw: Uint8Array): Uint8Array {
  const half = raw.length / 2;
  const number = (from: number): bigint =>
    BigInt(`0x${Buffer.from(raw.subarray(from, from + half)).toString('hex')}`);
  return sequence(integer(number(0)), integer(number(half)));
}

const digestInfo = {
  sha256: '2.16.840.1.101.3.4.2.1',
  sha384: '2.16.840.1.101.3.4.2.2',
  sha512: '2.16.840.1.101.3.4.2.3',
} as const;

/** What RSASSA-PKCS1-v1_5 pads and signs (RFC 8017 section 9.2). */
export function rsaDigestInfo(hash: keyof typeof digestInfo, digest: Uint8Array): Uint8Array {
  return sequence(sequence(oid(digestInfo[hash]), nothing()), octetString(digest));
}
