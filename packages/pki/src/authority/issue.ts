import { type AuditEntry, type Certificate, type Write, write } from '@kydai/contracts';
import { PkiError } from '../error.ts';
import { renewalDue } from '../fleet/renewal.ts';
import type { Profile } from '../profile/profile.ts';
import { certificates } from '../register/kinds.ts';
import { retryOnConflict } from '../register/retry.ts';
import type { GeneralName } from '../x509/general-name.ts';
import { encodeName } from '../x509/name.ts';
import { Oid } from '../x509/oids.ts';
import { keyDigest } from '../x509/public-key.ts';
import type { CertificateRequest } from '../x509/request.ts';
import { type Desk, isIssuerRevoked, issuerOf, publishCertificate } from './desk.ts';
import { makeCertificate } from './draft.ts';

/** What goes into the commit beside the certificate, read afresh at every attempt. */
export interface Company {
  readonly writes: readonly Write[];
  readonly audit: readonly AuditEntry[];
  /** Runs after the commit. */
  readonly after?: () => void;
}

export interface Issue {
  readonly request: CertificateRequest;
  readonly profile: Profile;
  readonly subject: string;
  readonly names: readonly GeneralName[];
  readonly requester: string;
  readonly actor: string;
  readonly detail?: AuditEntry['detail'];
  /** Its key is most likely new: nobody asks before whether it is, and a commit that finds it known is made again. */
  readonly newKey?: boolean;
  /** Decides again at every attempt; throws to refuse. */
  readonly company?: (
    /** What the same request got before, the newest first. */
    answers: readonly Certificate[],
    /** Issue by this profile instead. */
    choose: (profile: Profile) => void,
  ) => Promise<(certificate: Certificate) => Company>;
}

/**
 * Issues a certificate for a request that was read, verified and checked against the profile.
 *
 * INVARIANT: the record is committed, with its audit entry, before the certificate leaves this function; a commit that
 * fails or a process that is killed leaves no certificate behind. The same request again gets the same certificate, as
 * long as that one is good and not yet due for renewal.
 *
 * INVARIANT: a key belongs to one subject, and what was found of it holds when the record is committed: a key that was
 * new then must still be.
 */
export async function issueCertificate(desk: Desk, issue: Issue): Promise<Certificate> {
  const { request, profile, subject } = issue;
  const digest = keyDigest(request.publicKey);
  await desk.primes.refuseShared(request.publicKey);
  let assumeNew = issue.newKey === true;
  let fresh = false;
  let after: (() => void) | undefined;
  const issued = await retryOnConflict(async () => {
    const now = desk.clock.now();
    const held = assumeNew ? [] : await heldFor(desk, digest);
    assumeNew = false;
    const newest = held[0];
    const answers = held
      .map(({ value }) => value)
      .filter((each) => each.request === request.digest && each.subject === subject);
    let chosen = profile;
    const accompany = await issue.company?.(answers, (other) => {
      chosen = other;
    });
    const earlier = answers.find((each) => each.profile === chosen.id && isCurrent(each, now));
    if (earlier !== undefined) return earlier;
    refuseKnownKey(held, subject);
    const issuer = issuerOf(desk, chosen.issuer);
    if (await isIssuerRevoked(desk, issuer)) {
      throw new PkiError(
        'issuer-revoked',
        `authority \`${issuer.id}\` was revoked; make its next generation: kydai pki rollover`,
      );
    }
    const certificate = await makeCertificate(
      {
        profile: chosen,
        subject,
        subjectName: encodeName([Oid.commonName, subject]),
        names: issue.names,
        publicKey: request.publicKey,
        requester: issue.requester,
        request: request.digest,
        now,
      },
      issuer,
      desk.urls,
    );
    const company = accompany?.(certificate);
    await desk.records.commit(
      [
        // Two requests for one key at a time: the later one meets the certificate of the other, and is decided anew.
        newest === undefined
          ? write.absent(certificates, 'keyDigest', digest)
          : write.change(certificates, newest.value, newest),
        write.insert(certificates, certificate),
        ...(company?.writes ?? []),
      ],
      [issueEntry(certificate, issue), ...(company?.audit ?? [])],
    );
    fresh = true;
    after = company?.after;
    return certificate;
  });
  if (fresh) {
    after?.();
    desk.primes.learn(issued);
    publishCertificate(desk, issued);
  }
  return issued;
}

function issueEntry(certificate: Certificate, { actor, detail }: Issue): AuditEntry {
  const { serial, subject, profile, issuer, fingerprint, requester, keyType } = certificate;
  return {
    at: certificate.issued,
    actor,
    action: 'certificate.issue',
    target: `certificate:${serial}`,
    detail: { subject, profile, issuer, fingerprint, requester, keyType, ...detail },
  };
}

/** Good, and its renewal window has not begun. */
export function isCurrent(certificate: Certificate, now: number): boolean {
  return certificate.revoked === undefined && now < renewalDue(certificate);
}

const harmless: ReadonlySet<string> = new Set(['superseded', 'affiliationChanged', 'cessationOfOperation']);

/** The newest certificates for a key. */
async function heldFor({ records }: Desk, keyDigest: string) {
  const where = { keyDigest };
  return (await records.find(certificates, { where, order: '-issued', limit: 100, total: false })).records;
}

/** A key that was revoked for cause never comes back, and a key belongs to one subject. */
function refuseKnownKey(held: readonly { readonly value: Certificate }[], subject: string): void {
  for (const { value } of held) {
    if (value.revoked !== undefined && !harmless.has(value.revoked.reason)) {
      throw new PkiError('key-revoked', 'this key was in a certificate that was revoked; make a new key');
    }
    if (value.subject !== subject) {
      throw new PkiError(
        'key-in-use',
        'this key is certified for another subject; make a key of its own for each',
      );
    }
  }
}
