import type { EntityRef, RecordStore } from '@kydai/contracts';
import { certificates } from '@kydai/pki';

/**
 * Whether entities name both certificates (by SHA-256) and devices, and they do not belong together: a certificate that
 * none of the devices ever held, or a device that held none of the certificates. A log line can name any device with
 * any hash.
 */
export async function namesForeignCertificate(
  records: RecordStore,
  entities: readonly EntityRef[],
): Promise<boolean> {
  const named = (type: EntityRef['type']) =>
    entities.filter((each) => each.type === type).map(({ id }) => id);
  const hashes = new Set(named('certificate').map((hash) => hash.replaceAll(':', '').toLowerCase()));
  const devices = named('device');
  if (hashes.size === 0 || devices.length === 0) return false;
  const owned = new Set<string>();
  for (const subject of devices) {
    const held = await records.find(certificates, { where: { subject }, order: '-issued', limit: 1000 });
    const known = held.records.map(({ value }) => value.fingerprint).filter((hash) => hashes.has(hash));
    if (known.length === 0) return true;
    for (const hash of known) owned.add(hash);
  }
  return owned.size < hashes.size;
}
