import type { Certificate, Clock, Device, PolicyEntity, RecordStore, Signals } from '@kydai/contracts';
import { certificates, devices } from '@kydai/pki';

/** The entity store of the policy engine, as far as the facts need it. */
interface Entities {
  upsert(entity: PolicyEntity): void;
}

export interface Facts {
  /** The register's word on a device; false for one that it does not know. */
  isOperationalTechnology(deviceId: string): boolean;
  stop(): void;
}

/**
 * Keeps what the policies know of devices in step with the register and the certificates: filled at start, then changed
 * by each signal before the signal's publisher goes on. INVARIANT: when a revocation or a quarantine has resolved, the
 * next decision sees it.
 */
export async function feedFacts(parts: {
  readonly entities: Entities;
  readonly records: RecordStore;
  readonly signals: Signals;
  readonly clock: Clock;
}): Promise<Facts> {
  const { entities, records, signals, clock } = parts;
  const known = new Map<string, Device>();
  /** For each device the serials that were valid when last seen, with their end. */
  const valid = new Map<string, Map<string, number>>();

  const describe = (device: Device) => {
    const now = clock.now();
    const held = valid.get(device.id);
    const certified = held !== undefined && [...held.values()].some((notAfter) => notAfter > now);
    entities.upsert({
      uid: { type: 'Device', id: device.id },
      attrs: {
        kind: device.kind,
        operationalTechnology: device.operationalTechnology,
        quarantined: device.quarantined,
        certified,
        risk: device.risk,
      },
      parents: [{ type: 'Zone', id: device.zone }],
    });
  };
  const learnDevice = (device: Device) => {
    known.set(device.id, device);
    describe(device);
  };
  const learnCertificate = (certificate: Certificate) => {
    if (certificate.profile !== 'device') return;
    const held = valid.get(certificate.subject) ?? new Map<string, number>();
    valid.set(certificate.subject, held);
    if (certificate.revoked === undefined) held.set(certificate.serial, certificate.notAfter);
    else held.delete(certificate.serial);
    const device = known.get(certificate.subject);
    if (device) describe(device);
  };

  const unsubscribe = signals.subscribe((signal) => {
    if (signal.type === 'device') learnDevice(signal.device);
    else if (signal.type === 'certificate') learnCertificate(signal.certificate);
  });
  const live = { profile: 'device', revokedAt: null, notAfter: { gt: clock.now() } };
  for await (const certificate of all(records, certificates, live)) learnCertificate(certificate);
  for await (const device of all(records, devices, {})) learnDevice(device);

  // A certificate that runs out changes what its device may do, though nothing announces it.
  const sweep = setInterval(() => {
    const now = clock.now();
    for (const [id, held] of valid) {
      const before = held.size;
      for (const [serial, notAfter] of held) if (notAfter <= now) held.delete(serial);
      const device = held.size === before ? undefined : known.get(id);
      if (device) describe(device);
    }
  }, 10_000);
  sweep.unref();
  return {
    isOperationalTechnology: (deviceId) => known.get(deviceId)?.operationalTechnology === true,
    stop() {
      clearInterval(sweep);
      unsubscribe();
    },
  };
}

async function* all<T>(
  records: RecordStore,
  kind: Parameters<typeof records.find<T>>[0],
  where: NonNullable<Parameters<typeof records.find<T>>[1]>['where'] & object,
): AsyncGenerator<T> {
  const step = 10_000;
  for (let offset = 0; ; offset += step) {
    const page = await records.find(kind, { where, limit: step, offset });
    for (const { value } of page.records) yield value;
    if (page.records.length < step) return;
  }
}
