import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { caPath, checkedChain } from '../enrol/enrol.ts';
import { type EstServer, renewalWindow, simpleReenrol } from '../enrol/est.ts';
import { DeviceError } from '../error.ts';
import { type Identity, keepIdentity, loadIdentity } from '../folder/identity.ts';
import { pendingRequest } from '../folder/pending.ts';
import { exportDeviceKey } from '../key/create.ts';
import { momentIn, ownWindow, retryDelay } from './window.ts';

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
  const request = await pendingRequest(options.folder, identity.deviceId, identity.key);
  const proof = { cert: identity.chain, key: exportDeviceKey(identity.key) };
  const answer = await simpleReenrol(options, request, proof);
  const authorities = (await readFile(caPath(options.folder), 'utf8').catch(() => ''))
    .split(/(?=-----BEGIN CERTIFICATE-----)/)
    .filter((pem) => pem.startsWith('-----BEGIN'))
    .map((pem) => new X509Certificate(pem));
  const chain = checkedChain(answer, request.key, identity.deviceId, authorities, options.ca);
  return await keepIdentity(options.folder, request.key, chain);
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

const day = 86_400_000;

/**
 * Keeps the certificate fresh until the signal aborts: renews in the window that the server tells, which it is asked for
 * once a day, or else in its own; and after a failure tries again with growing, jittered waits. A refusal for good
 * (`enrolment-refused`: the device was revoked) is tried again only after the longest of them.
 */
export async function keepRenewed(options: KeepRenewedOptions): Promise<void> {
  const { signal } = options;
  let identity = await present(options.folder);
  while (!signal.aborted) {
    const drawn = options.random();
    for (;;) {
      const left = (await moment(options, identity.certificate, drawn)) - options.now();
      if (left <= 0 || signal.aborted) break;
      await options.sleep(Math.min(left, day), signal).catch(() => undefined);
    }
    for (let attempt = 0; !signal.aborted; attempt += 1) {
      try {
        identity = await renew(options);
        options.onRenewed?.(identity);
        break;
      } catch (error) {
        const refused = error instanceof DeviceError && error.code !== 'server-unavailable';
        const asked = error instanceof DeviceError ? error.retryAfter : undefined;
        const left = identity.certificate.validToDate.getTime() - options.now();
        const delay = retryDelay(refused ? 20 : attempt, options.random(), {
          left,
          retryAfterSeconds: asked,
        });
        options.onFailure?.(error, delay);
        await options.sleep(delay, signal).catch(() => undefined);
      }
    }
  }
}

/** When to renew: in the server's window, in its own where the server has none or cannot be asked. */
async function moment(server: EstServer, certificate: X509Certificate, drawn: number): Promise<number> {
  const told = await renewalWindow(server, certificate).catch(() => undefined);
  return momentIn(told ?? ownWindow(certificate), drawn);
}

async function present(folder: string): Promise<Identity> {
  const identity = await loadIdentity(folder);
  if (identity === undefined) {
    throw new DeviceError('not-enrolled', `\`${folder}\` holds no identity; enrol the device first`);
  }
  return identity;
}
