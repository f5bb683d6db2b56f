import type { Certificate, Clock } from '@kydai/contracts';
import type { Authority } from '../authority/authority.ts';
import { PkiError } from '../error.ts';
import { encodeCertsOnly } from '../x509/cms.ts';
import { type Credentials, decodeRequestBody, readBody, readCredentials } from './body.ts';
import { plain, problem } from './problem.ts';
import { RefusalJournal } from './refusals.ts';

export interface EstLimits {
  /** Octets of a body, checked before who asks; 16,384 unless told. */
  readonly bodyBytes?: number;
  /** Enrolments at work at a time; beyond it 503 with Retry-After. 256 unless told. */
  readonly atOnce?: number;
}

/** Who is at the other end of the connection, as the TLS listener saw it. */
export interface Peer {
  readonly address: string;
  /** Client certificate, DER, whose key the handshake proved; of any issuer. */
  readonly certificate?: Uint8Array | undefined;
}

export type EstHandler = (request: Request, peer: Peer) => Promise<Response>;

const prefix = '/.well-known/est/';

/**
 * Enrolment over Secure Transport (RFC 7030 with the clarifications of RFC 8951): cacerts, simpleenroll,
 * simplereenroll. A first enrolment is proven by a one-time token (HTTP Basic with the device id as user, or Bearer),
 * a renewal by the client certificate. Errors are plain text, `code: message`.
 */
export function createEstHandler(options: {
  readonly authority: Authority;
  readonly limits?: EstLimits;
  readonly clock?: Clock;
}): EstHandler {
  const { authority } = options;
  const bodyBytes = options.limits?.bodyBytes ?? 16_384;
  const atOnce = options.limits?.atOnce ?? 256;
  const journal = new RefusalJournal(authority.audit, options.clock ?? { now: () => Date.now() });
  let atWork = 0;

  async function enrolment(request: Request, peer: Peer, act: 'enrol' | 'renew'): Promise<Response> {
    let credentials: Credentials | undefined;
    try {
      if (atWork >= atOnce)
        throw new PkiError('busy', 'too many enrolments at a time; try again in two seconds');
      atWork++;
      try {
        const body = await readBody(request, bodyBytes);
        credentials = readCredentials(request.headers.get('authorization'));
        const certificate =
          act === 'enrol' ? await first(body, peer, credentials) : await following(body, peer);
        return certsOnly([certificate]);
      } finally {
        atWork--;
      }
    } catch (error) {
      if (!(error instanceof PkiError)) throw error;
      if (error.code !== 'busy') await journal.note(error, act, peer.address, shown(credentials?.user));
      return problem(error);
    }
  }

  function first(body: Uint8Array, peer: Peer, credentials: Credentials | undefined): Promise<Certificate> {
    if (credentials === undefined) {
      throw new PkiError('token-missing', 'send the enrolment token: `curl --user <device id>:<token>`');
    }
    const { user, token } = credentials;
    return authority.enrol({ csr: () => decodeRequestBody(body), token, user, address: peer.address });
  }

  function following(body: Uint8Array, peer: Peer): Promise<Certificate> {
    const { certificate, address } = peer;
    if (certificate === undefined) {
      throw new PkiError(
        'certificate-required',
        'renewal needs the present client certificate: `curl --cert --key`',
      );
    }
    return authority.renew({ csr: () => decodeRequestBody(body), certificate, address });
  }

  return async (request, peer) => {
    const { pathname } = new URL(request.url);
    const operation = pathname.startsWith(prefix) ? pathname.slice(prefix.length) : '';
    switch (operation) {
      case 'cacerts':
        if (request.method !== 'GET') return plain(405, 'use GET', { allow: 'GET' });
        return pkcs7(authority.caCertificates());
      case 'simpleenroll':
      case 'simplereenroll':
        if (request.method !== 'POST') return plain(405, 'use POST', { allow: 'POST' });
        return enrolment(request, peer, operation === 'simpleenroll' ? 'enrol' : 'renew');
      default:
        return plain(404, 'EST here has cacerts, simpleenroll and simplereenroll');
    }
  };
}

function certsOnly(issued: readonly Certificate[]): Response {
  return pkcs7(encodeCertsOnly(issued.map(({ der }) => Buffer.from(der, 'base64'))));
}

/** Base64 in lines: readers of both kinds take it (RFC 8951 section 3.1). */
function pkcs7(der: Uint8Array): Response {
  const lines = Buffer.from(der).toString('base64').replace(/.{64}/g, '$&\n');
  return new Response(`${lines.trimEnd()}\n`, {
    headers: {
      'content-type': 'application/pkcs7-mime; smime-type=certs-only',
      'content-transfer-encoding': 'base64',
    },
  });
}

function shown(user: string | undefined): string | undefined {
  return user?.slice(0, 64).replace(/[^\x21-\x7e]/g, '?');
}
