import {
  type CedarValue,
  type Certificate,
  type Clock,
  type Device,
  eachRecord,
  type PolicyEntity,
  type RecordStore,
  type Signals,
} from '@kydai/contracts';
import { certificates, devices } from '@kydai/pki';
import { type EntityStore, type ExpiredFact, lasting } from '@kydai/policy';
import type { Change } from '../notify/change.ts';
import { changesOf } from '../notify/device-changes.ts';
import type { Composition } from '../policies/composition.ts';

export interface Facts {
  /** The register's word on a device; false for one that it does not know. */
  isOperationalTechnology(deviceId: string): boolean;
  /** Whether the register has the device. */
  isRegistered(deviceId: string): boolean;
  /** Whether a device is registered for drills; undefined for one that the register does not know. */
  isDrillDevice(deviceId: string): boolean | undefined;
  /** Takes note of facts that went stale, and tells of them. */
  expired(facts: readonly ExpiredFact[]): void;
  stop(): void;
}

/**
 * Keeps what the policies know of devices in step with the register and the certificates: filled at start, then changed
 * by each signal before the signal's publisher goes on. INVARIANT: when a revocation or a quarantine has resolved, the
 * next decision sees it.
 */
export async function feedFacts(parts: {
  readonly entities: EntityStore;
  readonly composition: Composition;
  readonly records: RecordStore;
  readonly signals: Signals;
  readonly clock: Clock;
  /** Told of each change that may flip decisions, after the policies know of it. */
  readonly onChange: (change: Change) => void;
}): Promise<Facts> {
  const { entities, composition, records, signals, clock, onChange } = parts;
  const known = new Map<string, Device>();
  /** For each device the serials that were valid when last seen, with their end. */
  const valid = new Map<string, Map<string, number>>();
  /** Whether each device was certified when it was last described. */
  const certifiedBefore = new Map<string, boolean>();
  let loading = true;

  const describe = (device: Device) => {
    const now = clock.now();
    const uid = { type: 'Device', id: device.id };
    const before = composition.said('register', uid)?.attrs;
    /** A fact of ours: since when it is so, on the word of the part of ours that knows. */
    const fact = (name: string, value: CedarValue, source: string, until = lasting) => {
      const old = before?.[name] as { readonly value: CedarValue; readonly at: CedarValue } | undefined;
      const at = old?.value === value ? old.at : loading ? device.enrolled : now;
      return { value, source, at, until };
    };
    const ends = [...(valid.get(device.id)?.values() ?? [])].filter((notAfter) => notAfter > now);
    const certified = ends.length > 0;
    composition.say('register', uid, {
      attrs: {
        kind: device.kind,
        operationalTechnology: device.operationalTechnology,
        quarantined: fact('quarantined', device.quarantined, 'register'),
        certified: fact('certified', certified, 'pki', certified ? Math.max(...ends) : lasting),
        risk: fact('risk', device.risk, 'register'),
        firmware: fact('firmware', 0, 'register'),
      },
      parents: [{ type: 'Zone', id: device.zone }],
    });
    const was = certifiedBefore.get(device.id) ?? false;
    certifiedBefore.set(device.id, certified);
    if (!loading && certified !== was)
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
  // In the order of their ends: pages in the order of keys would look through all that came before, again and again.
  for await (const certificate of eachRecord(records, certificates, { by: 'notAfter', from: clock.now() }))
    if (certificate.revoked === undefined) learnCertificate(certificate);
  for await (const device of eachRecord(records, devices, { by: 'id', from: '' })) learnDevice(device);
  loading = false;
  entities.expire(clock.now());

  return {
    isOperationalTechnology: (deviceId) => known.get(deviceId)?.operationalTechnology === true,
    isRegistered: (deviceId) => known.has(deviceId),
    isDrillDevice: (deviceId) => known.get(deviceId)?.drill,
    expired(facts) {
      for (const { entity, name, source } of facts) {
        if (entity.type !== 'Device') {
          onChange({ type: 'entity-changed', entity, what: name });
          continue;
        }
        const device = known.get(entity.id);
        // A certificate that ran out is known to have: that is a fact of now, not one that is too old.
        if (name !== 'certified') {
          const left = entities.facts(entity).some((fact) => fact.name === name && fact.stale);
          if (left) onChange({ type: 'fact-stale', device: entity.id, fact: name, source });
        } else if (device !== undefined) {
          const [held, now] = [valid.get(entity.id), clock.now()];
          for (const [serial, notAfter] of held ?? []) if (notAfter <= now) held!.delete(serial);
          describe(device);
        }
      }
    },
    stop: unsubscribe,
  };
}

/** Entities with the bare values of their facts; as tags, when those that end do. */
export function* bareEntities(entities: EntityStore, type: string): Generator<PolicyEntity> {
  for (const { uid, attrs, parents } of entities.all(type)) {
    const facts = new Map(entities.facts(uid).map((fact) => [fact.name, fact]));
    const bare = Object.entries(attrs).map(([name, value]) => [
      name,
      facts.has(name) ? (value as { readonly value: CedarValue }).value : value,
    ]);
    const ending = [...facts.values()].filter(({ until }) => until < lasting);
    const tags = ending.map(({ name, source, until }) => [name, { source, until }]);
    yield { uid, attrs: Object.fromEntries(bare), parents, tags: Object.fromEntries(tags) };
  }
}
