import { createHash } from 'node:crypto';
import type { Certificate } from '@kydai/contracts';
import { PkiError, type PkiErrorCode } from '../error.ts';
import { certificates } from '../register/kinds.ts';
import { type ParsedCertificate, readCertificate } from '../x509/certificate.ts';
import { sameName } from '../x509/name.ts';
import { verifySignature } from '../x509/signature.ts';
import { type Desk, isIssuerRevoked } from './desk.ts';

/** Whose certificate this is, or why it is not believed. */
export type ClientVerdict =
  | { readonly ok: true; readonly device: string; readonly certificate: Certificate }
  | {
      readonly ok: false;
      readonly code: PkiErrorCode;
      readonly reason:
        | 'malformed'
        | 'unknown-issuer'
        | 'not-yet-valid'
        | 'expired'
        | 'revoked'
        | 'issuer-revoked'
        | 'no-record'
        | 'not-a-device';
      readonly message: string;
    };

/**
 * Believes a device certificate when one of our device authorities signed it, its record exists with the same bytes,
 * the time is inside its validity (or at most `grace` milliseconds past it) and it is not revoked. The TLS layer proves
 * that the peer holds the key.
 */
export async function verifyClient(desk: Desk, der: Uint8Array, grace = 0): Promise<ClientVerdict> {
  let certificate: ParsedCertificate;
  try {
    certificate = readCertificate(der);
  } catch (error) {
    if (!(error instanceof PkiError)) throw error;
    return refuse('malformed', `client certificate cannot be read: ${error.message}`);
  }
  if (!isSignedHere(desk, certificate)) {
    return refuse('unknown-issuer', 'client certificate is not from our device authority');
  }
  const record = (await desk.records.get(certificates, certificate.serialHex))?.value;
  if (record === undefined || record.der !== Buffer.from(der).toString('base64')) {
    return refuse('no-record', 'client certificate has no record, so it does not exist; enrol again');
  }
  if (record.profile !== 'device' && record.profile !== 'quarantine')
    return refuse('not-a-device', 'client certificate is not that of a device');
  if (record.revoked !== undefined) {
    return refuse('revoked', `client certificate was revoked (${record.revoked.reason}); enrol again`);
  }
  const issuer = desk.issuers.get(record.issuer);
  if (issuer === undefined || (await isIssuerRevoked(desk, issuer)))
    return refuse('issuer-revoked', 'the authority of the client certificate was revoked; enrol again');
  const now = desk.clock.now();
  if (now < record.notBefore)
    return refuse('not-yet-valid', 'client certificate is not valid yet; check the clock');
  if (now > record.notAfter + grace)
    return refuse('expired', 'client certificate has expired; enrol again with a new token');
  return { ok: true, device: record.subject, certificate: record };
}

const mostRemembered = 20_000;

/** Whether one of our device authorities signed it. Devices come back: what was verified once is remembered. */
function isSignedHere(
  desk: Desk,
  { der, tbs, issuer, signature, signatureAlgorithm }: ParsedCertificate,
): boolean {
  const digest = createHash('sha256').update(der).digest('base64');
  if (desk.verified.has(digest)) return true;
  const found = [...desk.issuers.values()].some(
    ({ role, certificate, signer, verifier }) =>
      role === 'device-ca' &&
      sameName(certificate.subject, issuer) &&
      verifySignature(signer.publicKey, signatureAlgorithm, tbs, signature, verifier),
  );
  if (!found) return false;
  if (desk.verified.size >= mostRemembered) desk.verified.clear();
  desk.verified.add(digest);
  return true;
}

function refuse(reason: Extract<ClientVerdict, { ok: false }>['reason'], message: string): ClientVerdict {
  return { ok: false, code: 'certificate-refused', reason, message };
}
