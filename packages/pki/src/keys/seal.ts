import { createCipheriv, createDecipheriv, hkdfSync, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { z } from 'zod';
import { PkiError } from '../error.ts';

const derive = promisify<string, Uint8Array, number, object, Buffer>(scrypt);

/** Cost of scrypt (RFC 7914). Bounded on reading, so that a changed file cannot ask for all of the memory. */
export const ScryptCost = z
  .strictObject({
    n: z.number().int().min(1024).max(1_048_576),
    r: z.number().int().min(1).max(16),
    p: z.number().int().min(1).max(8),
  })
  .readonly();
export type ScryptCost = z.infer<typeof ScryptCost>;

/** 64 MiB and about a quarter of a second, once for each opening. */
export const defaultScryptCost: ScryptCost = { n: 65_536, r: 8, p: 1 };

export const SealedBytes = z.strictObject({ iv: z.base64(), tag: z.base64(), data: z.base64() }).readonly();
export type SealedBytes = z.infer<typeof SealedBytes>;

/** The key of a key store, from its passphrase. */
export async function masterKey(passphrase: string, salt: Uint8Array, cost: ScryptCost): Promise<Buffer> {
  const memory = 128 * cost.n * cost.r * 2;
  return derive(passphrase.normalize('NFKC'), salt, 32, { N: cost.n, r: cost.r, p: cost.p, maxmem: memory });
}

/**
 * Encrypts with AES-256-GCM under a key of its own for each name (HKDF, RFC 5869). `about` is authenticated with it, so
 * that a file cannot take the place of another.
 */
export function seal(master: Uint8Array, name: string, about: string, plain: Uint8Array): SealedBytes {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', subkey(master, name), iv).setAAD(Buffer.from(about));
  const data = Buffer.concat([cipher.update(plain), cipher.final()]);
  return {
    iv: iv.toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
    data: data.toString('base64'),
  };
}

/** Opens what `seal` made; `key-damaged` when a single bit differs or the key is another. */
export function unseal(master: Uint8Array, name: string, about: string, sealed: SealedBytes): Buffer {
  try {
    const options = { authTagLength: 16 };
    const iv = Buffer.from(sealed.iv, 'base64');
    const decipher = createDecipheriv('aes-256-gcm', subkey(master, name), iv, options)
      .setAAD(Buffer.from(about))
      .setAuthTag(Buffer.from(sealed.tag, 'base64'));
    return Buffer.concat([decipher.update(Buffer.from(sealed.data, 'base64')), decipher.final()]);
  } catch (cause) {
    throw new PkiError('key-damaged', `key \`${name}\` cannot be decrypted; restore it from the backup`, {
      cause,
    });
  }
}

function subkey(master: Uint8Array, name: string): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', master, new Uint8Array(0), `kydai-key-v1 ${name}`, 32));
}
