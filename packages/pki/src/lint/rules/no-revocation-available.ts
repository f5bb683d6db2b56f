import { readAccessUrls } from '../../x509/extension.ts';
import { Oid } from '../../x509/oids.ts';
import type { Rule } from '../rule.ts';

const day = 86_400_000;

export const noRevocationAvailable: Rule = {
  id: 'no-revocation-available',
  citation: 'RFC 9608 sections 3 and 4; our profile: for lives of a day at most',
  check: ({ profile, certificate: { notBefore, notAfter }, extension }) => {
    const present = extension(Oid.noRevAvail) !== undefined;
    if (present !== profile.noRevocation)
      return 'noRevAvail goes with the profiles that say so and only with them';
    if (!present) return undefined;
    if (profile.authority !== undefined) return 'an authority can always be revoked';
    const access = extension(Oid.authorityInfoAccess);
    const asked = access === undefined ? [] : readAccessUrls(access.value, Oid.ocsp);
    const lists = [Oid.crlDistributionPoints, Oid.freshestCrl].map((oid) => extension(oid));
    if (asked.length > 0 || lists.some((each) => each !== undefined))
      return 'it says that there is no revocation, and where to find it';
    return notAfter - notBefore <= day ? undefined : 'it lasts too long to go without revocation';
  },
};
