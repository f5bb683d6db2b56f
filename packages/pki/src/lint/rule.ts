import type { Profile } from '../profile/profile.ts';
import type { ParsedCertificate } from '../x509/certificate.ts';
import type { Extension } from '../x509/extension.ts';
import type { GeneralName } from '../x509/general-name.ts';
import type { PublicKey } from '../x509/public-key.ts';

/**
 * What certificates of one profile, one issuer and one type of key have in common. It holds nothing of what differs from
 * one to the next: the extensions of `../lint/shape.ts` have no value here, only presence and criticality.
 */
export interface LintShape {
  readonly certificate: Pick<ParsedCertificate, 'version' | 'signatureAlgorithm' | 'issuer' | 'extensions'>;
  readonly publicKey: Pick<PublicKey, 'family' | 'keyType' | 'size'>;
  readonly profile: Profile;
  /** The issuing authority's own certificate; for the root, the certificate itself. */
  readonly issuer: ParsedCertificate;
  extension(oid: string): Extension | undefined;
}

/** What a rule looks at: the bytes that will be signed, read again, beside what they were meant to be. */
export interface LintSubject extends LintShape {
  readonly certificate: ParsedCertificate;
  readonly publicKey: PublicKey;
  /** Of the subjectAltName; empty without one. */
  readonly names: readonly GeneralName[];
}

interface RuleOf<Subject> {
  readonly id: string;
  /** Document and section. */
  readonly citation: string;
  /** What is wrong, as a clause that follows the rule's id; undefined when nothing is. */
  check(subject: Subject): string | undefined;
}

/** One clause that a certificate must keep. */
export type Rule = RuleOf<LintSubject>;

/** One clause about the shape alone: pure, so that two certificates of the same shape keep it or break it together. */
export type ShapeRule = RuleOf<LintShape>;
