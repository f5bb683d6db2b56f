import type { Certificate, Clock } from '@kydai/contracts';
import type { Authority } from '../authority/authority.ts';
import type { Fleet, Terms } from '../authority/terms.ts';
import { PkiError } from '../error.ts';
import { encodeCertsOnly } from '../x509/cms.ts';
import { encodeCsrAttributes } from './attributes.ts';
import { type Credentials, decodeRequestBody, readBody, readCredentials } from './body.ts';
import { plain, problem } from './problem.ts';
import { RefusalJournal } from './refusals.ts';
import { keyAndCertificate, requestWithOwnKey } from './server-key.ts';

export interface EstLimits {
  /** Octets of a body, checked before who asks; 16,384 unless told. */
  readonly bodyBytes?: number;
  /** Enrolments at work at a time; beyond it 503 with Retry-After. 256 unless told. */
  readonly atOnce?: number;
}

export interface EstOptions {
  readonly authority: Authority;
  readonly limits?: EstLimits;
  readonly clock?: Clock;
  /** Keep requests without any proof for an operator's approval (202). Off unless told. */
  readonly approval?: boolean;
  /** Make keys for devices that cannot (serverkeygen). Off unless told: a key is best made where it stays. */
  readonly serverKeys?: boolean;
  /** Fleets that have a path of their own: `/.well-known/est/<label>/simpleenroll`. None unless told. */
  readonly fleets?: readonly Fleet[];
  /** Whether every request must be bound to its connection; not unless told. */
  readonly bindingRequired?: boolean;
}

/** Who is at the other end of the connection, as the TLS listener saw it. */
export interface Peer {
  readonly address: string;
  /** Client certificate, DER, whose key the handshake proved; of any issuer. */
  readonly certificate?: Uint8Array | undefined;
  /** Values of this TLS connection that a request may be bound to, base64: tls-exporter, tls-unique. */
  readonly bindings?: (() => readonly string[]) | undefined;
}

export type EstHandler = (request: Request, peer: Peer) => Promise<Response>;

const prefix = '/.well-known/est/';

/**
 * Enrolment over Secure Transport (RFC 7030 with the clarifications of RFC 8951): cacerts, csrattrs, simpleenroll,
 * simplereenroll, and where switched on serverkeygen. A first enrolment is proven by a one-time token (HTTP Basic with the device id as user, or Bearer)
 * or a manufacturer's certificate, a renewal by the client certificate. Errors are plain text, `code: message`.
 */
export function createEstHandler(options: EstOptions): EstHandler {
  const { authority } = options;
  const bodyBytes = options.limits?.bodyBytes ?? 16_384;
  const atOnce = options.limits?.atOnce ?? 256;
  const journal = new RefusalJournal(authority.audit, options.clock ?? { now: () => Date.now() });
  let atWork = 0;

  async function enrolment(
    request: Request,
    peer: Peer,
    act: 'enrol' | 'renew' | 'key',
    fleet: Fleet | undefined,
  ): Promise<Response> {
    const required = options.bindingRequired === true;
    const terms: Terms = { fleet, binding: { required, values: peer.bindings?.() ?? [] } };
    let credentials: Credentials | undefined;
    try {
      // Slow senders hold no place: the bound is on work, the listener's time limit on patience.
      const body = await readBody(request, bodyBytes);
      if (atWork >= atOnce) {
        throw new PkiError('busy', 'too many enrolments at a time; try again in two seconds');
      }
      atWork++;
      try {
        credentials = readCredentials(request.headers.get('authorization'));
        if (act === 'key') return await withKey(body, peer, credentials, terms);
        const certificate =
          act === 'enrol' ? await first(body, peer, credentials, terms) : await following(body, peer, terms);
        return pkcs7(certsOnly(certificate));
      } finally {
        atWork--;
      }
    } catch (error) {
      if (!(error instanceof PkiError)) throw error;
      if (error.code !== 'busy' && error.code !== 'approval-pending')
        await journal.note(error, act, peer.address, shown(credentials?.user));
      return problem(error);
    }
  }

  function first(
    body: Uint8Array,
    peer: Peer,
    credentials: Credentials | undefined,
    terms: Terms,
  ): Promise<Certificate> {
    const csr = (): Uint8Array => decodeRequestBody(body);
    if (credentials === undefined) {
      const { certificate, address } = peer;
      if (certificate !== undefined && authority.trustsManufacturers) {
        return authority.enrolManufactured({ csr, certificate, address, terms });
      }
      if (options.approval === true) {
        return authority.apply({ csr, address: peer.address, terms });
      }
      throw new PkiError('token-missing', 'send the enrolment token: `curl --user <device id>:<token>`');
    }
    const { user, token } = credentials;
    return authority.enrol({ csr, token, user, address: peer.address, terms });
  }

  async function withKey(
    body: Uint8Array,
    peer: Peer,
    credentials: Credentials | undefined,
    terms: Terms,
  ): Promise<Response> {
    if (credentials === undefined)
      throw new PkiError('token-missing', 'serverkeygen needs an enrolment token');
    const { user, token } = credentials;
    await authority.checkToken(token, user);
    const { csr, pkcs8 } = await requestWithOwnKey(decodeRequestBody(body), terms);
    const issued = await authority.enrol({
      csr: () => csr,
      token,
      user,
      address: peer.address,
      terms: { fleet: terms.fleet },
    });
    return keyAndCertificate(pkcs8, certsOnly(issued));
  }

  function following(body: Uint8Array, peer: Peer, terms: Terms): Promise<Certificate> {
    const { certificate, address } = peer;
    if (certificate === undefined) {
      throw new PkiError(
        'certificate-required',
        'renewal needs the present client certificate: `curl --cert --key`',
      );
    }
    return authority.renew({ csr: () => decodeRequestBody(body), certificate, address, terms });
  }

  return async (request, peer) => {
    const { pathname } = new URL(request.url);
    const [operation = '', label, more] = pathname.startsWith(prefix)
      ? pathname.slice(prefix.length).split('/').reverse()
      : [];
    const fleet = label === undefined ? undefined : options.fleets?.find((each) => each.label === label);
    if (more !== undefined || (label !== undefined && fleet === undefined))
      return plain(404, 'there is no such label; use /.well-known/est/<operation>');
    switch (operation) {
      case 'cacerts':
        if (!isRead(request)) return plain(405, 'use GET', { allow: 'GET, HEAD' });
        return pkcs7(authority.caCertificates());
      case 'csrattrs':
        if (!isRead(request)) return plain(405, 'use GET', { allow: 'GET, HEAD' });
        return base64('application/csrattrs', encodeCsrAttributes(options.bindingRequired === true));
      case 'serverkeygen':
        if (options.serverKeys !== true)
          return plain(404, 'keys are made by the devices here; use simpleenroll');
        if (request.method !== 'POST') return plain(405, 'use POST', { allow: 'POST' });
        return enrolment(request, peer, 'key', fleet);
      case 'simpleenroll':
      case 'simplereenroll':
        if (request.method !== 'POST') return plain(405, 'use POST', { allow: 'POST' });
        return enrolment(request, peer, operation === 'simpleenroll' ? 'enrol' : 'renew', fleet);
      default:
        return plain(404, 'EST here has cacerts, csrattrs, simpleenroll and simplereenroll');
    }
  };
}

function isRead({ method }: Request): boolean {
  return method === 'GET' || method === 'HEAD';
}

function certsOnly(issued: Certificate): Uint8Array {
  return encodeCertsOnly([Buffer.from(issued.der, 'base64')]);
}

function pkcs7(der: Uint8Array): Response {
  return base64('application/pkcs7-mime; smime-type=certs-only', der);
}

/** One line: RFC 8951 section 3 lets readers expect any breaks or none, and strongSwan takes none. */
function base64(type: string, der: Uint8Array): Response {
  return new Response(Buffer.from(der).toString('base64'), {
    headers: {
      'content-type': type,
      'content-transfer-encoding': 'base64',
    },
  });
}

function shown(user: string | undefined): string | undefined {
  return user?.slice(0, 64).replace(/[^\x21-\x7e]/g, '?');
}
