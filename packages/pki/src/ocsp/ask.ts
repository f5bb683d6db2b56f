import { createHash } from 'node:crypto';
import { readCertificate } from '../x509/certificate.ts';
import { encodeCertId, encodeOcspRequest } from '../x509/ocsp-request.ts';
import { Oid } from '../x509/oids.ts';
import { readPublicKey } from '../x509/public-key.ts';

/**
 * The OCSP request that a relying party sends about one certificate, DER to DER (RFC 6960 section 4.1.1, a SHA-256
 * CertID, no nonce). Throws `malformed-der` or `malformed-certificate` for what is no certificate.
 */
export function ocspRequestFor(issuer: Uint8Array, certificate: Uint8Array): Uint8Array {
  const { subject, publicKey } = readCertificate(issuer);
  const hash = (octets: Uint8Array) => createHash('sha256').update(octets).digest();
  const keyHash = hash(readPublicKey(publicKey).bits);
  return encodeOcspRequest([
    encodeCertId(Oid.sha256, hash(subject.der), keyHash, readCertificate(certificate).serialHex),
  ]);
}
