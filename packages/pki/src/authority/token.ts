import { createHash, randomBytes } from 'node:crypto';
import { type Device, type DeviceKind, write } from '@kydai/contracts';
import { PkiError } from '../error.ts';
import { devices, type EnrolmentToken, enrolmentTokens } from '../register/kinds.ts';
import { newDevice, registered } from '../register/register.ts';
import { retryOnConflict } from '../register/retry.ts';
import type { Desk } from './desk.ts';

export interface TokenRequest {
  readonly deviceId: string;
  readonly kind: DeviceKind;
  readonly zone: string;
  /** 1 to 10,080 (a week). */
  readonly minutes: number;
  /** Audit actor: `user:<id>`. */
  readonly by: string;
  readonly operationalTechnology?: boolean;
  readonly drill?: boolean;
}

export interface IssuedToken {
  /** Shown once; only its hash is kept. */
  readonly token: string;
  readonly device: Device;
  /** Epoch milliseconds. */
  readonly expires: number;
}

/** SHA-256, hex: the key under which a token is kept. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/**
 * Makes a one-time enrolment token of 192 random bits, and registers the device if it is new. A known device keeps its
 * kind and zone: a token is no way to change them.
 */
export async function makeToken(desk: Desk, wanted: TokenRequest): Promise<IssuedToken> {
  if (!Number.isInteger(wanted.minutes) || wanted.minutes < 1 || wanted.minutes > 10_080) {
    throw new PkiError('bad-setting', 'a token lasts from 1 to 10080 minutes');
  }
  const token = `kde_${randomBytes(24).toString('base64url')}`;
  const hash = tokenHash(token);
  const made = await retryOnConflict(async () => {
    const now = desk.clock.now();
    const stored = await desk.records.get(devices, wanted.deviceId);
    const device = stored?.value ?? newDevice({ ...wanted, id: wanted.deviceId }, now);
    const expires = now + wanted.minutes * 60_000;
    const record: EnrolmentToken = {
      id: hash.slice(0, 12),
      hash,
      device: device.id,
      by: wanted.by,
      created: now,
      expires,
    };
    const fresh = stored === undefined;
    await desk.records.commit(
      [write.insert(enrolmentTokens, record), ...(fresh ? [write.insert(devices, device)] : [])],
      [
        ...(fresh ? [registered(device, wanted.by)] : []),
        {
          at: now,
          actor: wanted.by,
          action: 'token.create',
          target: `token:${record.id}`,
          detail: { device: device.id, expires },
        },
      ],
    );
    return { device, expires, fresh };
  });
  if (made.fresh) desk.signals?.publish({ type: 'device', device: made.device });
  return { token, device: made.device, expires: made.expires };
}

/** The record of a token that may still be used, or was used and may be asked with again. */
export async function findToken(
  desk: Desk,
  token: string,
  user: string | undefined,
): Promise<{ value: EnrolmentToken; version: number }> {
  const stored = await desk.records.get(enrolmentTokens, tokenHash(token));
  if (stored === undefined || (user !== undefined && user !== '' && user !== stored.value.device)) {
    throw new PkiError(
      'token-wrong',
      'enrolment token is not known for this device; ask an operator for a new one',
    );
  }
  const { used, expires } = stored.value;
  if (used === undefined && desk.clock.now() >= expires) {
    throw new PkiError('token-expired', 'enrolment token has expired; ask an operator for a new one');
  }
  return stored;
}
