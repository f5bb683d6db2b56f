import { createPublicKey, type KeyObject, randomBytes, sign, verify, X509Certificate } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { elements } from '../der/read.ts';
import {
  bitString,
  context,
  contextPrimitive,
  element,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  setOf,
  utf8String,
} from '../der/write.ts';
import { createDeviceKey, type DeviceKey, exportDeviceKey } from '../key/create.ts';

const ecdsa = sequence(objectIdentifier('1.2.840.10045.4.3.2'));
const nameOf = (text: string) => sequence(setOf(sequence(objectIdentifier('2.5.4.3'), utf8String(text))));
const time = (at: number) =>
  element(0x18, Buffer.from(`${new Date(at).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`));
const extension = (oid: string, critical: boolean, value: Buffer) =>
  sequence(
    objectIdentifier(oid),
    ...(critical ? [element(0x01, Buffer.from([0xff]))] : []),
    octetString(value),
  );

/** A small certificate authority for tests: P-256, one level. */
export class TestAuthority {
  readonly key: DeviceKey = createDeviceKey();
  readonly name: string;
  readonly certificate: X509Certificate;

  constructor(name = 'test-ca') {
    this.name = name;
    this.certificate = this.issue(name, this.key.publicKey, { ca: true });
  }

  issue(
    subject: string,
    publicKey: KeyObject,
    options: { ca?: boolean; address?: string; from?: number; days?: number } = {},
  ): X509Certificate {
    const from = options.from ?? Date.now() - 60_000;
    const extensions = [
      extension(
        '2.5.29.19',
        true,
        options.ca === true ? sequence(element(0x01, Buffer.from([0xff]))) : sequence(),
      ),
    ];
    if (options.address !== undefined) {
      const octets = Buffer.from(options.address.split('.').map(Number));
      extensions.push(extension('2.5.29.17', false, sequence(contextPrimitive(7, octets))));
    }
    const serial = randomBytes(8);
    serial[0] = (serial[0]! & 0x7f) | 0x40;
    const tbs = sequence(
      context(0, integer(2)),
      element(0x02, serial),
      ecdsa,
      nameOf(this.name),
      sequence(time(from), time(from + (options.days ?? 1) * 86_400_000)),
      nameOf(subject),
      publicKey.export({ type: 'spki', format: 'der' }),
      context(3, sequence(...extensions)),
    );
    const signature = sign('sha256', tbs, this.key.privateKey);
    return new X509Certificate(sequence(tbs, ecdsa, bitString(signature)));
  }
}

/** A certs-only message, as EST sends it. */
export function certsOnly(certificates: readonly X509Certificate[]): Buffer {
  const inner = sequence(
    integer(1),
    setOf(),
    sequence(objectIdentifier('1.2.840.113549.1.7.1')),
    context(0, ...certificates.map(({ raw }) => raw)),
    setOf(),
  );
  return sequence(objectIdentifier('1.2.840.113549.1.7.2'), context(0, inner));
}

/** Reads a PKCS #10 request and checks its signature. */
export function readRequest(der: Buffer): { subject: string; publicKey: KeyObject; verified: boolean } {
  const [info, , signature] = elements(elements(der)[0]!.contents);
  const [, subject, spki] = elements(info!.contents);
  const attribute = elements(elements(elements(subject!.contents)[0]!.contents)[0]!.contents);
  const publicKey = createPublicKey({ key: spki!.whole, type: 'spki', format: 'der' });
  const verified = verify('sha256', info!.whole, publicKey, signature!.contents.subarray(1));
  return { subject: attribute[1]!.contents.toString('utf8'), publicKey, verified };
}

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | undefined;
  readonly peer: string | undefined;
  readonly body: string;
  /** Of its connection: tls-exporter, base64. */
  readonly exporter: string;
}

/** Answers one request: a status with a body, or undefined for what an EST server would say. */
export type Answer = (
  seen: Seen,
) => { status: number; body?: string | Buffer; headers?: Record<string, string> } | undefined;

/** A server on a loopback port that speaks EST's wire format, and says otherwise where a test wants it to. */
export class TestEst {
  readonly authority: TestAuthority;
  readonly token: string;
  readonly seen: Seen[] = [];
  answer: Answer = () => undefined;
  days = 1;
  /** Takes requests and never answers. */
  silent = false;
  #server: Server | undefined;

  constructor(authority = new TestAuthority(), token = 'token-1') {
    this.authority = authority;
    this.token = token;
  }

  async start(): Promise<string> {
    const key = createDeviceKey();
    const certificate = this.authority.issue('est', key.publicKey, { address: '127.0.0.1' });
    this.#server = createServer(
      {
        key: exportDeviceKey(key),
        cert: certificate.toString(),
        ca: this.authority.certificate.toString(),
        requestCert: true,
        rejectUnauthorized: false,
      },
      (request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          const socket = request.socket as TLSSocket;
          const peer = socket.authorized ? (socket.getPeerCertificate().subject?.CN as string) : undefined;
          const seen: Seen = {
            method: request.method ?? '',
            path: request.url ?? '',
            authorization: request.headers.authorization,
            peer,
            body: Buffer.concat(chunks).toString('latin1'),
            exporter: socket
              .exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
              .toString('base64'),
          };
          this.seen.push(seen);
          if (this.silent) return;
          const given = this.answer(seen) ?? this.#proper(seen);
          response.writeHead(given.status, given.headers);
          response.end(given.body);
        });
      },
    );
    await new Promise<void>((resolve) => this.#server!.listen(0, '127.0.0.1', resolve));
    return `https://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #proper(seen: Seen): ReturnType<Answer> & object {
    const pkcs7 = (certificates: X509Certificate[]) => ({
      status: 200,
      headers: { 'content-type': 'application/pkcs7-mime; smime-type=certs-only' },
      body: certsOnly(certificates).toString('base64').replace(/.{76}/g, '$&\n'),
    });
    if (seen.path.endsWith('/cacerts')) return pkcs7([this.authority.certificate]);
    if (!seen.path.endsWith('enroll')) return { status: 404 };
    const { subject, publicKey, verified } = readRequest(Buffer.from(seen.body, 'base64'));
    const basic = `Basic ${Buffer.from(`${subject}:${this.token}`).toString('base64')}`;
    const proven = seen.path.endsWith('/simpleenroll') ? seen.authorization === basic : seen.peer === subject;
    if (!proven || !verified) return { status: 401 };
    return pkcs7([this.authority.issue(subject, publicKey, { days: this.days })]);
  }

  async stop(): Promise<void> {
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve) ?? resolve(undefined));
  }
}
