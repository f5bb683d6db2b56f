import { createPrivateKey } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { certificationRequest } from '../enrol/request.ts';
import { createDeviceKey, type DeviceKey, deviceKeyOf, exportDeviceKey } from '../key/create.ts';
import { makeFolder, readIfThere, writeSafely } from './safe.ts';

/** A request for a certificate and its key. */
export interface PendingRequest {
  readonly key: DeviceKey;
  /** PKCS #10, DER. */
  readonly csr: Buffer;
  /** The same with a challengePassword, signed anew. */
  bound(challengePassword: string): Buffer;
}

const pendingFile = 'pending.pem';

/**
 * The request to ask a certificate with: the one that has not been answered yet, or a new one that is on disk when this
 * resolves.
 *
 * INVARIANT: a request is on disk, octet for octet, before it is sent. An authority gives the same certificate for the
 * same request, so that an answer that was lost with the power is given again, and a one-time token is not lost with it.
 * (Signing the same key again would make another request: ECDSA signatures hold a random number. One that is bound to its
 * connection is such another; ours gives what it gave for the same key.)
 */
export async function pendingRequest(
  folder: string,
  deviceId: string,
  inUse?: DeviceKey,
): Promise<PendingRequest> {
  await makeFolder(folder);
  const path = join(folder, pendingFile);
  const kept = readPending(await readIfThere(path));
  if (kept !== undefined && kept.deviceId === deviceId && !isKey(kept.key, inUse))
    return { ...kept, bound: boundBy(kept.key, deviceId) };
  const key = createDeviceKey();
  const csr = certificationRequest(key, deviceId);
  const text = `${deviceId}\n${exportDeviceKey(key)}${toPem(csr)}`;
  await writeSafely(path, text);
  return { key, csr, bound: boundBy(key, deviceId) };
}

function boundBy(key: DeviceKey, deviceId: string): PendingRequest['bound'] {
  return (challengePassword) => certificationRequest(key, deviceId, [], challengePassword);
}

/** Forgets the request once it was answered. */
export async function forgetRequest(folder: string): Promise<void> {
  await rm(join(folder, pendingFile), { force: true });
}

/** Undefined for a file that is not there or damaged: without a certificate it is worth nothing. */
function readPending(
  text: string | undefined,
): (Omit<PendingRequest, 'bound'> & { readonly deviceId: string }) | undefined {
  const parts =
    /^(.+)\n(-----BEGIN PRIVATE KEY-----[\s\S]+-----END PRIVATE KEY-----)\n-----BEGIN CERTIFICATE REQUEST-----([^-]+)-----END/.exec(
      text ?? '',
    );
  if (parts === null) return undefined;
  try {
    const key = deviceKeyOf(createPrivateKey(parts[2]!));
    return { deviceId: parts[1]!, key, csr: Buffer.from(parts[3]!, 'base64') };
  } catch {
    return undefined;
  }
}

/** Power may fail between keeping an identity and forgetting its request: that key is not asked for again. */
function isKey(key: DeviceKey, other: DeviceKey | undefined): boolean {
  return other?.publicKey.equals(key.publicKey) === true;
}

function toPem(csr: Buffer): string {
  const lines = csr.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN CERTIFICATE REQUEST-----\n${lines}\n-----END CERTIFICATE REQUEST-----\n`;
}
