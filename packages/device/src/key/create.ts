import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';

/** A device's key pair: P-256, for ES256 signatures and as the key of its certificate. */
export interface DeviceKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** A fresh P-256 key from the operating system's randomness. The private half is extractable, to be kept in a file. */
export function createDeviceKey(): DeviceKey {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
}

/** The pair of a private key that was read from a file. */
export function deviceKeyOf(privateKey: KeyObject): DeviceKey {
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

/** PKCS #8 in PEM. It is a secret: write it with `writeSafely` and mode 0600, never print it. */
export function exportDeviceKey(key: DeviceKey): string {
  return key.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}
