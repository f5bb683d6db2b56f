import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { StoreError } from '../error.ts';

/**
 * Encryption at rest. All keys come from one secret of 32 bytes (HKDF with SHA-256, RFC 5869); what is ours is sealed
 * with AES-256-GCM, each time with a random nonce: nonce (12), tag (16), ciphertext.
 */
export interface Seal {
  /** Tells lakes of another secret apart, and says nothing about the secret. */
  readonly id: string;
  /** For DuckDB, which encrypts Parquet files by itself: 32 bytes in Base64. */
  readonly parquetKey: string;
  /** The key of one write-ahead segment. */
  segment(marker: Uint8Array): Box;
  /** For the indexes of texts. */
  readonly grams: Box;
}

export interface Box {
  seal(plain: Uint8Array): Buffer;
  /** Undefined for what was not sealed by this key. */
  open(sealed: Uint8Array): Buffer | undefined;
}

/** The folder of a lake, and its keys where it is encrypted. */
export interface Place {
  readonly folder: string;
  readonly seal: Seal | undefined;
}

/** By how much sealing makes something larger. */
export const sealBytes = 28;

/** Throws `key` where the secret does not have 32 bytes. */
export function makeSeal(secret: Uint8Array): Seal {
  if (secret.length !== 32)
    throw new StoreError(
      'key',
      'the key of the event store must have 32 bytes; make one with `openssl rand -hex 32`',
    );
  const derive = (purpose: string, salt: Uint8Array = new Uint8Array()) =>
    Buffer.from(hkdfSync('sha256', secret, salt, `kydai lake ${purpose}`, 32));
  return {
    id: derive('id').subarray(0, 8).toString('hex'),
    parquetKey: derive('parquet').toString('base64'),
    segment: (marker) => box(derive('segment', marker)),
    grams: box(derive('grams')),
  };
}

function box(key: Buffer): Box {
  return {
    seal(plain) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      const text = Buffer.concat([cipher.update(plain), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), text]);
    },
    open(sealed) {
      if (sealed.length < sealBytes) return undefined;
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12));
      decipher.setAuthTag(sealed.subarray(12, sealBytes));
      try {
        return Buffer.concat([decipher.update(sealed.subarray(sealBytes)), decipher.final()]);
      } catch {
        return undefined;
      }
    },
  };
}
