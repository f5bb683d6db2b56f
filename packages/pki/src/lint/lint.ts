import { PkiError } from '../error.ts';
import type { Profile } from '../profile/profile.ts';
import { type ParsedCertificate, readTbsCertificate } from '../x509/certificate.ts';
import { findExtension } from '../x509/extension.ts';
import { readGeneralNames } from '../x509/general-name.ts';
import { Oid } from '../x509/oids.ts';
import { readPublicKey } from '../x509/public-key.ts';
import { LintProof } from './proof.ts';
import type { LintSubject, Rule, ShapeRule } from './rule.ts';
import { ownRules, shapeRules } from './rules/index.ts';
import { isKnownSound, rememberSound, shapeOf } from './shape.ts';

export interface LintFinding {
  readonly rule: string;
  readonly citation: string;
  readonly message: string;
}

/** Everything that is wrong with a certificate that is about to be signed; empty when nothing is. */
export function findFaults(tbs: Uint8Array, profile: Profile, issuer?: ParsedCertificate): LintFinding[] {
  return check(readTbsCertificate(tbs), profile, issuer);
}

/**
 * Proves that a TBSCertificate keeps every rule; without `issuer` it is checked as a root. `lint-failed` names each
 * rule that is broken.
 */
export function lint(tbs: Uint8Array, profile: Profile, issuer?: ParsedCertificate): LintProof {
  const certificate = readTbsCertificate(tbs);
  const findings = check(certificate, profile, issuer);
  if (findings.length > 0) {
    const what = findings.map(({ rule, message }) => `${rule}: ${message}`).join('; ');
    throw new PkiError(
      'lint-failed',
      `certificate would break the rules of profile \`${profile.id}\`: ${what}`,
    );
  }
  return new LintProof(certificate);
}

function check(certificate: ParsedCertificate, profile: Profile, issuer?: ParsedCertificate): LintFinding[] {
  const alternative = findExtension(certificate.extensions, Oid.subjectAltName);
  const subject: LintSubject = {
    certificate,
    publicKey: readPublicKey(certificate.publicKey),
    names: alternative === undefined ? [] : readGeneralNames(alternative.value),
    profile,
    issuer: issuer ?? certificate,
    extension: (oid) => findExtension(certificate.extensions, oid),
  };
  const findings: LintFinding[] = [];
  const keep = (rule: Rule | ShapeRule, message: string | undefined): void => {
    if (message !== undefined) findings.push({ rule: rule.id, citation: rule.citation, message });
  };
  if (!isKnownSound(subject)) {
    const shape = shapeOf(subject);
    for (const rule of shapeRules) keep(rule, rule.check(shape));
    if (findings.length === 0) rememberSound(shape);
  }
  for (const rule of ownRules) keep(rule, rule.check(subject));
  return findings;
}
