import { readAccessUrls, readDistributionPointUrls } from '../../x509/extension.ts';
import { Oid } from '../../x509/oids.ts';
import type { ShapeRule } from '../rule.ts';

export const distributionPoints: ShapeRule = {
  id: 'distribution-points',
  citation: 'RFC 5280 sections 4.2.1.13 and 4.2.2.1; our profile: revocation can always be found',
  check: ({ profile, extension }) => {
    if (profile.issuer === 'self' || profile.ocspNoCheck || profile.noRevocation) return undefined;
    const points = extension(Oid.crlDistributionPoints);
    const access = extension(Oid.authorityInfoAccess);
    if (points === undefined || access === undefined) return 'it does not say where its revocation is found';
    const urls = [...readDistributionPointUrls(points.value), ...readAccessUrls(access.value, Oid.caIssuers)];
    const ocsp = readAccessUrls(access.value, Oid.ocsp);
    if (urls.length < 2 || (profile.authority === undefined && ocsp.length === 0))
      return 'an access URL is missing';
    return [...urls, ...ocsp].every((url) => /^https?:\/\/[\x21-\x7e]+$/.test(url))
      ? undefined
      : 'an access URL is not http';
  },
};
