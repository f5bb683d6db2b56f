import { type Certificate, write } from '@kydai/contracts';
import { profileOf } from '../profile/profiles.ts';
import { authorities, certificates } from '../register/kinds.ts';
import { retryOnConflict } from '../register/retry.ts';
import { type Desk, type Issuer, issuerOf } from './desk.ts';
import { makeCertificate } from './draft.ts';
import { createAuthority, type Role } from './hierarchy.ts';

/**
 * Makes the next generation of an authority with a new key, which issues from now on. The one before goes on answering
 * for what it issued: its CRL, its OCSP responder, its client certificates.
 *
 * For the root two more certificates are made, each generation signed by the other (RFC 4210 section 4.4): who trusts
 * only the old root can follow a path to the new one, and the other way round. Both are among `caCertificates`.
 */
export async function rollOver(desk: Desk, role: Role, by: string): Promise<string> {
  return retryOnConflict(async () => {
    const old = issuerOf(desk, role);
    const root = role === 'root' ? undefined : issuerOf(desk, 'root');
    const { issuer, record, certificate } = await createAuthority(desk, role, old.generation + 1, root);
    const crosses = role === 'root' ? [await cross(desk, issuer, old), await cross(desk, old, issuer)] : [];
    await desk.records.commit(
      [
        write.insert(authorities, record),
        ...[certificate, ...crosses].map((value) => write.insert(certificates, value)),
      ],
      [certificate, ...crosses].map(({ serial, fingerprint, profile, issuer: signer }) => ({
        at: certificate.issued,
        actor: by,
        action: 'authority.rollover',
        target: `certificate:${serial}`,
        detail: { authority: issuer.id, before: old.id, fingerprint, profile, issuer: signer },
      })),
    );
    desk.issuers.set(issuer.id, issuer);
    desk.crosses.push(...crosses.map(({ der }) => Buffer.from(der, 'base64')));
    return issuer.id;
  });
}

/** One root's name and key, signed by the other. */
function cross(desk: Desk, subject: Issuer, signer: Issuer): Promise<Certificate> {
  return makeCertificate(
    {
      profile: profileOf('cross-root'),
      subject: subject.id,
      subjectName: subject.certificate.subject.der,
      names: [],
      publicKey: subject.signer.publicKey,
      requester: 'system',
      now: desk.clock.now(),
    },
    signer,
    desk.urls,
  );
}
