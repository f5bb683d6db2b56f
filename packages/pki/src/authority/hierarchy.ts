import { type AuditEntry, type Certificate, type Write, write } from '@kydai/contracts';
import { PkiError } from '../error.ts';
import { profileOf } from '../profile/profiles.ts';
import { type AuthorityRecord, authorities, certificates } from '../register/kinds.ts';
import { retryOnConflict } from '../register/retry.ts';
import { type Extension, extension } from '../x509/extension.ts';
import { type GeneralName, textName } from '../x509/general-name.ts';
import { encodeName } from '../x509/name.ts';
import { Oid } from '../x509/oids.ts';
import { type Desk, type Issuer, makeIssuer } from './desk.ts';
import { makeCertificate } from './draft.ts';

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
      where: { profile: 'cross-root' },
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
  const signer = await desk.keys.open(record.id);
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
  const draft = {
    profile: profileOf(role === 'root' ? 'root' : 'issuing-ca'),
    subject: id,
    subjectName: encodeName(
      [Oid.organization, desk.organization],
      [Oid.commonName, `${titles[role]} ${generation}`],
    ),
    names: [],
    publicKey: signer.publicKey,
    requester: 'system',
    now,
    ...(role === 'device-ca' ? { nameConstraints: deviceConstraints(desk.urls.host) } : {}),
  };
  const certificate = await makeCertificate(draft, root ?? { self: signer, id }, desk.urls);
  const record = { id, role, generation, serial: certificate.serial, der: certificate.der, created: now };
  return { issuer: makeIssuer(record, signer, 0), record, certificate };
}

/**
 * No device certificate can ever stand in for the server: the device authority may name neither an address nor this
 * host. What devices may be called is otherwise free.
 */
function deviceConstraints(host: string): Extension {
  const everything = (octets: number): GeneralName => ({
    kind: 'ip',
    text: '',
    bytes: new Uint8Array(octets * 2),
  });
  const hosts = new Set(['localhost', host]);
  const names = [...hosts].map(textName).filter(({ kind }) => kind === 'dns');
  return extension.nameConstraints([], [...names, everything(4), everything(16)]);
}
