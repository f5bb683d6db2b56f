import { createHash } from 'node:crypto';
import { type ParsedCertificate, readCertificate } from '../x509/certificate.ts';
import { encodeCertId, encodeOcspRequest } from '../x509/ocsp-request.ts';
import { Oid } from '../x509/oids.ts';
import { readPublicKey } from '../x509/public-key.ts';

/**
 * The OCSP request that a relying party sends about one certificate, DER to DER (RFC 6960 section 4.1.1, a SHA-256
 * CertID, no nonce). Throws `malformed-der` or `malformed-certificate` for what is no certificate.
 */
export function ocspRequestFor(issuer: Uint8Array, certificate: Uint8Array): Uint8Array {
  return encodeOcspRequest([certIdFor(readCertificate(issuer), readCertificate(certificate).serialHex)]);
}

/** The CertID by which such a request names a certificate of an issuer. */
export function certIdFor({ subject, publicKey }: ParsedCertificate, serialHex: string): Uint8Array {
  const hash = (octets: Uint8Array) => createHash('sha256').update(octets).digest();
  return encodeCertId(Oid.sha256, hash(subject.der), hash(readPublicKey(publicKey).bits), serialHex);
}
