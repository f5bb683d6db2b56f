import { DerReader } from '../der/reader.ts';
import { PkiError } from '../error.ts';
import { findPath } from '../path/build.ts';
import type { ParsedCertificate } from '../x509/certificate.ts';
import {
  findExtension,
  readBasicConstraints,
  readExtendedKeyUsage,
  readKeyUsage,
} from '../x509/extension.ts';
import { type GeneralName, textName } from '../x509/general-name.ts';
import { encodeName, formatName, readName, sameName } from '../x509/name.ts';
import { constraintFault, readNameConstraints } from '../x509/name-constraints.ts';
import { nameOfOid, Oid } from '../x509/oids.ts';
import { readPublicKey } from '../x509/public-key.ts';
import { verifySignature } from '../x509/signature.ts';
import type { IssuingRole } from './offline.ts';

/** Refuses what is no trust anchor: a root is signed by itself. */
export function checkRoot(root: ParsedCertificate, now: number): void {
  const refuse = (why: string): never => {
    throw new PkiError('certificate-refused', `root \`${formatName(root.subject)}\`: ${why}`);
  };
  if (!sameName(root.subject, root.issuer)) {
    refuse(
      `it is issued by \`${formatName(root.issuer)}\`; give that one as the root and this one with the chain`,
    );
  }
  if (!verifySignature(readPublicKey(root.publicKey), root.signatureAlgorithm, root.tbs, root.signature))
    refuse('its own signature does not verify');
  if (now < root.notBefore || now > root.notAfter) refuse('it is not valid at this time');
  const fault = authorityFault(root, 0);
  if (fault !== undefined) refuse(fault);
}

/**
 * Checks that a certificate which somebody signed for an issuing authority of ours can do its work: a path from the root
 * over the given certificates, the right to sign certificates and CRLs at its place in the path, purposes and names that
 * allow what it will issue. Returns the certificates between it and the root, the nearest first. `certificate-refused`
 * names what is wrong and who must mend it.
 */
export function checkIssuing(
  role: IssuingRole,
  certificate: ParsedCertificate,
  wanted: {
    readonly root: ParsedCertificate;
    /** Certificates among which those between are, in any order. */
    readonly pool: readonly ParsedCertificate[];
    readonly now: number;
  },
): readonly ParsedCertificate[] {
  const { root, pool, now } = wanted;
  const refuse = (why: string): never => {
    throw new PkiError('certificate-refused', `certificate of \`${role}\`: ${why}`);
  };
  const { path, fault } = { fault: undefined, ...findPath(certificate, pool, { anchors: [root], at: now }) };
  if (path === undefined) {
    const issuer = formatName(certificate.issuer);
    return refuse(
      fault === 'no path leads to a trusted authority'
        ? `no path leads from it to the root; its issuer is \`${issuer}\`: give its certificate with the chain`
        : `${fault}; its issuer is \`${issuer}\``,
    );
  }
  if (certificate.subject.rdns.length === 0) refuse('its subject is empty');
  for (const [index, each] of [root, ...path].entries()) {
    const below = path.length - index;
    const broken = authorityFault(each, below);
    if (broken !== undefined)
      refuse(each === certificate ? broken : `\`${formatName(each.subject)}\` above it: ${broken}`);
    const denied = deniedPurpose(role, each) ?? deniedName(role, each);
    if (denied !== undefined) refuse(`\`${formatName(each.subject)}\`: ${denied}`);
  }
  return path.slice(0, -1).toReversed();
}

/** Why a certificate may not be that of an authority with so many more authorities below it. */
function authorityFault({ extensions, version }: ParsedCertificate, below: number): string | undefined {
  const basic = findExtension(extensions, Oid.basicConstraints);
  const { ca, pathLength } = basic === undefined ? { ca: false } : readBasicConstraints(basic.value);
  if (!ca || version !== 3)
    return 'it is not the certificate of an authority; have it signed with basicConstraints CA:TRUE';
  if (pathLength !== undefined && pathLength < below)
    return `its path length ${pathLength} does not allow the ${below} authorities below it`;
  if (findExtension(extensions, Oid.subjectKeyIdentifier) === undefined)
    return 'it has no subject key identifier, by which certificates below it find it';
  const usage = findExtension(extensions, Oid.keyUsage);
  const usages = usage === undefined ? undefined : readKeyUsage(usage.value);
  for (const needed of ['keyCertSign', 'cRLSign'] as const) {
    if (usages?.includes(needed) === false) return `its key usage leaves out ${needed}`;
  }
  return undefined;
}

const purposes = {
  'device-ca': [Oid.clientAuth],
  'service-ca': [Oid.serverAuth, Oid.clientAuth],
} as const;

/** An authority with purposes allows below it no others, as most who check certificates see it. */
function deniedPurpose(role: IssuingRole, { extensions }: ParsedCertificate): string | undefined {
  const found = findExtension(extensions, Oid.extendedKeyUsage);
  const allowed = found === undefined ? [Oid.anyExtendedKeyUsage] : readExtendedKeyUsage(found.value);
  if (allowed.includes(Oid.anyExtendedKeyUsage)) return undefined;
  const missing = [...purposes[role], Oid.ocspSigning].find((purpose) => !allowed.includes(purpose));
  return missing === undefined ? undefined : `its extended key usage leaves out ${nameOfOid(missing)}`;
}

/** Names such as will be issued, held against the name constraints of an authority. */
function deniedName(role: IssuingRole, { extensions }: ParsedCertificate): string | undefined {
  const found = findExtension(extensions, Oid.nameConstraints);
  if (found === undefined) return undefined;
  const constraints = readNameConstraints(found.value);
  const subject = readName(DerReader.over(encodeName([Oid.commonName, 'example-1'])));
  const names: GeneralName[] = [
    { kind: 'directory', text: 'subject', bytes: subject.der, name: subject },
    ...(role === 'device-ca' ? [textName('example-1')] : []),
  ];
  const fault = names.map((name) => constraintFault(constraints, name)).find((each) => each !== undefined);
  return fault === undefined ? undefined : `its name constraints forbid what is issued here: ${fault}`;
}
