import type {
  Certificate,
  Clock,
  Decide,
  Device,
  EventStore,
  ImpactView,
  RecordStore,
} from '@kydai/contracts';
import { incidents } from '@kydai/csirt';
import { certificates, devices } from '@kydai/pki';
import { ShellError } from '../error.ts';

const day = 86_400_000;

interface Parts {
  readonly records: RecordStore;
  readonly events: EventStore;
  readonly clock: Clock;
  readonly decide: Decide;
}

/**
 * What would break if this certificate was revoked: the device, what it did in the last day, the certificates that it
 * keeps; for an authority, everything below it. Reads only. @throws ShellError `not-found`
 */
export async function impactOf(
  { records, events, clock, decide }: Parts,
  serial: string,
): Promise<ImpactView> {
  const stored = await records.get(certificates, serial);
  if (stored === undefined)
    throw new ShellError('not-found', `no certificate has the serial number \`${serial.slice(0, 64)}\``);
  const certificate = stored.value;
  const now = clock.now();
  const good = { revokedAt: null, notAfter: { gt: now } };
  const device = (await records.get(devices, certificate.subject))?.value ?? null;
  const held = await records.count(certificates, {
    subject: certificate.subject,
    profile: certificate.profile,
    ...good,
  });
  const remaining = held - (certificate.revoked === undefined && certificate.notAfter > now ? 1 : 0);
  const isAuthority = ['root', 'issuing-ca', 'cross-root'].includes(certificate.profile);
  const below = isAuthority
    ? await belowAuthority(records, certificate, good)
    : { certificates: 0, subjects: 0 };
  const use =
    device === null ? { handshakes: 0, readings: 0, addresses: [] } : await useOf(events, device, now);
  const publishesNow =
    device !== null &&
    decide({
      principal: { type: 'Device', id: device.id },
      action: 'publish',
      resource: { type: 'Dataset', id: 'readings' },
    }).allowed;
  const open = await records.find(incidents, { where: { state: ['new', 'open'] }, limit: 1000 });
  const naming = open.records
    .map(({ value }) => value)
    .filter(({ entities }) => entities.some(({ type, id }) => type === 'device' && id === device?.id))
    .map(({ number }) => number);
  const known = { certificate, device, remaining, below, use, publishesNow, incidents: naming };
  return { ...known, consequences: consequences(known, now) };
}

async function belowAuthority(
  records: RecordStore,
  certificate: Certificate,
  good: Parameters<RecordStore['count']>[1] & object,
): Promise<ImpactView['below']> {
  const root = certificate.profile !== 'issuing-ca';
  // A root vouches for the authorities below it, and so for everything of theirs.
  const where = root
    ? { profile: ['device', 'service', 'staff', 'quarantine'], ...good }
    : { issuer: certificate.subject, ...good };
  const count = await records.count(certificates, where);
  const subjects = new Set<string>();
  const step = 10_000;
  for (let offset = 0; offset < Math.min(count, 200_000); offset += step) {
    const page = await records.find(certificates, { where, limit: step, offset });
    for (const { value } of page.records) subjects.add(value.subject);
  }
  return { certificates: count, subjects: subjects.size };
}

async function useOf(events: EventStore, device: Device, now: number): Promise<ImpactView['use']> {
  const count = async (dataset: string): Promise<number> => {
    const buckets = await events.aggregate({
      from: now - day,
      to: now + 1,
      filter: {
        op: 'and',
        filters: [
          { op: 'equals', field: 'dataset', value: dataset },
          { op: 'equals', field: 'device.id', value: device.id },
        ],
      },
    });
    return buckets.reduce((sum, bucket) => sum + bucket.count, 0);
  };
  return {
    handshakes: await count('pki.tls'),
    readings: await count('device.reading'),
    addresses: [...device.addresses],
  };
}

function consequences(known: Omit<ImpactView, 'consequences'>, now: number): string[] {
  const { certificate, device, remaining, below, use, publishesNow, incidents: naming } = known;
  if (certificate.revoked !== undefined) return ['nothing: it is revoked already'];
  if (certificate.notAfter <= now) return ['nothing: it has expired'];
  const list: string[] = [];
  if (below.certificates > 0)
    list.push(
      `${below.certificates} certificates of ${below.subjects} subjects below it are no longer believed`,
    );
  if (device !== null && remaining === 0) {
    list.push(
      `\`${device.id}\` holds no other good certificate: it can neither publish nor renew, and needs a new token`,
    );
    if (publishesNow) list.push(`the decision point denies \`${device.id}\` from then on`);
  }
  if (device !== null && remaining > 0)
    list.push(`\`${device.id}\` keeps ${remaining} other good certificates and goes on with those`);
  if (device?.operationalTechnology === true)
    list.push(`\`${device.id}\` is operational technology: tell the people who run it first`);
  if (use.handshakes + use.readings > 0)
    list.push(
      `it was in use: ${use.handshakes} handshakes and ${use.readings} readings in the last 24 hours`,
    );
  if (naming.length > 0) list.push(`open incidents name it: ${naming.join(', ')}`);
  if (certificate.profile === 'service' && remaining === 0)
    list.push(`the service \`${certificate.subject}\` can no longer be reached over TLS once clients check`);
  return list.length === 0 ? ['no device or service in use depends on it'] : list;
}
