import type { Authority } from '../authority/authority.ts';
import { PkiError } from '../error.ts';
import { plain } from '../est/problem.ts';

/**
 * What certificates point to: `/pki/crl/<issuer>.crl` (all of it), `/pki/crl/<issuer>/<shard>.crl` (DER, RFC 5280
 * section 4.2.1.13), each with its delta at `.delta.crl`, and `/pki/ca/<issuer>.crt` (DER, section 4.2.2.1).
 */
export function createCrlHandler(options: {
  readonly authority: Authority;
}): (request: Request) => Promise<Response> {
  const { authority } = options;
  return async (request) => {
    const { pathname } = new URL(request.url);
    const list = /^\/pki\/crl\/([a-z0-9-]{1,64})(?:\/([0-9]{1,9}))?(\.delta)?\.crl$/.exec(pathname);
    const issuer = /^\/pki\/ca\/([a-z0-9-]{1,64})\.crt$/.exec(pathname);
    if (list === null && issuer === null)
      return plain(404, 'there are /pki/crl/<issuer>.crl and /pki/ca/<issuer>.crt');
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return plain(405, 'use GET', { allow: 'GET, HEAD' });
    try {
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
