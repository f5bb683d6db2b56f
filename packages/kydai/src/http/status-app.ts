import type { Peer } from './listen.ts';

/** CRLs, OCSP and CA certificates over plain HTTP: signed by themselves, and needed before TLS can be trusted. */
export function createStatusApp(handlers: {
  readonly ocsp: (request: Request) => Promise<Response>;
  readonly crl: (request: Request) => Promise<Response>;
  /** When a certificate should be renewed. */
  readonly renewal: (request: Request) => Promise<Response>;
  /** Every authority's certificate, PKCS#7 certs-only. */
  readonly authorities: () => Uint8Array;
  /** DER of the certificate with a serial number. */
  readonly certificate: (serial: string) => Promise<Uint8Array | undefined>;
  /** The root certificate for people and scripts: everything else is DER. */
  readonly rootPem: string;
}): (request: Request, peer: Peer) => Promise<Response> {
  return async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === '/pki/ocsp' || pathname.startsWith('/pki/ocsp/')) return handlers.ocsp(request);
    if (pathname === '/pki/ca/root.pem') {
      return new Response(handlers.rootPem, { headers: { 'content-type': 'application/x-pem-file' } });
    }
    if (pathname === '/pki/ca/all.p7c')
      return octets(handlers.authorities(), 'application/pkcs7-mime; smime-type=certs-only');
    const serial = /^\/pki\/certificate\/([0-9a-f]{2,42})\.crt$/.exec(pathname)?.[1];
    if (serial !== undefined) {
      const der = await handlers.certificate(serial);
      if (der !== undefined) return octets(der, 'application/pkix-cert');
      return new Response('no certificate has this serial number\n', { status: 404 });
    }
    if (pathname.startsWith('/pki/renewal/')) return handlers.renewal(request);
    if (pathname.startsWith('/pki/')) return handlers.crl(request);
    return new Response(
      'only /pki/ca, /pki/certificate, /pki/crl, /pki/ocsp and /pki/renewal are served here\n',
      {
        status: 404,
      },
    );
  };
}

function octets(bytes: Uint8Array, type: string): Response {
  return new Response(new Uint8Array(bytes), {
    headers: { 'content-type': type, 'cache-control': 'max-age=60' },
  });
}
