import type { Decide } from '@kydai/contracts';
import type { ClientVerdict } from '@kydai/pki';
import { certificateOf, forwardedCertificate } from './certificate.ts';
import type { RouteTable } from './routes.ts';

export interface GateOptions {
  readonly routes: RouteTable;
  /** Chain, record, validity and revocation of a device certificate, asked at every request. */
  readonly verifyClient: (der: Uint8Array) => Promise<ClientVerdict>;
  readonly decide: Decide;
}

/** The request that a proxy holds back until we have answered. */
interface Held {
  readonly method: string;
  readonly target: string;
  /** Percent-encoded PEM of the certificate whose key the client proved to hold, where it showed one. */
  readonly certificate: string | undefined;
}

/**
 * Answers nginx's `auth_request`: 204 lets pass, 401 where there is no good certificate, 403 where there is one and
 * the answer is no. `x-kydai-reason` says why. Reads only headers that the proxy sets itself: `x-original-method`,
 * `x-original-uri`, `x-ssl-client-verify` and `x-ssl-client-cert`. That the caller is a proxy of ours is the host's
 * check.
 */
export function nginxGate(options: GateOptions): (request: Request) => Promise<Response> {
  return async ({ headers }) => {
    // nginx announces the held request's body and does not send it, unless told to leave the length out: what follows
    // on the connection would be read as that body.
    if (headers.has('content-length') || headers.has('transfer-encoding'))
      return new Response('set proxy_set_header Content-Length ""\n', {
        status: 400,
        headers: { connection: 'close' },
      });
    return judged(options, 204, {
      method: headers.get('x-original-method') ?? '',
      target: headers.get('x-original-uri') ?? '',
      certificate:
        headers.get('x-ssl-client-verify') === 'SUCCESS'
          ? (headers.get('x-ssl-client-cert') ?? undefined)
          : undefined,
    });
  };
}

/**
 * Answers Envoy's HTTP `ext_authz`: the held request itself below `prefix`, with the `Cert` of
 * `x-forwarded-client-cert`. 200 lets pass; 401, 403 and `x-kydai-reason` as for nginx.
 */
export function envoyGate(options: GateOptions, prefix: string): (request: Request) => Promise<Response> {
  return async ({ headers, method, url }) => {
    const target = url.slice(url.indexOf('/', url.indexOf('://') + 3));
    const forwarded = headers.get('x-forwarded-client-cert');
    return judged(options, 200, {
      method,
      target: target.startsWith(`${prefix}/`) ? target.slice(prefix.length) : '',
      certificate: forwarded === null ? undefined : forwardedCertificate(forwarded),
    });
  };
}

async function judged(options: GateOptions, pass: 200 | 204, held: Held): Promise<Response> {
  if (held.certificate === undefined) return answer(401, 'no-certificate');
  const der = certificateOf(held.certificate);
  if (der === undefined) return answer(401, 'certificate-malformed');
  const verdict = await options.verifyClient(der);
  // Whoever holds a revoked certificate is known, and refused for good; the rest may come back with a better one.
  if (!verdict.ok) return answer(verdict.reason === 'revoked' ? 403 : 401, `certificate-${verdict.reason}`);
  const asked = options.routes(held.method, held.target);
  if (asked === undefined) return answer(403, 'no-route', verdict.device);
  const decision = options.decide({ principal: { type: 'Device', id: verdict.device }, ...asked });
  if (decision.allowed) return answer(pass, 'permitted', verdict.device);
  const by = decision.determining.map(({ id }) => id).join(' ');
  return answer(403, by === '' ? decision.outcome : `${decision.outcome} ${by}`, verdict.device);
}

function answer(status: number, reason: string, device?: string): Response {
  const headers = new Headers({
    'cache-control': 'no-store',
    'x-kydai-reason': reason.replace(/[^\x20-\x7e]/g, '?').slice(0, 500),
  });
  if (device !== undefined) headers.set('x-kydai-device', device);
  if (status === 401) headers.set('www-authenticate', 'Mutual');
  return new Response(null, { status, headers });
}
