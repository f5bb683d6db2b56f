import type { Profile } from '../profile/profile.ts';
import type { ParsedCertificate } from '../x509/certificate.ts';
import type { Extension } from '../x509/extension.ts';
import type { GeneralName } from '../x509/general-name.ts';
import type { PublicKey } from '../x509/public-key.ts';

/** What a rule looks at: the bytes that will be signed, read again, beside what they were meant to be. */
export interface LintSubject {
  readonly certificate: ParsedCertificate;
  readonly publicKey: PublicKey;
  /** Of the subjectAltName; empty without one. */
  readonly names: readonly GeneralName[];
  readonly profile: Profile;
  /** The issuing authority's own certificate; for the root, the certificate itself. */
  readonly issuer: ParsedCertificate;
  extension(oid: string): Extension | undefined;
}

/** One clause that a certificate must keep. */
export interface Rule {
  readonly id: string;
  /** Document and section. */
  readonly citation: string;
  /** What is wrong, as a clause that follows the rule's id; undefined when nothing is. */
  check(subject: LintSubject): string | undefined;
}
