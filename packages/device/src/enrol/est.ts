import { X509Certificate } from 'node:crypto';
import { type RequestOptions, request } from 'node:https';
import type { TLSSocket } from 'node:tls';
import { certificatesOf } from '../der/read.ts';
import { DeviceError } from '../error.ts';
import type { RenewalWindow } from '../renew/window.ts';

const largestAnswer = 256 * 1024;

/** How to reach an EST server (RFC 7030). */
export interface EstServer {
  /** `https://host:port`, with or without the path `/.well-known/est`. */
  readonly estUrl: string;
  /** The CA certificates, PEM, that the server's certificate must lead to: no other trust is used. */
  readonly ca: string;
  /** Milliseconds for a whole exchange; 15,000 unless told. */
  readonly timeout?: number;
}

export type EstProof =
  | { readonly deviceId: string; readonly token: string }
  /** TLS client authentication (section 3.3.2). */
  | { readonly cert: string; readonly key: string };

/** Section 4.1: the CA certificates that the server hands out. */
export async function cacerts(server: EstServer): Promise<readonly X509Certificate[]> {
  return certificates(await exchange(server, operationUrl(server.estUrl, 'cacerts'), 'GET'));
}

/** A request that is sent, and how it is made anew with a challengePassword. */
export interface EstRequest {
  /** PKCS #10, DER. */
  readonly csr: Buffer;
  bound(challengePassword: string): Buffer;
}

/** Section 4.2.1, with HTTP Basic (section 3.2.3): the first certificate. The device's certificate comes first. */
export async function simpleEnrol(
  server: EstServer,
  request: EstRequest,
  proof: { readonly deviceId: string; readonly token: string },
): Promise<readonly X509Certificate[]> {
  return issued(server, 'simpleenroll', request, proof);
}

/** Section 4.2.2, with the present certificate as proof: the next one. */
export async function simpleReenrol(
  server: EstServer,
  request: EstRequest,
  proof: { readonly cert: string; readonly key: string },
): Promise<readonly X509Certificate[]> {
  return issued(server, 'simplereenroll', request, proof);
}

/**
 * Sends the request as it is; where that is refused and the server wants requests to be bound to their connection
 * (section 3.5), which its attributes say, one more that is.
 */
async function issued(
  server: EstServer,
  operation: string,
  { csr, bound }: EstRequest,
  proof: EstProof,
): Promise<readonly X509Certificate[]> {
  const url = operationUrl(server.estUrl, operation);
  try {
    return certificates(await exchange(server, url, 'POST', csr, proof));
  } catch (error) {
    if (!(error instanceof DeviceError) || error.code !== 'enrolment-refused') throw error;
    if (!(await wantsBinding(server))) throw error;
    return certificates(await exchange(server, url, 'POST', bound, proof));
  }
}

/** The object identifier of challengePassword (RFC 2985 section 5.4.1), DER. */
const challengePassword = Buffer.from('06092a864886f70d010907', 'hex');

/** Section 4.5: whether the attributes that the server wants hold challengePassword. */
async function wantsBinding(server: EstServer): Promise<boolean> {
  try {
    const body = await exchange(server, operationUrl(server.estUrl, 'csrattrs'), 'GET');
    return Buffer.from(body.toString('latin1'), 'base64').includes(challengePassword);
  } catch {
    return false;
  }
}

/** `tls-exporter` (RFC 9266), base64. */
function bindingOf(socket: TLSSocket): string {
  return socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0)).toString('base64');
}

/**
 * When the server wants this certificate renewed (`GET /pki/renewal/<serial>` beside EST; the idea is that of RFC 9773):
 * it spreads the windows of all devices, and puts one at once where the certificate was revoked. Undefined where the
 * server has no such service.
 */
export async function renewalWindow(
  server: EstServer,
  certificate: X509Certificate,
): Promise<RenewalWindow | undefined> {
  const path = `/pki/renewal/${certificate.serialNumber.toLowerCase()}`;
  try {
    const body = await exchange(server, new URL(path, operationUrl(server.estUrl, '')), 'GET');
    const { start, end } = JSON.parse(body.toString('utf8')) as { start?: unknown; end?: unknown };
    const window = { start: Date.parse(String(start)), end: Date.parse(String(end)) };
    return window.start <= window.end ? window : undefined;
  } catch (error) {
    if (error instanceof DeviceError && error.code === 'server-unavailable') throw error;
    return undefined;
  }
}

/** Base64 as section 4.1.3 has it; servers that send plain DER are understood too. */
function certificates(body: Buffer): readonly X509Certificate[] {
  const der = body[0] === 0x30 ? body : Buffer.from(body.toString('latin1').replace(/\s+/g, ''), 'base64');
  try {
    return certificatesOf(der).map((certificate) => new X509Certificate(certificate));
  } catch (cause) {
    if (cause instanceof DeviceError) throw cause;
    throw new DeviceError('answer-unreadable', 'the answer holds a certificate that cannot be read', {
      cause,
    });
  }
}

function exchange(
  server: EstServer,
  url: URL,
  method: 'GET' | 'POST',
  csr?: Buffer | EstRequest['bound'],
  proof?: EstProof,
): Promise<Buffer> {
  const encoded = (der: Buffer): string => der.toString('base64').replace(/.{64}/g, '$&\r\n');
  const options: RequestOptions = {
    method,
    ca: server.ca,
    // One connection for each exchange: a renewal must not ride on a connection made with another certificate.
    agent: false,
    minVersion: 'TLSv1.2',
    headers: {
      accept: 'application/pkcs7-mime, application/csrattrs, application/json',
      ...(csr === undefined
        ? {}
        : { 'content-type': 'application/pkcs10', 'content-transfer-encoding': 'base64' }),
    },
    ...(proof !== undefined && 'token' in proof ? { auth: `${proof.deviceId}:${proof.token}` } : {}),
    ...(proof !== undefined && 'cert' in proof ? { cert: proof.cert, key: proof.key } : {}),
  };
  return new Promise((resolve, reject) => {
    const unavailable = (why: string, cause?: unknown): void =>
      reject(new DeviceError('server-unavailable', `the est server ${why}; try again later`, { cause }));
    const sent = request(url, options, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size <= largestAnswer) chunks.push(chunk);
        else {
          reject(new DeviceError('answer-unreadable', `the answer is larger than ${largestAnswer} bytes`));
          response.destroy();
        }
      });
      response.on('error', (cause) => unavailable('broke off its answer', cause));
      response.on('aborted', () => unavailable('broke off its answer'));
      response.on('end', () => {
        const status = response.statusCode ?? 0;
        if (status === 200) resolve(Buffer.concat(chunks));
        else reject(refusal(status, response.headers['retry-after']));
      });
    });
    const timer = setTimeout(() => {
      unavailable('did not answer in time');
      sent.destroy();
    }, server.timeout ?? 15_000);
    sent.on('close', () => clearTimeout(timer));
    sent.on('error', (cause) => unavailable('cannot be reached', cause));
    if (typeof csr !== 'function') {
      sent.end(csr === undefined ? undefined : encoded(csr));
      return;
    }
    sent.once('socket', (socket) =>
      socket.once('secureConnect', () => sent.end(encoded(csr(bindingOf(socket as TLSSocket))))),
    );
  });
}

/** Section 4.2.3: 202 and 503 come with a time; other 4xx are final. The server's text is not repeated: it is not ours. */
function refusal(status: number, retryAfter: string | undefined): DeviceError {
  if (status === 202 || status === 429 || status >= 500) {
    const seconds = Number(retryAfter);
    const known = Number.isFinite(seconds) && seconds >= 0 ? { retryAfter: Math.min(seconds, 86_400) } : {};
    return new DeviceError('server-unavailable', `the est server answered ${status}; try again later`, known);
  }
  if (status === 401 || status === 403) {
    return new DeviceError(
      'enrolment-refused',
      `the est server answered ${status}; ask for a new enrolment token`,
    );
  }
  return new DeviceError(
    'enrolment-refused',
    `the est server answered ${status}; check the address and the device id`,
  );
}

function operationUrl(estUrl: string, operation: string): URL {
  let url: URL;
  try {
    url = new URL(estUrl);
  } catch (cause) {
    throw new DeviceError('input-invalid', `\`${estUrl.slice(0, 200)}\` is no address`, { cause });
  }
  if (url.protocol !== 'https:') {
    throw new DeviceError('input-invalid', 'enrolment needs an address that begins with `https:`');
  }
  const path = url.pathname.replace(/\/+$/, '');
  return new URL(`${path.endsWith('/.well-known/est') ? path : `${path}/.well-known/est`}/${operation}`, url);
}
