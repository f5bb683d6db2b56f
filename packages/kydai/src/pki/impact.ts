import {
  type Certificate,
  type Device,
  type EventFilter,
  type EventStore,
  eachRecord,
  type ImpactView,
  type RecordStore,
} from '@kydai/contracts';
import { incidents } from '@kydai/csirt';
import { certificates, devices } from '@kydai/pki';
import { ShellError } from '../error.ts';
import type { Kydai } from '../flow/kydai.ts';

const day = 86_400_000;

type Parts = Pick<
  Kydai,
  'records' | 'events' | 'clock' | 'decide' | 'policies' | 'sessions' | 'entities' | 'config'
>;

/**
 * What would break if this certificate was revoked: the device, what it did in the last day, the certificates that it
 * keeps, the grants that it and others would lose; the person's sessions, the service and what is sealed for it; for an
 * authority, everything below it. Reads only. @throws ShellError `not-found`
 */
export async function impactOf(parts: Parts, serial: string): Promise<ImpactView> {
  const { records, events, clock, decide } = parts;
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
  const isAuthority =
    ['root', 'issuing-ca'].includes(certificate.profile) || certificate.profile.startsWith('cross-');
  const below = isAuthority
    ? await belowAuthority(records, certificate, now)
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
  const isLast = remaining === 0 && certificate.revoked === undefined && certificate.notAfter > now;
  const others = {
    grants: device !== null && isLast ? lostGrants(parts, device) : { lost: [], complete: true },
    sessions: (await parts.sessions.live()).filter(({ id }) => id === certificate.subject).length,
    services: servicesOf(parts, certificate),
    proxies:
      device === null
        ? []
        : parts.config.enforce.routes.flatMap(({ path, subject }) => (subject === 'person' ? [] : [path])),
    sealed: certificate.profile === 'service' ? await sealedFor(events, certificate, now) : 0,
  };
  const known = { certificate, device, remaining, below, use, publishesNow, incidents: naming, ...others };
  return { ...known, consequences: consequences(known, now) };
}

/** A root vouches for the authorities below it, and so for everything of theirs. */
async function belowAuthority(
  records: RecordStore,
  { profile, subject }: Certificate,
  now: number,
): Promise<ImpactView['below']> {
  const leaves: ReadonlySet<string> = new Set(['device', 'service', 'staff', 'quarantine']);
  const isBelow = (each: Certificate): boolean =>
    profile === 'issuing-ca' ? each.issuer === subject : leaves.has(each.profile);
  const subjects = new Set<string>();
  let count = 0;
  for await (const each of eachRecord(records, certificates, { by: 'notAfter', from: now })) {
    if (each.revoked !== undefined || each.notAfter <= now || !isBelow(each)) continue;
    count++;
    subjects.add(each.subject);
  }
  return { certificates: count, subjects: subjects.size };
}

const mostGrants = 50;

function lostGrants({ policies }: Parts, { id }: Device): ImpactView['grants'] {
  const { loses, complete } = policies.blast(id, 'uncertified');
  const lost = loses.slice(0, mostGrants).map(({ principal, action, resource }) => ({
    principal: `${principal.type}::${principal.id}`,
    action,
    resource: `${resource.type}::${resource.id}`,
  }));
  return { lost, complete: complete && loses.length <= mostGrants };
}

function servicesOf({ entities }: Parts, { profile, subject, names }: Certificate): string[] {
  if (profile !== 'service') return [];
  return [...new Set([subject, ...names])].filter(
    (id) => entities.get({ type: 'Service', id }) !== undefined,
  );
}

/** Readings whose seal names the certificate's key (`kid`, as `sealReading` writes it) and no other receiver. */
async function sealedFor(events: EventStore, { keyDigest }: Certificate, now: number): Promise<number> {
  const kid = Buffer.from(keyDigest, 'hex').toString('base64url');
  const header = Buffer.from(`{"alg":"ECDH-ES","enc":"A256GCM","cty":"JOSE","kid":"${kid}"`);
  // Base64 turns three octets into four characters: the last incomplete three may look different with what follows.
  const beginning = header.subarray(0, header.length - (header.length % 3)).toString('base64url');
  return countOf(events, now, [
    { op: 'equals', field: 'dataset', value: 'device.reading' },
    { op: 'wildcard', field: 'message', pattern: `${beginning}*` },
  ]);
}

/** Events of the last day. */
async function countOf(events: EventStore, now: number, filters: readonly EventFilter[]): Promise<number> {
  const buckets = await events.aggregate({ from: now - day, to: now + 1, filter: { op: 'and', filters } });
  return buckets.reduce((sum, bucket) => sum + bucket.count, 0);
}

async function useOf(events: EventStore, device: Device, now: number): Promise<ImpactView['use']> {
  const count = (dataset: string): Promise<number> =>
    countOf(events, now, [
      { op: 'equals', field: 'dataset', value: dataset },
      { op: 'equals', field: 'device.id', value: device.id },
    ]);
  return {
    handshakes: await count('pki.tls'),
    readings: await count('device.reading'),
    addresses: [...device.addresses],
  };
}

function consequences(known: Omit<ImpactView, 'consequences'>, now: number): string[] {
  const { certificate, device, remaining, below, use, publishesNow, incidents: naming } = known;
  const { grants, sessions, services, proxies, sealed } = known;
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
    list.push(
      `\`${device.id}\` keeps ${remaining} other good certificates and goes on with those; as compromised, those of the same key end too`,
    );
  if (grants.lost.length > 0) {
    const [first] = grants.lost;
    const all = grants.complete ? String(grants.lost.length) : `${grants.lost.length} or more`;
    list.push(
      `${all} grants are lost, such as ${first!.action} on \`${first!.resource}\` by \`${first!.principal}\``,
    );
  }
  if (device !== null && remaining === 0 && proxies.length > 0)
    list.push(`proxies turn it away from ${proxies.length} paths, such as \`${proxies[0]}\``);
  if (device?.operationalTechnology === true)
    list.push(`\`${device.id}\` is operational technology: tell the people who run it first`);
  if (use.handshakes + use.readings > 0)
    list.push(
      `it was in use: ${use.handshakes} handshakes and ${use.readings} readings in the last 24 hours`,
    );
  if (naming.length > 0) list.push(`open incidents name it: ${naming.join(', ')}`);
  if (certificate.profile === 'service' && remaining === 0)
    list.push(`the service \`${certificate.subject}\` can no longer be reached over TLS once clients check`);
  if (services.length > 0)
    list.push(`the city declares it as a service: ${services.join(', ')}; tell the agency that owns it`);
  if (sealed > 0)
    list.push(
      `${sealed} readings of the last 24 hours were sealed for its key: give devices another receiver`,
    );
  if (sessions > 0)
    list.push(
      `${sessions} sessions of \`${certificate.subject}\` are open and go on: end them too if the person is in doubt`,
    );
  return list.length === 0 ? ['no device or service in use depends on it'] : list;
}
