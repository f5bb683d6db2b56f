import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { caPath, checkedChain } from '../enrol/enrol.ts';
import { type EstServer, simpleReenrol } from '../enrol/est.ts';
import { certificationRequest } from '../enrol/request.ts';
import { DeviceError } from '../error.ts';
import { type Identity, keepIdentity, loadIdentity, pendingKey } from '../folder/identity.ts';
import { exportDeviceKey } from '../key/create.ts';
import { renewalTime, retryDelay } from './window.ts';

export interface RenewOptions extends EstServer {
  readonly folder: string;
}

/**
 * The next certificate, with a new key, over EST simplereenroll (RFC 7030 section 4.2.2): the present certificate is the
 * proof. The old identity stays in force until the new one is checked and on disk. Throws as `enrol` does, and
 * `not-enrolled` where the folder has no identity.
 */
export async function renew(options: RenewOptions): Promise<Identity> {
  const identity = await present(options.folder);
  const key = await pendingKey(options.folder);
  const csr = certificationRequest(key, identity.deviceId);
  const proof = { cert: identity.chain, key: exportDeviceKey(identity.key) };
  const answer = await simpleReenrol(options, csr, proof);
  const authorities = (await readFile(caPath(options.folder), 'utf8').catch(() => ''))
    .split(/(?=-----BEGIN CERTIFICATE-----)/)
    .filter((pem) => pem.startsWith('-----BEGIN'))
    .map((pem) => new X509Certificate(pem));
  const chain = checkedChain(answer, key, identity.deviceId, authorities, options.ca);
  return await keepIdentity(options.folder, key, chain);
}

export interface KeepRenewedOptions extends RenewOptions {
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  readonly signal: AbortSignal;
  readonly onRenewed?: (identity: Identity) => void;
  readonly onFailure?: (error: unknown, nextAttemptInMs: number) => void;
}

/**
 * Keeps the certificate fresh until the signal aborts: renews in the window, and after a failure tries again with
 * growing, jittered waits. A refusal for good (`enrolment-refused`: the device was revoked) is tried again only hourly.
 */
export async function keepRenewed(options: KeepRenewedOptions): Promise<void> {
  const { signal } = options;
  let identity = await present(options.folder);
  while (!signal.aborted) {
    const at = renewalTime(identity.certificate, options.random());
    // Timers overflow at 24.8 days; a long wait is made of short ones.
    for (let left = at - options.now(); left > 0 && !signal.aborted; left = at - options.now()) {
      await options.sleep(Math.min(left, 86_400_000), signal).catch(() => undefined);
    }
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        identity = await renew(options);
        options.onRenewed?.(identity);
        break;
      } catch (error) {
        const refused = error instanceof DeviceError && error.code !== 'server-unavailable';
        const asked = error instanceof DeviceError ? error.retryAfter : undefined;
        const delay = retryDelay(refused ? 20 : attempt, options.random(), asked);
        options.onFailure?.(error, delay);
        await options.sleep(delay, signal).catch(() => undefined);
      }
    }
  }
}

async function present(folder: string): Promise<Identity> {
  const identity = await loadIdentity(folder);
  if (identity === undefined) {
    throw new DeviceError('not-enrolled', `\`${folder}\` holds no identity; enrol the device first`);
  }
  return identity;
}
