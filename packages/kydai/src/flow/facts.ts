import type { Certificate, Clock, Device, PolicyEntity, RecordStore, Signals } from '@kydai/contracts';
import { certificates, devices } from '@kydai/pki';
import type { Change } from '../notify/change.ts';
import { changesOf } from '../notify/device-changes.ts';
import type { DeviceFacts } from '../policies/device-facts.ts';

/** The entity store of the policy engine, as far as the facts need it. */
interface Entities {
  upsert(entity: PolicyEntity): void;
}

export interface Facts {
  /** The register's word on a device; false for one that it does not know. */
  isOperationalTechnology(deviceId: string): boolean;
  /** Whether the register has the device. */
  isRegistered(deviceId: string): boolean;
  /** Whether a device is registered for drills; undefined for one that the register does not know. */
  isDrillDevice(deviceId: string): boolean | undefined;
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
  /** Source and time of what was reported. */
  readonly reported: DeviceFacts;
  /** Told of each change that may flip decisions, after the policies know of it. */
  readonly onChange: (change: Change) => void;
}): Promise<Facts> {
  const { entities, records, signals, clock, reported, onChange } = parts;
  const known = new Map<string, Device>();
  /** For each device the serials that were valid when last seen, with their end. */
  const valid = new Map<string, Map<string, number>>();
  /** Whether each device was certified when it was last described. */
  const certifiedBefore = new Map<string, boolean>();
  let loading = true;

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
      tags: Object.fromEntries(
        reported.of(device.id).map(({ name, source, at, until }) => [name, { source, at, until }]),
      ),
    });
    const before = certifiedBefore.get(device.id) ?? false;
    certifiedBefore.set(device.id, certified);
    if (!loading && certified !== before)
      onChange({ type: certified ? 'device-certified' : 'device-uncertified', device: device.id });
  };
  const learnDevice = (device: Device) => {
    const before = known.get(device.id);
    known.set(device.id, device);
    describe(device);
    if (!loading) for (const change of changesOf(before, device)) onChange(change);
  };
  const learnCertificate = (certificate: Certificate) => {
    if (certificate.profile !== 'device') return;
    const held = valid.get(certificate.subject) ?? new Map<string, number>();
    valid.set(certificate.subject, held);
    const { revoked, serial, subject, issuer } = certificate;
    const lost = revoked !== undefined && held.delete(serial);
    if (revoked === undefined) held.set(serial, certificate.notAfter);
    const device = known.get(subject);
    if (device) describe(device);
    if (lost && !loading)
      onChange({ type: 'certificate-revoked', device: subject, serial, issuer, reason: revoked.reason });
  };

  const unsubscribe = signals.subscribe((signal) => {
    if (signal.type === 'device') learnDevice(signal.device);
    else if (signal.type === 'certificate') learnCertificate(signal.certificate);
  });
  const live = { profile: 'device', revokedAt: null, notAfter: { gt: clock.now() } };
  for await (const certificate of all(records, certificates, live)) learnCertificate(certificate);
  for await (const device of all(records, devices, {})) learnDevice(device);
  loading = false;

  // A certificate that runs out changes what its device may do, though nothing announces it.
  const sweep = setInterval(() => {
    const now = clock.now();
    for (const { device, name, source } of reported.newlyStale())
      onChange({ type: 'fact-stale', device, fact: name, source });
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
    isRegistered: (deviceId) => known.has(deviceId),
    isDrillDevice: (deviceId) => known.get(deviceId)?.drill,
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
