import type { Authority } from '../authority/authority.ts';
import { PkiError } from '../error.ts';
import { plain } from '../est/problem.ts';

/**
 * What certificates point to: `/pki/crl/<issuer>.crl` (all of it), `/pki/crl/<issuer>/<shard>.crl` (DER, RFC 5280
 * section 4.2.1.13), each with its delta at `.delta.crl`, and `/pki/ca/<issuer>.crt` (DER, section 4.2.2.1). And
 * `/pki/ca/<issuer>/bridge.pem`: what one who trusts this authority alone needs to believe all the others.
 */
export function createCrlHandler(options: {
  readonly authority: Authority;
}): (request: Request) => Promise<Response> {
  const { authority } = options;
  // Made once for each set of authorities: it costs some verifications, and anybody may ask.
  const bridges = new Map<string, { readonly authorities: number; readonly pem: string }>();
  const bridge = (anchor: string): string => {
    const authorities = authority.issuers().length;
    const known = bridges.get(anchor);
    if (known?.authorities === authorities) return known.pem;
    const pem = authority.bridgePem(anchor);
    bridges.set(anchor, { authorities, pem });
    return pem;
  };
  return async (request) => {
    const { pathname } = new URL(request.url);
    const list = /^\/pki\/crl\/([a-z0-9-]{1,64})(?:\/([0-9]{1,9}))?(\.delta)?\.crl$/.exec(pathname);
    const issuer = /^\/pki\/ca\/([a-z0-9-]{1,64})\.crt$/.exec(pathname);
    const anchor = /^\/pki\/ca\/([a-z0-9-]{1,64})\/bridge\.pem$/.exec(pathname);
    if (list === null && issuer === null && anchor === null)
      return plain(404, 'there are /pki/crl/<issuer>.crl and /pki/ca/<issuer>.crt');
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return plain(405, 'use GET', { allow: 'GET, HEAD' });
    try {
      if (anchor !== null)
        return new Response(bridge(anchor[1]!), {
          headers: { 'content-type': 'application/x-pem-file', 'cache-control': 'max-age=60' },
        });
      if (issuer !== null) return der(authority.certificateOf(issuer[1]!), 'application/pkix-cert', 86_400);
      const shard = list![2] === undefined ? undefined : Number(list![2]);
      const bytes = await authority[list![3] === undefined ? 'crl' : 'deltaCrl'](list![1]!, shard);
      return der(bytes, 'application/pkix-crl', 60);
    } catch (error) {
      if (error instanceof PkiError && error.code === 'unknown-issuer') return plain(404, error.message);
      throw error;
    }
  };
}

function der(bytes: Uint8Array, type: string, seconds: number): Response {
  return new Response(new Uint8Array(bytes), {
    headers: { 'content-type': type, 'cache-control': `max-age=${seconds}` },
  });
}
