import { createHash, type KeyObject, randomUUID, X509Certificate } from 'node:crypto';
import { CompactEncrypt } from 'jose/jwe/compact/encrypt';
import { CompactSign } from 'jose/jws/compact/sign';
import { DeviceError } from '../error.ts';
import type { DeviceKey } from '../key/create.ts';
import { readClaims } from './claims.ts';

export const signedType = 'kydai-reading';
export const largestReading = 64 * 1024;

export interface SealOptions {
  readonly deviceId: string;
  readonly key: DeviceKey;
  readonly certificate: X509Certificate;
  /** The receiving service's certificate, PEM; its key must be P-256, P-384 or P-521. */
  readonly recipient: string;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Random unless told. */
  readonly id?: string;
}

/**
 * Seals a reading for one receiver: signed by the device (JWS, ES256, RFC 7515), then encrypted to the receiver's
 * certificate key (JWE, ECDH-ES with A256GCM, RFC 7516), so that whoever carries it learns neither the reading nor the
 * device. Compact serialisation. `input-invalid` above 64 KiB or where the recipient's key is of another kind.
 */
export async function sealReading(reading: unknown, options: SealOptions): Promise<string> {
  const recipient = recipientKey(options.recipient);
  const claims = readClaims({
    sub: options.deviceId,
    aud: keyDigest(recipient),
    jti: options.id ?? randomUUID(),
    iat: options.now,
    reading,
  });
  if (claims === undefined) throw new DeviceError('input-invalid', 'the reading must be plain json');
  const payload = Buffer.from(JSON.stringify(claims));
  if (payload.length > largestReading) {
    throw new DeviceError(
      'input-invalid',
      `the reading is larger than ${largestReading} bytes; send it in parts`,
    );
  }
  const signed = await new CompactSign(payload)
    .setProtectedHeader({
      alg: 'ES256',
      typ: signedType,
      kid: options.certificate.serialNumber.toLowerCase(),
      'x5t#S256': certificateDigest(options.certificate),
    })
    .sign(options.key.privateKey);
  return await new CompactEncrypt(Buffer.from(signed))
    .setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM', cty: 'JOSE', kid: keyDigest(recipient) })
    .encrypt(recipient);
}

function recipientKey(pem: string): KeyObject {
  let key: KeyObject;
  try {
    key = new X509Certificate(pem).publicKey;
  } catch (cause) {
    throw new DeviceError('input-invalid', 'the recipient is not a certificate in pem', { cause });
  }
  if (key.asymmetricKeyType !== 'ec') {
    throw new DeviceError(
      'input-invalid',
      'the recipient needs an elliptic-curve key; ask the service for one',
    );
  }
  return key;
}

/** SHA-256 of the SubjectPublicKeyInfo, base64url. */
export function keyDigest(key: KeyObject): string {
  return createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('base64url');
}

/** SHA-256 of the certificate, base64url: JOSE's `x5t#S256` (RFC 7515 section 4.1.8). */
export function certificateDigest(certificate: X509Certificate): string {
  return createHash('sha256').update(certificate.raw).digest('base64url');
}
