import { createHash } from 'node:crypto';
import { type AuditEntry, type Certificate, type Clock, type RecordStore, write } from '@kydai/contracts';
import { type Desk, issuerOf } from '../authority/desk.ts';
import { DerReader } from '../der/reader.ts';
import { PkiError } from '../error.ts';
import type { KeyStore } from '../keys/key-store.ts';
import type { Signer } from '../keys/signer.ts';
import { findFaults } from '../lint/lint.ts';
import { profileOf } from '../profile/profiles.ts';
import { type AuthorityRecord, authorities, certificates, importedCrls } from '../register/kinds.ts';
import { type ParsedCertificate, readCertificate } from '../x509/certificate.ts';
import { readCrl } from '../x509/crl.ts';
import { findExtension } from '../x509/extension.ts';
import { formatName, sameName } from '../x509/name.ts';
import { Oid } from '../x509/oids.ts';
import { fromPem, toBase64 } from '../x509/pem.ts';
import { keyDigest } from '../x509/public-key.ts';
import { verifySignature } from '../x509/signature.ts';
import { checkIssuing, checkRoot } from './check-issuing.ts';
import { type IssuingRole, keyOf, onlyOne } from './offline.ts';

/** What an imported authority is, for the person who imports it. */
export interface Imported {
  readonly id: string;
  /** From the issuing authority to the root, as text. */
  readonly path: readonly string[];
  readonly notAfter: number;
}

/**
 * On the server, before the first `openAuthority`: takes in what the ceremony made. Root and issuing certificates are
 * checked against one another and against the keys that wait here, and recorded in one commit; afterwards
 * `openAuthority` opens them and makes nothing. The root may be another's, with others between it and ours.
 */
export async function importCeremony(options: {
  readonly records: RecordStore;
  readonly keys: KeyStore;
  readonly clock: Clock;
  readonly rootPem: string;
  /** Certificates between the root and ours, in any order. */
  readonly chainPem?: string;
  readonly issuingPem: Readonly<Record<IssuingRole, string>>;
  readonly by: string;
}): Promise<readonly Imported[]> {
  const { records, keys, clock, by } = options;
  if ((await records.count(authorities)) > 0) {
    throw new PkiError(
      'bad-setting',
      'there are authorities already; a ceremony comes before the first start',
    );
  }
  const now = clock.now();
  const root = readCertificate(onlyOne('CERTIFICATE', options.rootPem));
  checkRoot(root, now);
  const pool = readChain(options.chainPem ?? '');
  const issuing = new Map<IssuingRole, Checked>();
  for (const role of ['device-ca', 'service-ca'] as const) {
    const id = `${role}-1`;
    const signer = await keys.open(id);
    issuing.set(role, checkFor({ id, role }, options.issuingPem[role], { root, pool, now, signer }));
  }
  const [device, service] = [issuing.get('device-ca')!, issuing.get('service-ca')!];
  if (sameName(device.certificate.subject, service.certificate.subject)) {
    throw new PkiError(
      'certificate-refused',
      'both authorities have the same name; have each signed under its own',
    );
  }
  const external = !isOurs(root);
  const rootRecord: AuthorityRecord = {
    id: 'root-1',
    role: 'root',
    generation: 1,
    serial: root.serialHex,
    der: toBase64(root.der),
    created: now,
    offline: true,
    ...(external ? { external } : {}),
  };
  const made = [device, service].map((checked) => recordsOf(checked, { generation: 1, now, by }));
  const rootCertificate = certificateOf(root, {
    profile: 'root',
    subject: 'root-1',
    issuer: 'root-1',
    now,
    by,
  });
  await records.commit(
    [
      write.insert(authorities, rootRecord),
      // Serial numbers of others may be small and meet again: their certificates have no place among ours.
      ...(external ? [] : [write.insert(certificates, rootCertificate)]),
      ...made.flatMap(({ record, certificate }) => [
        write.insert(authorities, record),
        write.insert(certificates, certificate),
      ]),
    ],
    [{ record: rootRecord, certificate: rootCertificate }, ...made].map(({ record, certificate }) =>
      importEntry(record, certificate, now, by),
    ),
  );
  return [device, service].map((checked) => toldOf(checked, root));
}

/** A certificate that was checked for an authority of ours, and what stands between it and the root. */
export interface Checked {
  readonly id: string;
  readonly role: IssuingRole;
  readonly certificate: ParsedCertificate;
  readonly chain: readonly ParsedCertificate[];
}

/** Checks a certificate that was signed elsewhere for the key that waits here under this id. */
export function checkFor(
  { id, role }: { readonly id: string; readonly role: IssuingRole },
  pem: string,
  wanted: {
    readonly root: ParsedCertificate;
    readonly pool: readonly ParsedCertificate[];
    readonly now: number;
    readonly signer: Signer | undefined;
  },
): Checked {
  const [first, ...rest] = fromPem('CERTIFICATE', pem);
  if (first === undefined) throw new PkiError('malformed-pem', `text for \`${role}\` holds no CERTIFICATE`);
  const certificate = readCertificate(first);
  const { signer, root, now } = wanted;
  if (signer === undefined)
    throw new PkiError('key-mismatch', `no key waits here for \`${id}\`; make its request first`);
  if (Buffer.compare(signer.publicKey.spki, certificate.publicKey) !== 0)
    throw new PkiError('key-mismatch', `certificate of \`${role}\` is not for the key that waits here`);
  // Who signs often puts the whole chain into the one file, the new certificate first.
  const pool = [...wanted.pool, ...rest.map((der) => readCertificate(der))];
  return { id, role, certificate, chain: checkIssuing(role, certificate, { root, pool, now }) };
}

/** Any number of certificates, PEM. */
export function readChain(pem: string): readonly ParsedCertificate[] {
  return fromPem('CERTIFICATE', pem).map((der) => readCertificate(der));
}

/** Whether a root is as our own ceremony makes it; its CRL is then awaited from there. */
function isOurs(root: ParsedCertificate): boolean {
  return findFaults(root.tbs, profileOf('root')).length === 0;
}

/** The records of a checked authority. */
export function recordsOf(
  { id, role, certificate: parsed, chain }: Checked,
  { generation, now, by }: { readonly generation: number; readonly now: number; readonly by: string },
): { readonly record: AuthorityRecord; readonly certificate: Certificate } {
  const record: AuthorityRecord = {
    id,
    role,
    generation,
    serial: parsed.serialHex,
    der: toBase64(parsed.der),
    created: now,
    ...(chain.length === 0 ? {} : { chain: chain.map(({ der }) => toBase64(der)) }),
  };
  const issuer = chain.length === 0 ? 'root-1' : 'external';
  return {
    record,
    certificate: certificateOf(parsed, { profile: 'issuing-ca', subject: id, issuer, now, by }),
  };
}

function certificateOf(
  parsed: ParsedCertificate,
  about: {
    readonly profile: string;
    readonly subject: string;
    readonly issuer: string;
    readonly now: number;
    readonly by: string;
  },
): Certificate {
  const key = keyOf(parsed.der);
  return {
    serial: parsed.serialHex,
    issuer: about.issuer,
    profile: about.profile,
    subject: about.subject,
    names: [],
    keyType: key.keyType,
    keyDigest: keyDigest(key),
    fingerprint: createHash('sha256').update(parsed.der).digest('hex'),
    notBefore: parsed.notBefore,
    notAfter: parsed.notAfter,
    issued: about.now,
    requester: about.by,
    der: toBase64(parsed.der),
  };
}

function importEntry(
  record: AuthorityRecord,
  certificate: Certificate,
  at: number,
  actor: string,
): AuditEntry {
  return {
    at,
    actor,
    action: 'authority.import',
    target: `certificate:${certificate.serial}`,
    detail: { authority: record.id, fingerprint: certificate.fingerprint },
  };
}

export function toldOf({ id, certificate, chain }: Checked, root: ParsedCertificate): Imported {
  const path = [certificate, ...chain, root].map(({ subject }) => formatName(subject));
  return { id, path, notAfter: certificate.notAfter };
}

/** Takes in a CRL of the offline root: by its key, and with a higher number than the one before. */
export async function importRootCrl(desk: Desk, der: Uint8Array, by: string): Promise<void> {
  const root = issuerOf(desk, 'root');
  if (!root.offline) throw new PkiError('bad-setting', 'the root is not offline: its CRL is made here');
  const crl = readCrl(der);
  const { publicKey } = root.signer;
  if (!verifySignature(publicKey, crl.signatureAlgorithm, crl.tbs, crl.signature)) {
    throw new PkiError('bad-signature', 'CRL is not signed by the root');
  }
  const stored = await desk.records.get(importedCrls, root.id);
  const before = stored === undefined ? 0n : numberOf(Buffer.from(stored.value.der, 'base64'));
  const number = numberOf(der);
  if (number <= before)
    throw new PkiError('conflict', `CRL number ${number} is not above ${before}; sign a new one`);
  const now = desk.clock.now();
  const record = {
    issuer: root.id,
    der: Buffer.from(der).toString('base64'),
    thisUpdate: crl.thisUpdate,
    nextUpdate: crl.nextUpdate ?? crl.thisUpdate,
  };
  await desk.records.commit(
    [
      stored === undefined
        ? write.insert(importedCrls, record)
        : write.update(importedCrls, record, stored.version),
    ],
    [
      {
        at: now,
        actor: by,
        action: 'crl.import',
        target: `certificate:${root.certificate.serialHex}`,
        detail: { number: Number(number), entries: crl.entries.size },
      },
    ],
  );
}

function numberOf(der: Uint8Array): bigint {
  const found = findExtension(readCrl(der).extensions, Oid.crlNumber);
  if (found === undefined) throw new PkiError('malformed-der', 'CRL has no number');
  return BigInt(`0x${Buffer.from(DerReader.over(found.value).integerBytes()).toString('hex')}`);
}
