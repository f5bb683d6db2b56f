import type { Peer } from './listen.ts';

/** CRLs, OCSP and CA certificates over plain HTTP: signed by themselves, and needed before TLS can be trusted. */
export function createStatusApp(handlers: {
  readonly ocsp: (request: Request) => Promise<Response>;
  readonly crl: (request: Request) => Promise<Response>;
  /** When a certificate should be renewed. */
  readonly renewal: (request: Request) => Promise<Response>;
  /** The root certificate for people and scripts: everything else is DER. */
  readonly rootPem: string;
}): (request: Request, peer: Peer) => Promise<Response> {
  return async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === '/pki/ocsp' || pathname.startsWith('/pki/ocsp/')) return handlers.ocsp(request);
    if (pathname === '/pki/ca/root.pem') {
      return new Response(handlers.rootPem, { headers: { 'content-type': 'application/x-pem-file' } });
    }
    if (pathname.startsWith('/pki/renewal/')) return handlers.renewal(request);
    if (pathname.startsWith('/pki/')) return handlers.crl(request);
    return new Response('only /pki/ca, /pki/crl, /pki/ocsp and /pki/renewal are served here\n', {
      status: 404,
    });
  };
}
