import { PkiError } from '../error.ts';
import type { ParsedCertificate } from '../x509/certificate.ts';
import {
  findExtension,
  readBasicConstraints,
  readExtendedKeyUsage,
  readKeyUsage,
} from '../x509/extension.ts';
import { type GeneralName, readGeneralNames } from '../x509/general-name.ts';
import { attributesOf, type Name } from '../x509/name.ts';
import {
  comparable,
  constraintFault,
  type NameConstraints,
  readNameConstraints,
} from '../x509/name-constraints.ts';
import { nameOfOid, Oid } from '../x509/oids.ts';
import { readPublicKey } from '../x509/public-key.ts';
import { verifySignature } from '../x509/signature.ts';

/** What trust begins with: a name and a key, here as a certificate whose own signature means nothing. */
export interface PathOptions {
  readonly anchor: ParsedCertificate;
  /** Epoch milliseconds. */
  readonly at: number;
  /** The purpose that the last certificate must allow, where it limits purposes (`Oid.clientAuth`). */
  readonly purpose?: string;
  /** Why a certificate counts as revoked or cannot be shown not to be; undefined when it is good. */
  readonly revocation?: (certificate: ParsedCertificate, issuer: ParsedCertificate) => string | undefined;
}

const understood: ReadonlySet<string> = new Set([
  Oid.basicConstraints,
  Oid.keyUsage,
  Oid.extendedKeyUsage,
  Oid.subjectAltName,
  Oid.nameConstraints,
  Oid.certificatePolicies,
  Oid.crlDistributionPoints,
  Oid.inhibitAnyPolicy,
]);

/**
 * Checks a path from the certificate below the anchor to the last one (RFC 5280 section 6.1). Returns why it is not
 * valid; undefined when it is. Certificate policies are not processed: a path that demands an explicit policy or maps
 * policies is refused, so that what is not understood never widens trust.
 */
export function pathFault(path: readonly ParsedCertificate[], options: PathOptions): string | undefined {
  try {
    return walkPath(path, options);
  } catch (error) {
    if (error instanceof PkiError) return error.message;
    throw error;
  }
}

function walkPath(path: readonly ParsedCertificate[], options: PathOptions): string | undefined {
  let issuer = options.anchor;
  let left = path.length;
  const constraints: NameConstraints[] = [];
  for (const [index, certificate] of path.entries()) {
    const last = index === path.length - 1;
    const selfIssued = sameNameText(certificate.subject, certificate.issuer);
    const fault =
      basicFault(certificate, issuer, options) ??
      options.revocation?.(certificate, issuer) ??
      (selfIssued && !last ? undefined : nameFault(certificate, constraints)) ??
      extensionFault(certificate);
    if (fault !== undefined) return fault;
    if (last) return purposeFault(certificate, options.purpose);
    const authority = readAuthority(certificate);
    if (typeof authority === 'string') return authority;
    if (!selfIssued) {
      if (left <= 0) return 'path is longer than an authority allows';
      left -= 1;
    }
    left = Math.min(left, authority.pathLength ?? left);
    if (authority.constraints !== undefined) constraints.push(authority.constraints);
    issuer = certificate;
  }
  return 'path is empty';
}

function basicFault(
  certificate: ParsedCertificate,
  issuer: ParsedCertificate,
  { at }: PathOptions,
): string | undefined {
  if (!sameNameText(certificate.issuer, issuer.subject)) return 'issuer is not the subject of the one before';
  if (at < certificate.notBefore || at > certificate.notAfter) return 'certificate is not valid at this time';
  const key = readPublicKey(issuer.publicKey);
  return verifySignature(key, certificate.signatureAlgorithm, certificate.tbs, certificate.signature)
    ? undefined
    : 'signature is not by the issuer';
}

function extensionFault({ extensions }: ParsedCertificate): string | undefined {
  for (const { oid, critical } of extensions) {
    if (oid === Oid.policyConstraints || oid === Oid.policyMappings)
      return `${nameOfOid(oid)} is not supported`;
    if (critical && !understood.has(oid)) return `critical extension ${nameOfOid(oid)} is not understood`;
  }
  return undefined;
}

function readAuthority({
  extensions,
  version,
}: ParsedCertificate):
  | string
  | { readonly pathLength: number | undefined; readonly constraints: NameConstraints | undefined } {
  if (version !== 3) return 'an authority has a certificate of version 3';
  const basic = findExtension(extensions, Oid.basicConstraints);
  const constraints = basic === undefined ? undefined : readBasicConstraints(basic.value);
  if (constraints?.ca !== true) return 'a certificate on the path is not that of an authority';
  const usage = findExtension(extensions, Oid.keyUsage);
  if (usage !== undefined && !readKeyUsage(usage.value).includes('keyCertSign')) {
    return 'an authority on the path may not sign certificates';
  }
  const names = findExtension(extensions, Oid.nameConstraints);
  return {
    pathLength: constraints.pathLength,
    constraints: names === undefined ? undefined : readNameConstraints(names.value),
  };
}

function nameFault(
  certificate: ParsedCertificate,
  constraints: readonly NameConstraints[],
): string | undefined {
  if (constraints.length === 0) return undefined;
  const names = namesOf(certificate);
  for (const each of constraints) {
    for (const name of names) {
      const fault = constraintFault(each, name);
      if (fault !== undefined) return fault;
    }
  }
  return undefined;
}

/** Subject, the mailboxes in it, and the alternative names (RFC 5280 section 4.2.1.10). */
function namesOf({ subject, extensions }: ParsedCertificate): GeneralName[] {
  const names: GeneralName[] = [];
  if (subject.rdns.length > 0)
    names.push({ kind: 'directory', text: 'subject', bytes: subject.der, name: subject });
  for (const { oid, text } of attributesOf(subject)) {
    if (oid === Oid.emailAddress) names.push({ kind: 'email', text, bytes: Buffer.from(text) });
  }
  const alternative = findExtension(extensions, Oid.subjectAltName);
  return alternative === undefined ? names : [...names, ...readGeneralNames(alternative.value)];
}

function purposeFault({ extensions }: ParsedCertificate, purpose: string | undefined): string | undefined {
  const found = findExtension(extensions, Oid.extendedKeyUsage);
  if (purpose === undefined || found === undefined) return undefined;
  const purposes = readExtendedKeyUsage(found.value);
  return purposes.includes(purpose) || purposes.includes(Oid.anyExtendedKeyUsage)
    ? undefined
    : `certificate is not for ${nameOfOid(purpose)}`;
}

/** Equality of names as RFC 5280 section 7.1 asks: without case and needless blanks, whatever the string type. */
export function sameNameText(left: Name, right: Name): boolean {
  return (
    left.rdns.length === right.rdns.length &&
    left.rdns.every((rdn, index) => comparable(rdn) === comparable(right.rdns[index]!))
  );
}
