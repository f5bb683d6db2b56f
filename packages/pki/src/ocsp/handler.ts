import type { Authority } from '../authority/authority.ts';
import { PkiError } from '../error.ts';
import { readBody } from '../est/body.ts';
import { plain, problem } from '../est/problem.ts';
import { strictBase64 } from '../x509/pem.ts';

const path = '/pki/ocsp';
const headers = { 'content-type': 'application/ocsp-response', 'cache-control': 'no-cache' };

/** OCSP over HTTP, GET and POST (RFC 6960 appendix A), at `/pki/ocsp`. */
export function createOcspHandler(options: {
  readonly authority: Authority;
}): (request: Request) => Promise<Response> {
  const { authority } = options;
  return async (request) => {
    const { pathname } = new URL(request.url);
    try {
      if (request.method === 'POST' && pathname === path) {
        return new Response(copy(await authority.ocsp(await readBody(request, 16_384))), { headers });
      }
      if (request.method === 'GET' && pathname.startsWith(`${path}/`)) {
        return new Response(copy(await authority.ocsp(fromPath(pathname.slice(path.length + 1)))), {
          headers,
        });
      }
    } catch (error) {
      if (error instanceof PkiError) return problem(error);
      throw error;
    }
    return plain(
      pathname === path || pathname.startsWith(`${path}/`) ? 405 : 404,
      'send an OCSP request by GET or POST',
    );
  };
}

/** Base64 of the request, URL-encoded or not: clients differ. What is no base64 is answered as malformed. */
function fromPath(text: string): Uint8Array {
  try {
    return strictBase64(decodeURIComponent(text.slice(0, 4096)));
  } catch {
    return new Uint8Array(0);
  }
}

function copy(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
