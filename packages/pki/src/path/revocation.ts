import { DerReader } from '../der/reader.ts';
import { Tag } from '../der/tag.ts';
import { context, element, sequence } from '../der/writer.ts';
import { PkiError } from '../error.ts';
import type { ParsedCertificate } from '../x509/certificate.ts';
import type { ParsedCrl } from '../x509/crl.ts';
import { findExtension, readBasicConstraints, readKeyUsage } from '../x509/extension.ts';
import { Oid } from '../x509/oids.ts';
import { readPublicKey } from '../x509/public-key.ts';
import { verifySignature } from '../x509/signature.ts';
import { findPath } from './build.ts';
import { sameNameText } from './validate.ts';

export interface RevocationSources {
  readonly crls: readonly ParsedCrl[];
  /** Certificates among which the signer of a CRL may be, where it is another key of the same authority. */
  readonly pool: readonly ParsedCertificate[];
  readonly anchors: readonly ParsedCertificate[];
  readonly at: number;
}

/**
 * A `revocation` check for `pathFault` by complete CRLs of the certificate's own issuer (RFC 5280 section 6.3). Deltas
 * only take trust away; CRLs that are indirect or partial by reason are not used; where no usable CRL covers a certificate its state is
 * unknown, and unknown is refused.
 */
export function revocationBy(sources: RevocationSources, depth = 0) {
  return (certificate: ParsedCertificate, issuer: ParsedCertificate): string | undefined => {
    let covered = false;
    for (const crl of sources.crls) {
      if (!sameNameText(crl.issuer, certificate.issuer) || !isCurrent(crl, sources.at)) continue;
      const entry = crl.entries.get(certificate.serialHex);
      // A delta can only take trust away here: what it gives back (removeFromCRL) is not used.
      const delta = findExtension(crl.extensions, Oid.deltaCrlIndicator) !== undefined;
      if (delta && (entry === undefined || entry.reason === removeFromCrl)) continue;
      if (!covers(crl, certificate) || !isSigned(crl, issuer, sources, depth)) continue;
      if (entry !== undefined) return 'certificate is revoked';
      covered = true;
    }
    return covered ? undefined : 'no current CRL covers the certificate';
  };
}

const removeFromCrl = 8;

function isCurrent({ thisUpdate, nextUpdate }: ParsedCrl, at: number): boolean {
  return thisUpdate <= at && nextUpdate !== undefined && at <= nextUpdate;
}

function isSigned(
  crl: ParsedCrl,
  issuer: ParsedCertificate,
  sources: RevocationSources,
  depth: number,
): boolean {
  if (maySignCrls(issuer) && isBy(crl, issuer)) return true;
  if (depth >= 2) return false;
  const { anchors, pool, at } = sources;
  return pool.some(
    (candidate) =>
      sameNameText(candidate.subject, crl.issuer) &&
      maySignCrls(candidate) &&
      isBy(crl, candidate) &&
      findPath(candidate, pool, { anchors, at, revocation: revocationBy(sources, depth + 1) }).path !==
        undefined,
  );
}

function isBy(crl: ParsedCrl, signer: ParsedCertificate): boolean {
  try {
    return verifySignature(readPublicKey(signer.publicKey), crl.signatureAlgorithm, crl.tbs, crl.signature);
  } catch (error) {
    if (error instanceof PkiError) return false;
    throw error;
  }
}

function maySignCrls({ extensions }: ParsedCertificate): boolean {
  const usage = findExtension(extensions, Oid.keyUsage);
  return usage === undefined || readKeyUsage(usage.value).includes('cRLSign');
}

const understood: ReadonlySet<string> = new Set([Oid.issuingDistributionPoint, Oid.deltaCrlIndicator]);

/** Whether this CRL speaks of this certificate, as far as it can be understood. */
function covers({ extensions, entries }: ParsedCrl, certificate: ParsedCertificate): boolean {
  if (extensions.some(({ oid, critical }) => critical && !understood.has(oid))) return false;
  for (const entry of entries.values()) if (entry.extensions.some(({ critical }) => critical)) return false;
  const scope = findExtension(extensions, Oid.issuingDistributionPoint);
  if (scope === undefined) return true;
  const body = DerReader.over(scope.value).sequence();
  const point = body.peek() === 0xa0 ? body.raw() : undefined;
  const users = isTrue(body, 1);
  const authorities = isTrue(body, 2);
  // onlySomeReasons, indirectCRL, onlyContainsAttributeCerts: not used.
  if (body.more) return false;
  const basic = findExtension(certificate.extensions, Oid.basicConstraints);
  const authority = basic !== undefined && readBasicConstraints(basic.value).ca;
  if ((users && authority) || (authorities && !authority)) return false;
  return point === undefined || pointsTo(certificate, point);
}

function isTrue(body: DerReader, tag: number): boolean {
  const found = body.optionalPrimitive(tag);
  return found !== undefined && found[0] !== 0;
}

/** Whether one of the certificate's distribution points shares a name with the CRL's. */
function pointsTo(certificate: ParsedCertificate, point: Uint8Array): boolean {
  const extension = findExtension(certificate.extensions, Oid.crlDistributionPoints);
  if (extension === undefined) return false;
  const { der: issuer } = certificate.issuer;
  const wanted = namesIn(point, issuer);
  const list = DerReader.over(extension.value).sequence();
  while (list.more) {
    const item = list.sequence();
    if (item.peek() === 0xa0 && namesIn(item.raw(), issuer).some((name) => wanted.includes(name)))
      return true;
  }
  return false;
}

/** The names of a DistributionPointName as hex: each full name, or the issuer's name with the relative one added. */
function namesIn(pointName: Uint8Array, issuer: Uint8Array): string[] {
  const choice = DerReader.over(pointName).enter(0xa0);
  if (choice.peek() === 0xa1) {
    const relative = element(Tag.set, choice.contents(0xa1));
    const name = sequence(DerReader.over(issuer).contents(Tag.sequence), relative);
    return [Buffer.from(context(4, name)).toString('hex')];
  }
  const names = choice.enter(0xa0);
  const found: string[] = [];
  while (names.more) found.push(Buffer.from(names.raw()).toString('hex'));
  return found;
}
