import { request } from 'node:https';
import { DeviceError } from '../error.ts';
import type { Identity } from '../folder/identity.ts';
import { exportDeviceKey } from '../key/create.ts';
import { sealReading } from '../seal/seal.ts';

export interface SendOptions {
  /** `https:` address that takes readings. */
  readonly url: string;
  /** The CA certificates, PEM, that the server's certificate must lead to. */
  readonly ca: string;
  readonly identity: Identity;
  /** The receiving service's certificate, PEM. */
  readonly recipient: string;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Milliseconds; 10,000 unless told. */
  readonly timeout?: number;
}

/**
 * Seals a reading and posts it as `application/jose`, with the device's certificate at the TLS layer. Resolves to the
 * status of a 2xx answer; throws `server-unavailable` or, for a 4xx answer, `enrolment-refused`: the device may not send.
 */
export async function sendReading(reading: unknown, options: SendOptions): Promise<number> {
  const { identity } = options;
  if (!URL.canParse(options.url) || new URL(options.url).protocol !== 'https:') {
    throw new DeviceError('input-invalid', 'readings need an address that begins with `https:`');
  }
  const body = await sealReading(reading, { ...options, ...identity });
  return await new Promise((resolve, reject) => {
    const unavailable = (why: string, cause?: unknown): void =>
      reject(new DeviceError('server-unavailable', `the receiver ${why}; try again later`, { cause }));
    const sent = request(
      options.url,
      {
        method: 'POST',
        ca: options.ca,
        cert: identity.chain,
        key: exportDeviceKey(identity.key),
        agent: false,
        minVersion: 'TLSv1.2',
        headers: { 'content-type': 'application/jose', 'content-length': Buffer.byteLength(body) },
      },
      (response) => {
        const status = response.statusCode ?? 0;
        // The answer's text is of no use to a device: let it go without keeping it.
        response.resume();
        if (status >= 200 && status < 300) resolve(status);
        else if (status >= 400 && status < 500 && status !== 429) {
          reject(
            new DeviceError('enrolment-refused', `the receiver answered ${status}; this device may not send`),
          );
        } else unavailable(`answered ${status}`);
      },
    );
    const timer = setTimeout(() => {
      unavailable('did not answer in time');
      sent.destroy();
    }, options.timeout ?? 10_000);
    sent.on('close', () => clearTimeout(timer));
    sent.on('error', (cause) => unavailable('cannot be reached', cause));
    sent.end(body);
  });
}
