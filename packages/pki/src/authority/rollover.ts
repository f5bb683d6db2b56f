import { type AuditEntry, type Certificate, type Write, write } from '@kydai/contracts';
import { profileOf } from '../profile/profiles.ts';
import { type AuthorityRecord, authorities, certificates } from '../register/kinds.ts';
import { retryOnConflict } from '../register/retry.ts';
import { findExtension, readBasicConstraints } from '../x509/extension.ts';
import { Oid } from '../x509/oids.ts';
import { type Desk, type Issuer, issuerOf } from './desk.ts';
import { makeCertificate } from './draft.ts';
import { createAuthority, type Role } from './hierarchy.ts';

/**
 * Makes the next generation of an authority with a new key, which issues from now on. The one before goes on answering
 * for what it issued: its CRL, its OCSP responder, its client certificates.
 *
 * Two more certificates are made, each generation signed by the other (RFC 4210 section 4.4): who trusts only the old
 * one, root or pinned authority, can follow a path to the new one, and the other way round. Both are among
 * `caCertificates`.
 */
export async function rollOver(desk: Desk, role: Role, by: string): Promise<string> {
  return retryOnConflict(async () => {
    const old = issuerOf(desk, role);
    const root = role === 'root' ? undefined : issuerOf(desk, 'root');
    const made = await createAuthority(desk, role, old.generation + 1, root);
    return succeed(desk, old, made, by);
  });
}

/** Records the next generation with the crosses between it and the one before, in one commit; it issues from then on. */
export async function succeed(
  desk: Desk,
  old: Issuer,
  made: {
    readonly issuer: Issuer;
    readonly record: AuthorityRecord;
    readonly certificate: Certificate;
  },
  by: string,
): Promise<string> {
  const { issuer, record, certificate } = made;
  const crosses = [...(await cross(desk, issuer, old)), ...(await cross(desk, old, issuer))];
  const writes: Write[] = [write.insert(authorities, record)];
  const audit: AuditEntry[] = [];
  for (const value of [certificate, ...crosses]) {
    const { serial, fingerprint, profile, issuer: signer } = value;
    writes.push(write.insert(certificates, value));
    audit.push({
      at: desk.clock.now(),
      actor: by,
      action: 'authority.rollover',
      target: `certificate:${serial}`,
      detail: { authority: issuer.id, before: old.id, fingerprint, profile, issuer: signer },
    });
  }
  await desk.records.commit(writes, audit);
  desk.issuers.set(issuer.id, issuer);
  desk.crosses.push(...crosses.map(({ der }) => Buffer.from(der, 'base64')));
  return issuer.id;
}

/**
 * One generation's name, key and name constraints, signed by the other. None where the signer's key is elsewhere or its
 * path length allows no authority below it: who checks paths would refuse it, and might choose it before a good one.
 */
async function cross(desk: Desk, subject: Issuer, signer: Issuer): Promise<Certificate[]> {
  const profile = profileOf(`cross-${signer.role}`);
  const basic = findExtension(signer.certificate.extensions, Oid.basicConstraints);
  const { pathLength } = basic === undefined ? { pathLength: 0 } : readBasicConstraints(basic.value);
  const ended = desk.clock.now() >= signer.certificate.notAfter;
  if (signer.offline || ended || (pathLength ?? 1) < 1) return [];
  const nameConstraints = findExtension(subject.certificate.extensions, Oid.nameConstraints);
  const made = await makeCertificate(
    {
      profile,
      subject: subject.id,
      subjectName: subject.certificate.subject.der,
      names: [],
      publicKey: subject.signer.publicKey,
      requester: 'system',
      now: desk.clock.now(),
      ...(nameConstraints === undefined ? {} : { nameConstraints }),
    },
    signer,
    desk.urls,
  );
  return [made];
}
