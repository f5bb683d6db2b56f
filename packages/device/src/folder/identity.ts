import { createPrivateKey, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { DeviceError } from '../error.ts';
import { type DeviceKey, deviceKeyOf, exportDeviceKey } from '../key/create.ts';
import { forgetRequest } from './pending.ts';
import { readIfThere, writeSafely } from './safe.ts';

/** Who a device is: its key and the certificate that speaks for it. */
export interface Identity {
  readonly deviceId: string;
  readonly key: DeviceKey;
  readonly certificate: X509Certificate;
  /** The certificate and the issuing CAs above it, PEM. */
  readonly chain: string;
}

/** Key and certificates in one file, so that one rename changes both: a key never stands beside another's certificate. */
const identityFile = 'identity.pem';
const block = /-----BEGIN ([A-Z ]+)-----[\s\S]+?-----END \1-----\n?/g;

/** The path of the file with private key and certificates, which curl and openssl read as it is. */
export const identityPath = (folder: string): string => join(folder, identityFile);

/** Reads the identity of a folder; undefined where the device has not enrolled. Throws `certificate-wrong` where it is damaged. */
export async function loadIdentity(folder: string): Promise<Identity | undefined> {
  const text = await readIfThere(identityPath(folder));
  if (text === undefined) return undefined;
  const blocks = [...text.matchAll(block)];
  const keyText = blocks.find(([, label]) => label === 'PRIVATE KEY')?.[0];
  const certificates = blocks.filter(([, label]) => label === 'CERTIFICATE').map(([pem]) => pem);
  try {
    const key = deviceKeyOf(createPrivateKey(keyText ?? ''));
    const certificate = new X509Certificate(certificates[0] ?? '');
    if (!certificate.checkPrivateKey(key.privateKey)) throw new Error('key and certificate differ');
    return { deviceId: commonNameOf(certificate) ?? '', key, certificate, chain: certificates.join('') };
  } catch (cause) {
    throw new DeviceError(
      'certificate-wrong',
      `\`${identityPath(folder)}\` is damaged; enrol the device again`,
      { cause },
    );
  }
}

/** Keeps a new identity and forgets the request. */
export async function keepIdentity(
  folder: string,
  key: DeviceKey,
  certificates: readonly X509Certificate[],
): Promise<Identity> {
  const chain = certificates.map(pemOf).join('');
  await writeSafely(identityPath(folder), exportDeviceKey(key) + chain);
  await forgetRequest(folder);
  return { deviceId: commonNameOf(certificates[0]!) ?? '', key, certificate: certificates[0]!, chain };
}

/** One PEM block with its closing line end. */
export function pemOf(certificate: X509Certificate): string {
  const text = certificate.toString();
  return text.endsWith('\n') ? text : `${text}\n`;
}

/** The subject's common name. */
export function commonNameOf(certificate: X509Certificate): string | undefined {
  return /^CN=(.+)$/m.exec(certificate.subject)?.[1];
}
