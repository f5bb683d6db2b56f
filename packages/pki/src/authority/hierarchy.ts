import { type AuditEntry, type Certificate, type Write, write } from '@kydai/contracts';
import { PkiError } from '../error.ts';
import type { Signer } from '../keys/signer.ts';
import { constraintsOf } from '../profile/constrained-names.ts';
import { authorityProfile } from '../profile/profiles.ts';
import { type AuthorityRecord, authorities, certificates } from '../register/kinds.ts';
import { retryOnConflict } from '../register/retry.ts';
import { readCertificate } from '../x509/certificate.ts';
import { encodeName } from '../x509/name.ts';
import { Oid } from '../x509/oids.ts';
import { type PublicKey, readPublicKey } from '../x509/public-key.ts';
import { algorithmFor } from '../x509/signature.ts';
import { type Desk, type Issuer, makeIssuer } from './desk.ts';
import { type Draft, makeCertificate } from './draft.ts';

const titles = { root: 'Root CA', 'device-ca': 'Device CA', 'service-ca': 'Service CA' } as const;
export type Role = AuthorityRecord['role'];

const order: readonly Role[] = ['root', 'device-ca', 'service-ca'];

/**
 * Opens the root and the issuing authorities, making what is missing. Keys are made before the records that speak of
 * them; a key that a killed first start left behind is taken up again.
 */
export async function openHierarchy(desk: Desk): Promise<void> {
  await retryOnConflict(async () => {
    desk.issuers.clear();
    const found = await desk.records.find(authorities, { order: 'generation', limit: 1000 });
    const inOrder = found.records.toSorted(
      (left, right) => order.indexOf(left.value.role) - order.indexOf(right.value.role),
    );
    for (const { value } of inOrder) desk.issuers.set(value.id, await openIssuer(desk, value));
    const crosses = await desk.records.find(certificates, {
      where: { profile: ['cross-root', 'cross-device-ca', 'cross-service-ca'] },
      order: 'issued',
    });
    desk.crosses.splice(
      0,
      Number.POSITIVE_INFINITY,
      ...crosses.records.map(({ value }) => Buffer.from(value.der, 'base64')),
    );
    const missing = order.filter(
      (role) => ![...desk.issuers.values()].some((issuer) => issuer.role === role),
    );
    if (missing.length > 0) await createAuthorities(desk, missing);
  });
}

async function openIssuer(desk: Desk, record: AuthorityRecord): Promise<Issuer> {
  const signer = record.offline === true ? offlineSigner(record) : await desk.keys.open(record.id);
  if (signer === undefined) {
    throw new PkiError(
      'key-missing',
      `key of authority \`${record.id}\` is missing; restore it from the backup`,
    );
  }
  return makeIssuer(record, signer, await desk.records.count(certificates, { issuer: record.id }));
}

async function createAuthorities(desk: Desk, roles: readonly Role[]): Promise<void> {
  const writes: Write[] = [];
  const audit: AuditEntry[] = [];
  const made: Issuer[] = [];
  let root = [...desk.issuers.values()].find((issuer) => issuer.role === 'root');
  for (const role of roles) {
    const { issuer, record, certificate } = await createAuthority(desk, role, 1, root);
    if (role === 'root') root = issuer;
    made.push(issuer);
    writes.push(write.insert(authorities, record), write.insert(certificates, certificate));
    audit.push({
      at: certificate.issued,
      actor: 'system',
      action: 'authority.create',
      target: `certificate:${certificate.serial}`,
      detail: { authority: record.id, fingerprint: certificate.fingerprint, keyType: certificate.keyType },
    });
  }
  await desk.records.commit(writes, audit);
  for (const issuer of made) desk.issuers.set(issuer.id, issuer);
}

/** A new authority with a key of its own, signed by the root; a root signs itself. Commits nothing. */
export async function createAuthority(
  desk: Desk,
  role: Role,
  generation: number,
  root: Issuer | undefined,
): Promise<{ issuer: Issuer; record: AuthorityRecord; certificate: Certificate }> {
  const id = `${role}-${generation}`;
  const now = desk.clock.now();
  const signer =
    (await desk.keys.open(id)) ?? (await desk.keys.create(id, role === 'root' ? 'EC-P384' : 'EC-P256'));
  const { organization, urls } = desk;
  const draft = authorityDraft({
    role,
    generation,
    organization,
    host: urls.host,
    publicKey: signer.publicKey,
    now,
  });
  const certificate = await makeCertificate(draft, root ?? { self: signer, id }, desk.urls);
  const record = { id, role, generation, serial: certificate.serial, der: certificate.der, created: now };
  return { issuer: makeIssuer(record, signer, 0), record, certificate };
}

/** What an authority's certificate says. */
export function authorityDraft(wanted: {
  readonly role: Role;
  readonly generation: number;
  readonly organization: string;
  /** Host of the public URL, which device certificates may not name. */
  readonly host: string;
  readonly publicKey: PublicKey;
  readonly now: number;
}): Draft {
  const { role, generation, organization, host, publicKey, now } = wanted;
  const profile = authorityProfile(role, host);
  const nameConstraints = constraintsOf(profile.nameConstraints);
  return {
    profile,
    subject: `${role}-${generation}`,
    subjectName: authorityName(role, generation, organization),
    names: [],
    publicKey,
    requester: 'system',
    now,
    ...(nameConstraints === undefined ? {} : { nameConstraints }),
  };
}

export function authorityName(role: Role, generation: number, organization: string): Uint8Array {
  return encodeName([Oid.organization, organization], [Oid.commonName, `${titles[role]} ${generation}`]);
}

/** Stands where a key would, and signs nothing. */
function offlineSigner(record: AuthorityRecord): Signer {
  const publicKey = readPublicKey(readCertificate(Buffer.from(record.der, 'base64')).publicKey);
  return {
    id: record.id,
    algorithm: algorithmFor(publicKey),
    publicKey,
    sign: async () => {
      throw new PkiError('key-missing', `key of \`${record.id}\` is offline; sign at a ceremony`);
    },
  };
}
