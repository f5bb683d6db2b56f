import { createHash } from 'node:crypto';
import { type Certificate, type Clock, type RecordStore, write } from '@kydai/contracts';
import { type Desk, issuerOf } from '../authority/desk.ts';
import { DerReader } from '../der/reader.ts';
import { PkiError } from '../error.ts';
import type { KeyStore } from '../keys/key-store.ts';
import { pathFault } from '../path/validate.ts';
import { type AuthorityRecord, authorities, certificates, importedCrls } from '../register/kinds.ts';
import { type ParsedCertificate, readCertificate } from '../x509/certificate.ts';
import { readCrl } from '../x509/crl.ts';
import { findExtension } from '../x509/extension.ts';
import { sameName } from '../x509/name.ts';
import { Oid } from '../x509/oids.ts';
import { keyDigest } from '../x509/public-key.ts';
import { verifySignature } from '../x509/signature.ts';
import { type IssuingRole, keyOf, onlyOne } from './offline.ts';

/**
 * On the server, before the first `openAuthority`: takes in what the ceremony made. Root and issuing certificates are
 * checked against one another and against the keys that wait here, and recorded in one commit; afterwards
 * `openAuthority` opens them and makes nothing.
 */
export async function importCeremony(options: {
  readonly records: RecordStore;
  readonly keys: KeyStore;
  readonly clock: Clock;
  readonly rootPem: string;
  readonly issuingPem: Readonly<Record<IssuingRole, string>>;
  readonly by: string;
}): Promise<void> {
  const { records, keys, clock, by } = options;
  if ((await records.count(authorities)) > 0) {
    throw new PkiError(
      'bad-setting',
      'there are authorities already; a ceremony comes before the first start',
    );
  }
  const now = clock.now();
  const root = readCertificate(onlyOne('CERTIFICATE', options.rootPem));
  const made: { record: AuthorityRecord; certificate: Certificate }[] = [
    take('root', root, root, { now, by, offline: true }),
  ];
  for (const role of ['device-ca', 'service-ca'] as const) {
    const certificate = readCertificate(onlyOne('CERTIFICATE', options.issuingPem[role]));
    const fault = pathFault([certificate], { anchor: root, at: now });
    if (fault !== undefined)
      throw new PkiError('certificate-refused', `certificate of \`${role}\`: ${fault}`);
    const signer = await keys.open(`${role}-1`);
    if (signer === undefined || Buffer.compare(signer.publicKey.spki, certificate.publicKey) !== 0) {
      throw new PkiError('key-mismatch', `certificate of \`${role}\` is not for the key that waits here`);
    }
    made.push(take(role, certificate, root, { now, by, offline: false }));
  }
  await records.commit(
    made.flatMap(({ record, certificate }) => [
      write.insert(authorities, record),
      write.insert(certificates, certificate),
    ]),
    made.map(({ record, certificate: { serial, fingerprint } }) => ({
      at: now,
      actor: by,
      action: 'authority.import',
      target: `certificate:${serial}`,
      detail: { authority: record.id, fingerprint },
    })),
  );
}

function take(
  role: AuthorityRecord['role'],
  parsed: ParsedCertificate,
  root: ParsedCertificate,
  { now, by, offline }: { readonly now: number; readonly by: string; readonly offline: boolean },
): { record: AuthorityRecord; certificate: Certificate } {
  const id = `${role}-1`;
  const key = keyOf(parsed.der);
  const der = Buffer.from(parsed.der).toString('base64');
  const record = { id, role, generation: 1, serial: parsed.serialHex, der, created: now };
  return {
    record: offline ? { ...record, offline } : record,
    certificate: {
      serial: parsed.serialHex,
      issuer: parsed === root || sameName(parsed.issuer, root.subject) ? 'root-1' : 'unknown',
      profile: role === 'root' ? 'root' : 'issuing-ca',
      subject: id,
      names: [],
      keyType: key.keyType,
      keyDigest: keyDigest(key),
      fingerprint: createHash('sha256').update(parsed.der).digest('hex'),
      notBefore: parsed.notBefore,
      notAfter: parsed.notAfter,
      issued: now,
      requester: by,
      der,
    },
  };
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
