import type { CedarUid, Decide } from '@kydai/contracts';
import type { ClientVerdict } from '@kydai/pki';
import type { Caller } from '../sign-in/caller.ts';
import { certificateOf, forwardedCertificate } from './certificate.ts';
import { type Credentials, credentialsOf, isForgery, withoutSession } from './credentials.ts';
import type { EnforceRoute, RouteTable } from './routes.ts';

export interface GateOptions {
  readonly routes: RouteTable;
  /** Chain, record, validity and revocation of a device certificate, asked at every request. */
  readonly verifyClient: (der: Uint8Array) => Promise<ClientVerdict>;
  /** Whoever a session cookie, a session or an API token speaks for, asked at every request. */
  readonly identify: (headers: Headers) => Promise<Caller | undefined>;
  readonly decide: Decide;
}

/** The request that a proxy holds back until we have answered. */
interface Held {
  readonly method: string;
  readonly target: string;
  /** Percent-encoded PEM of the certificate whose key the client proved to hold, where it showed one. */
  readonly certificate: string | undefined;
  readonly credentials: Credentials;
}

/** Who makes a held request, or why nobody known does. */
type Subject =
  | { readonly uid: CedarUid; readonly headers: Readonly<Record<string, string>>; known(): void }
  | { readonly status: 401 | 403; readonly reason: string };

/**
 * Answers nginx's `auth_request`: 204 lets pass, 401 where there is neither a good certificate nor a sign-in, 403 where
 * there is one and the answer is no. `x-kydai-reason` says why. Reads only headers that the proxy sets itself:
 * `x-original-method`, `-uri`, `-cookie`, `-authorization`, `-site`, `x-ssl-client-verify` and `x-ssl-client-cert`. That
 * the caller is a proxy of ours is the host's check.
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
      credentials: credentialsOf({
        cookie: headers.get('x-original-cookie'),
        authorization: headers.get('x-original-authorization'),
        site: headers.get('x-original-site'),
      }),
    });
  };
}

/** The header in which Envoy proves that it is a proxy of ours; `Authorization` is the client's own then. */
export const proxyHeader = 'x-kydai-proxy';

/**
 * Answers Envoy's HTTP `ext_authz`: the held request itself below `prefix`, with the `Cert` of
 * `x-forwarded-client-cert`, `cookie`, and `authorization` where the proxy proved itself elsewhere. 200 lets pass; 401,
 * 403 and `x-kydai-reason` as for nginx.
 */
export function envoyGate(options: GateOptions, prefix: string): (request: Request) => Promise<Response> {
  return async ({ headers, method, url }) => {
    const target = url.slice(url.indexOf('/', url.indexOf('://') + 3));
    const forwarded = headers.get('x-forwarded-client-cert');
    return judged(options, 200, {
      method,
      target: target.startsWith(`${prefix}/`) ? target.slice(prefix.length) : '',
      certificate: forwarded === null ? undefined : forwardedCertificate(forwarded),
      credentials: credentialsOf({
        cookie: headers.get('cookie'),
        authorization: headers.has(proxyHeader) ? headers.get('authorization') : null,
        site: headers.get('sec-fetch-site'),
      }),
    });
  };
}

async function judged(options: GateOptions, pass: 200 | 204, held: Held): Promise<Response> {
  const asked = options.routes(held.method, held.target);
  const subject = await subjectOf(options, held, asked?.subject);
  if ('status' in subject) return answer(subject.status, subject.reason);
  if (asked === undefined) return answer(403, 'no-route', subject.headers);
  subject.known();
  const { action, resource } = asked;
  const decision = options.decide({ principal: subject.uid, action, resource });
  if (decision.allowed)
    return answer(pass, 'permitted', { ...subject.headers, ...withoutSession(held.credentials) });
  const by = decision.determining.map(({ id }) => id).join(' ');
  return answer(403, by === '' ? decision.outcome : `${decision.outcome} ${by}`, subject.headers);
}

/** The device of the certificate, or whoever signed in; the first of them that the route takes. */
async function subjectOf(
  { verifyClient, identify }: GateOptions,
  held: Held,
  wanted: EnforceRoute['subject'],
): Promise<Subject> {
  if (held.certificate !== undefined && wanted !== 'person') {
    const der = certificateOf(held.certificate);
    if (der === undefined) return { status: 401, reason: 'certificate-malformed' };
    const verdict = await verifyClient(der);
    if (!verdict.ok) {
      // Whoever holds a revoked certificate is known, and refused for good; the rest may come back with a better one.
      const status = verdict.reason === 'revoked' ? 403 : 401;
      return { status, reason: `certificate-${verdict.reason}` };
    }
    const headers = { 'x-kydai-device': verdict.device };
    return { uid: { type: 'Device', id: verdict.device }, headers, known: () => {} };
  }
  const { headers: proof } = held.credentials;
  if (proof === undefined || wanted === 'device')
    return { status: 401, reason: wanted === 'person' ? 'no-sign-in' : 'no-certificate' };
  const caller = await identify(proof);
  if (caller === undefined) return { status: 401, reason: 'sign-in-unknown' };
  if (caller.ambient && isForgery(held.method, held.credentials)) return { status: 403, reason: 'forgery' };
  const headers: Record<string, string> =
    caller.person === undefined
      ? { 'x-kydai-token': caller.uid.id }
      : {
          'x-kydai-user': encodeURIComponent(caller.person.id),
          'x-kydai-roles': caller.person.roles.map(encodeURIComponent).join(' '),
        };
  return { uid: caller.uid, headers, known: () => caller.known() };
}

function answer(status: number, reason: string, more: Readonly<Record<string, string>> = {}): Response {
  const headers = new Headers({
    'cache-control': 'no-store',
    'x-kydai-reason': reason.replace(/[^\x20-\x7e]/g, '?').slice(0, 500),
    ...more,
  });
  if (status === 401) headers.set('www-authenticate', 'Mutual, Bearer');
  return new Response(null, { status, headers });
}
