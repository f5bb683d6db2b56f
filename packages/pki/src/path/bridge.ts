import type { ParsedCertificate } from '../x509/certificate.ts';
import { findExtension, readBasicConstraints } from '../x509/extension.ts';
import { Oid } from '../x509/oids.ts';
import { readPublicKey } from '../x509/public-key.ts';
import { verifySignature } from '../x509/signature.ts';
import { sameNameText } from './validate.ts';

/**
 * The certificates by which one who trusts this anchor alone believes every authority among the given ones: for each of
 * them the one on its shortest path. Since no key stands in it twice, it serves also those who take the first certificate
 * that fits and never go back, as OpenSSL does.
 */
export function bridgeFrom(
  anchor: ParsedCertificate,
  authorities: readonly ParsedCertificate[],
): readonly ParsedCertificate[] {
  const reached = new Set([keyOf(anchor)]);
  const bridge: ParsedCertificate[] = [];
  for (let ring = [{ issuer: anchor, left: pathLengthOf(anchor) }]; ring.length > 0; ) {
    const next: typeof ring = [];
    for (const { issuer, left } of ring) {
      if (left <= 0) continue;
      const key = readPublicKey(issuer.publicKey);
      for (const each of authorities) {
        if (reached.has(keyOf(each)) || !sameNameText(each.issuer, issuer.subject)) continue;
        if (!verifySignature(key, each.signatureAlgorithm, each.tbs, each.signature)) continue;
        reached.add(keyOf(each));
        bridge.push(each);
        next.push({ issuer: each, left: Math.min(left - 1, pathLengthOf(each)) });
      }
    }
    ring = next;
  }
  return bridge;
}

function keyOf({ publicKey }: ParsedCertificate): string {
  return Buffer.from(publicKey).toString('latin1');
}

function pathLengthOf({ extensions }: ParsedCertificate): number {
  const basic = findExtension(extensions, Oid.basicConstraints);
  return (basic === undefined ? undefined : readBasicConstraints(basic.value).pathLength) ?? 8;
}
