import type { ParsedCertificate } from '../x509/certificate.ts';
import { findExtension, readAccessUrls, readDistributionPointUrls } from '../x509/extension.ts';
import { Oid } from '../x509/oids.ts';

export interface StatusPlaces {
  readonly ocsp: readonly string[];
  readonly crl: readonly string[];
  /** The certificate says that it is never revoked, because it ends soon (RFC 9608). */
  readonly never: boolean;
}

/** Where a certificate says that its status can be learnt; web addresses alone. Throws `malformed-der`. */
export function statusPlaces({ extensions }: ParsedCertificate): StatusPlaces {
  const value = (oid: string) => findExtension(extensions, oid)?.value;
  const access = value(Oid.authorityInfoAccess);
  const points = value(Oid.crlDistributionPoints);
  const web = (urls: string[]) => urls.filter((url) => /^https?:\/\//i.test(url));
  return {
    ocsp: access === undefined ? [] : web(readAccessUrls(access, Oid.ocsp)),
    crl: points === undefined ? [] : web(readDistributionPointUrls(points)),
    never: value(Oid.noRevAvail) !== undefined,
  };
}
