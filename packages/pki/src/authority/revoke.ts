import { type Certificate, type RevocationReason, write } from '@kydai/contracts';
import { PkiError } from '../error.ts';
import { certificates, revocations } from '../register/kinds.ts';
import { retryOnConflict } from '../register/retry.ts';
import { readCertificate } from '../x509/certificate.ts';
import { findExtension, readDistributionPointUrls } from '../x509/extension.ts';
import { Oid } from '../x509/oids.ts';
import { type Desk, publishCertificate } from './desk.ts';
import { shardOfUrl } from './urls.ts';

/** What is told when a certificate was revoked, so that cached lists and answers are let go. */
export type OnRevoked = (certificate: Certificate) => void;

export interface Revoke {
  readonly reason: RevocationReason;
  readonly by: string;
  /** When trust ended; now unless told. May lie in the past, never in the future. */
  readonly at?: number | undefined;
}

/**
 * Revokes one certificate. Asked again it changes nothing and returns the certificate as it was revoked first; only a
 * hold can be made final. `unknown-certificate` when there is none of this serial.
 */
export async function revokeSerial(
  desk: Desk,
  serial: string,
  wanted: Revoke,
  told: OnRevoked,
): Promise<Certificate> {
  const [certificate] = await revokeAll(desk, wanted, told, async () => {
    const stored = await desk.records.get(certificates, serial);
    if (stored === undefined) {
      throw new PkiError(
        'unknown-certificate',
        `there is no certificate with the serial number \`${serial.slice(0, 64)}\``,
      );
    }
    return [stored];
  });
  return certificate!;
}

/** Revokes every certificate of a device that is still good, in one commit. Returns those that it changed. */
export async function revokeDeviceCertificates(
  desk: Desk,
  device: string,
  wanted: Revoke,
  told: OnRevoked,
): Promise<Certificate[]> {
  const revoked = await revokeAll(desk, wanted, told, async () => {
    const where = { subject: device, profile: 'device', notAfter: { gte: desk.clock.now() } };
    const found = await desk.records.find(certificates, { where, limit: 10_000 });
    return found.records.filter(({ value }) => value.revoked === undefined);
  });
  return revoked;
}

async function revokeAll(
  desk: Desk,
  { reason, by, at }: Revoke,
  told: OnRevoked,
  read: () => Promise<readonly { readonly value: Certificate; readonly version: number }[]>,
): Promise<Certificate[]> {
  let changed: Certificate[] = [];
  const result = await retryOnConflict(async () => {
    const now = desk.clock.now();
    const stored = await read();
    const due = stored.filter(({ value }) => isOpen(value, reason));
    changed = due.map(({ value }) => ({ ...value, revoked: { at: Math.min(at ?? now, now), reason, by } }));
    if (due.length > 0) {
      await desk.records.commit(
        changed.flatMap((value, index) => [
          write.update(certificates, value, due[index]!.version),
          write.put(revocations, {
            serial: value.serial,
            issuer: value.issuer,
            shard: shardOf(value),
            at: value.revoked!.at,
            recorded: now,
            reason,
            notAfter: value.notAfter,
          }),
        ]),
        changed.map(({ serial, subject, profile }) => ({
          at: now,
          actor: by,
          action: 'certificate.revoke',
          target: `certificate:${serial}`,
          detail: { subject, profile, reason },
        })),
      );
    }
    const bySerial = new Map(changed.map((value) => [value.serial, value]));
    return stored.map(({ value }) => bySerial.get(value.serial) ?? value);
  });
  for (const certificate of changed) {
    told(certificate);
    publishCertificate(desk, certificate);
  }
  return result;
}

function isOpen({ revoked }: Certificate, reason: RevocationReason): boolean {
  return revoked === undefined || (revoked.reason === 'certificateHold' && reason !== 'certificateHold');
}

/** The shard in whose CRL this certificate said that it would stand. */
function shardOf(certificate: Certificate): number {
  const { extensions } = readCertificate(Buffer.from(certificate.der, 'base64'));
  const points = findExtension(extensions, Oid.crlDistributionPoints);
  return points === undefined ? 0 : shardOfUrl(readDistributionPointUrls(points.value));
}
