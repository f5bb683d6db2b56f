import { PkiError } from '../error.ts';

/** Where certificates say that their revocation and their issuer are found. Fixed at issuance. */
export interface AccessUrls {
  readonly host: string;
  readonly ocsp: string;
  crl(issuer: string, shard?: number, delta?: boolean): string;
  issuer(id: string): string;
}

export function accessUrls(publicUrl: string): AccessUrls {
  const url = URL.parse(publicUrl);
  if (
    url === null ||
    (url.protocol !== 'http:' && url.protocol !== 'https:') ||
    url.search + url.hash !== ''
  ) {
    throw new PkiError(
      'bad-setting',
      `public URL \`${publicUrl.slice(0, 200)}\` is not an http or https URL`,
    );
  }
  const base = url.href.replace(/\/+$/, '');
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    ocsp: `${base}/pki/ocsp`,
    crl: (issuer, shard, delta) =>
      `${base}/pki/crl/${issuer}${shard === undefined ? '' : `/${shard}`}${delta === true ? '.delta' : ''}.crl`,
    issuer: (id) => `${base}/pki/ca/${id}.crt`,
  };
}

/** The shard that a certificate's distribution point names; 0 where it names none. */
export function shardOfUrl(urls: readonly string[]): number {
  const found = urls
    .map((url) => /\/pki\/crl\/[^/]+\/([0-9]{1,9})\.crl$/.exec(url)?.[1])
    .find((shard) => shard);
  return found === undefined ? 0 : Number(found);
}
