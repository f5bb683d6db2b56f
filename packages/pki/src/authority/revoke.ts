import { type Certificate, type RevocationReason, type Write, write } from '@kydai/contracts';
import { PkiError } from '../error.ts';
import { certificates, devices } from '../register/kinds.ts';
import { retryOnConflict } from '../register/retry.ts';
import { addRevocations, type Revocation, revocationPages } from '../register/revocation-page.ts';
import { readCertificate } from '../x509/certificate.ts';
import { findExtension, readDistributionPointUrls } from '../x509/extension.ts';
import { Oid } from '../x509/oids.ts';
import { type Desk, forgetStandings, publishCertificate } from './desk.ts';
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
 * Revokes one certificate; with `keyCompromise` every other one of the same key, too, since whoever has the key has all of
 * them. Asked again it changes nothing and returns the certificate as it was revoked first; only a hold can be made final. `unknown-certificate` when there is none of this serial.
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
    return wanted.reason === 'keyCompromise' ? [stored, ...(await othersOf(desk, stored.value))] : [stored];
  });
  return certificate!;
}

/** The other good certificates of a certificate's key. */
async function othersOf(desk: Desk, { keyDigest, serial }: Certificate) {
  const where = { keyDigest, notAfter: { gte: desk.clock.now() } };
  const found = await desk.records.find(certificates, { where, limit: 10_000 });
  return found.records.filter(({ value }) => value.serial !== serial && value.revoked === undefined);
}

/** Revokes every certificate of a device that is still good, in one commit. Returns those that it changed. */
export async function revokeDeviceCertificates(
  desk: Desk,
  device: string,
  wanted: Revoke,
  told: OnRevoked,
): Promise<Certificate[]> {
  const revoked = await revokeAll(desk, wanted, told, async () => {
    const where = { subject: device, profile: ofDevices, notAfter: { gte: desk.clock.now() } };
    const found = await desk.records.find(certificates, { where, limit: 10_000 });
    return found.records.filter(({ value }) => value.revoked === undefined);
  });
  return revoked;
}

const ofDevices: readonly string[] = ['device', 'quarantine'];

/**
 * Each device is written again as it is.
 *
 * INVARIANT: no renewal escapes a revocation that comes at the same time. Both write the device, so that the later one
 * finds it changed and begins anew: a renewal then sees that its proof was revoked, and a revocation of all that a device
 * has finds the new certificate among them.
 */
async function deviceWrites(desk: Desk, due: Awaited<ReturnType<ReadDue>>): Promise<Write[]> {
  const subjects = new Set(
    due.flatMap(({ value }) => (ofDevices.includes(value.profile) ? [value.subject] : [])),
  );
  const stored = await Promise.all([...subjects].map((subject) => desk.records.get(devices, subject)));
  return stored.flatMap((device) =>
    device === undefined ? [] : [write.change(devices, device.value, device)],
  );
}

type ReadDue = () => Promise<readonly { readonly value: Certificate; readonly version: number }[]>;

const queues = new WeakMap<Desk, Promise<unknown>>();

/** One revocation at a time in this process: those of one shard change the same page. */
async function revokeAll(desk: Desk, wanted: Revoke, told: OnRevoked, read: ReadDue): Promise<Certificate[]> {
  const before = queues.get(desk);
  const act = async (): Promise<Certificate[]> => {
    await before?.catch(() => undefined);
    return revokeNow(desk, wanted, told, read);
  };
  const mine = act();
  queues.set(desk, mine);
  return mine;
}

async function revokeNow(
  desk: Desk,
  { reason, by, at }: Revoke,
  told: OnRevoked,
  read: ReadDue,
): Promise<Certificate[]> {
  let changed: Certificate[] = [];
  const result = await retryOnConflict(async () => {
    const now = desk.clock.now();
    const touched = await deviceWrites(desk, await read());
    // Once more: what came before the devices were read is among them, what comes after is a conflict.
    const stored = await read();
    const due = stored.filter(({ value }) => isOpen(value, reason));
    changed = due.map(({ value }) => ({ ...value, revoked: { at: Math.min(at ?? now, now), reason, by } }));
    if (due.length > 0) {
      await desk.records.commit(
        [
          ...changed.map((value, index) => write.change(certificates, value, due[index]!)),
          ...(await pageWrites(desk, changed, now)),
          ...touched,
        ],
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
  if (changed.length > 0) forgetStandings(desk);
  for (const certificate of changed) {
    told(certificate);
    publishCertificate(desk, certificate);
  }
  return result;
}

function isOpen({ revoked }: Certificate, reason: RevocationReason): boolean {
  return revoked === undefined || (revoked.reason === 'certificateHold' && reason !== 'certificateHold');
}

/** Each shard's page with its share of the revocations. */
async function pageWrites(desk: Desk, changed: readonly Certificate[], recorded: number): Promise<Write[]> {
  const pages = new Map<string, { issuer: string; shard: number; added: Revocation[] }>();
  for (const value of changed) {
    const place = { issuer: value.issuer, shard: shardOf(value), added: [] };
    const id = `${place.issuer}/${place.shard}`;
    const page = pages.get(id) ?? place;
    pages.set(id, page);
    const { serial, notAfter } = value;
    page.added.push({ serial, notAfter, recorded, reason: value.revoked!.reason, at: value.revoked!.at });
  }
  const writes: Write[] = [];
  for (const [id, { issuer, shard, added }] of pages) {
    const stored = await desk.records.get(revocationPages, id);
    const next = addRevocations(stored?.value, { issuer, shard }, added);
    writes.push(
      stored === undefined
        ? write.insert(revocationPages, next)
        : write.update(revocationPages, next, stored.version),
    );
  }
  return writes;
}

/** The shard in whose CRL this certificate said that it would stand. */
function shardOf(certificate: Certificate): number {
  const { extensions } = readCertificate(Buffer.from(certificate.der, 'base64'));
  const points = findExtension(extensions, Oid.crlDistributionPoints);
  return points === undefined ? 0 : shardOfUrl(readDistributionPointUrls(points.value));
}
