import { certIdFor } from '../ocsp/ask.ts';
import { type ParsedCertificate, readCertificate } from '../x509/certificate.ts';
import { findExtension, readExtendedKeyUsage } from '../x509/extension.ts';
import { OcspStatus, type ParsedOcspResponse, readOcspResponse } from '../x509/ocsp-response.ts';
import { Oid } from '../x509/oids.ts';
import { readPublicKey } from '../x509/public-key.ts';
import { verifySignature } from '../x509/signature.ts';
import { sameNameText } from './validate.ts';

/** How far the clock of a responder may be ahead of ours. */
const skew = 60_000;

/**
 * Why an OCSP answer to `ocspRequestFor` does not show that a certificate is good; undefined when it does. It must be signed
 * by the certificate's issuer or by a responder to whom that issuer gave a certificate for it (RFC 6960 section 4.2.2.2), be
 * about this certificate, and say until when it counts. Throws `malformed-der` or `malformed-certificate` for what is none.
 */
export function ocspFault(
  response: Uint8Array,
  about: { readonly certificate: ParsedCertificate; readonly issuer: ParsedCertificate; readonly at: number },
): string | undefined {
  const { certificate, issuer, at } = about;
  const answer = readOcspResponse(response);
  if (answer.status === OcspStatus.tryLater) return 'the responder asks to try later';
  if (answer.status !== OcspStatus.successful) return `the responder refuses with status ${answer.status}`;
  const wanted = Buffer.from(certIdFor(issuer, certificate.serialHex));
  const single = answer.singles.find(({ certId }) => wanted.equals(certId));
  if (single === undefined) return 'the answer is about another certificate';
  const { thisUpdate, nextUpdate, state } = single;
  if (thisUpdate > at + skew) return 'the answer is from the future';
  if (nextUpdate === undefined || at > nextUpdate) return 'the answer is too old';
  if (!isSigned(answer, issuer, at)) return 'the answer is not signed by the authority or its responder';
  if (state === 'revoked') return 'certificate is revoked';
  return state === 'good' ? undefined : 'the authority does not know the certificate';
}

function isSigned(answer: ParsedOcspResponse, issuer: ParsedCertificate, at: number): boolean {
  const { data, signature, signatureAlgorithm } = answer;
  if (data === undefined || signature === undefined || signatureAlgorithm === undefined) return false;
  const by = (signer: ParsedCertificate) =>
    verifySignature(readPublicKey(signer.publicKey), signatureAlgorithm, data, signature);
  // Without a certificate in it, it is the authority's own.
  if (answer.certificates.length === 0) return by(issuer);
  const signer = readCertificate(answer.certificates[0]!);
  return (isDelegated(signer, issuer, at) && by(signer)) || by(issuer);
}

function isDelegated(signer: ParsedCertificate, issuer: ParsedCertificate, at: number): boolean {
  const usage = findExtension(signer.extensions, Oid.extendedKeyUsage);
  return (
    usage !== undefined &&
    readExtendedKeyUsage(usage.value).includes(Oid.ocspSigning) &&
    sameNameText(signer.issuer, issuer.subject) &&
    at >= signer.notBefore &&
    at <= signer.notAfter &&
    verifySignature(readPublicKey(issuer.publicKey), signer.signatureAlgorithm, signer.tbs, signer.signature)
  );
}
