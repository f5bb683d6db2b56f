import { createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import { compactDecrypt } from 'jose/jwe/compact/decrypt';
import { compactVerify } from 'jose/jws/compact/verify';
import { DeviceError } from '../error.ts';
import { commonNameOf } from '../folder/identity.ts';
import { readClaims, type SealedClaims } from './claims.ts';
import type { ReplayGuard } from './replay.ts';
import { keyDigest, largestReading, signedType } from './seal.ts';

export interface OpenOptions {
  /** The receiving service's private key. */
  readonly key: KeyObject;
  /**
   * The device certificate with this SHA-256 (base64url), and this serial number (hex) where the device tells it, if it is
   * valid now: issued by us, not expired, not revoked; undefined otherwise. PEM or DER. What it throws becomes the cause of
   * the refusal, but for `server-unavailable`, which is passed on: such a reading may be opened later.
   */
  readonly certificateOf: (
    digest: string,
    serial: string | undefined,
  ) => Promise<string | Uint8Array | undefined> | string | Uint8Array | undefined;
  readonly guard: ReplayGuard;
  /** Epoch milliseconds. */
  readonly now: number;
}

export interface OpenedReading {
  readonly deviceId: string;
  readonly id: string;
  /** When the device sealed it, epoch milliseconds. */
  readonly time: number;
  readonly reading: unknown;
}

/** Base64 three times over (signature, encryption), with headers. */
const largestSeal = largestReading * 2 + 8192;

/**
 * Opens a sealed reading: decrypts, finds the device's certificate, verifies the signature, the receiver, the device's
 * name and that it has not come before. Throws `seal-invalid` (one text for all reasons: a sender learns nothing from it)
 * or `seal-replayed`.
 *
 * INVARIANT: a reading is remembered as seen only after its signature was verified, so that no stranger can use up the
 * guard or block a device's id.
 */
export async function openSealed(sealed: string, options: OpenOptions): Promise<OpenedReading> {
  const invalid = (cause?: unknown): DeviceError =>
    new DeviceError(
      'seal-invalid',
      'the sealed reading cannot be opened; enrol the device again or check the receiver',
      { cause },
    );
  if (sealed.length > largestSeal) throw invalid();
  let claims: SealedClaims;
  try {
    const receiver = keyDigest(createPublicKey(options.key));
    const keyOf = ({ kid }: { kid?: string }) => {
      if (kid !== undefined && kid !== receiver) throw new Error('sealed for another receiver');
      return options.key;
    };
    const { plaintext } = await compactDecrypt(sealed, keyOf, {
      keyManagementAlgorithms: ['ECDH-ES'],
      contentEncryptionAlgorithms: ['A256GCM'],
    });
    const signed = Buffer.from(plaintext).toString('latin1');
    let device: X509Certificate | undefined;
    const { payload } = await compactVerify(
      signed,
      async (header) => {
        const digest = header['x5t#S256'];
        if (header.typ !== signedType || typeof digest !== 'string') throw new Error('not a reading');
        const found = await options.certificateOf(digest, header.kid);
        if (found === undefined) throw new Error('no valid certificate');
        device = new X509Certificate(found);
        return device.publicKey;
      },
      { algorithms: ['ES256'] },
    );
    const read = readClaims(JSON.parse(Buffer.from(payload).toString('utf8')));
    if (read === undefined) throw new Error('claims are not whole');
    claims = read;
    if (device === undefined || commonNameOf(device) !== claims.sub)
      throw new Error('in the name of another device');
    if (claims.aud !== receiver) throw new Error('passed on by another receiver');
  } catch (cause) {
    if (cause instanceof DeviceError && cause.code === 'server-unavailable') throw cause;
    throw invalid(cause);
  }
  options.guard.admit(`${claims.sub}/${claims.jti}`, claims.iat, options.now);
  return { deviceId: claims.sub, id: claims.jti, time: claims.iat, reading: claims.reading };
}
