import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { getRequestListener } from '@hono/node-server';
import { ShellError } from '../error.ts';

/** Who is at the other end of a connection. */
export interface Peer {
  /** IP address, without the prefix of an IPv4 address in IPv6 form. */
  readonly address: string;
  /** DER of the client certificate that the TLS handshake proved possession of. */
  readonly certificate?: Uint8Array;
  /** Values that bind a request to this TLS connection, base64; none where there is no TLS. */
  readonly bindings?: () => readonly string[];
}

export interface Listener {
  readonly port: number;
  /** Replaces the certificate for new connections. */
  renew(tls: { readonly key: string; readonly cert: string }): void;
  /** Stops accepting, lets what runs finish for a moment, then ends it. */
  close(): Promise<void>;
}

/** How often slow clients are looked for, milliseconds. */
const connectionsCheckingInterval = 5000;

/**
 * Listens for HTTP, or HTTPS where a key and certificate are given. Slow and idle clients are cut off, connections are
 * bounded, blocked addresses are refused before a byte is read.
 *
 * @throws ShellError `listen` that names the setting whose port is taken.
 */
export async function listenHttp(options: {
  readonly host: string;
  readonly port: number;
  /** The setting to name when the port is taken, such as `http.port`. */
  readonly setting: string;
  readonly fetch: (request: Request, peer: Peer) => Response | Promise<Response>;
  readonly tls?: { readonly key: string; readonly cert: string; readonly clientCertificates: boolean };
  readonly blocked?: (address: string) => boolean;
  /** Told of every TLS handshake, before the first request. */
  readonly handshake?: (peer: Peer) => void;
  /** Told of connections that were ended before there was a request. */
  readonly refused?: (
    address: string,
    reason: 'request-too-slow' | 'headers-too-large' | 'bad-request',
  ) => void;
}): Promise<Listener> {
  const { host, port, setting, fetch, tls, blocked, handshake, refused } = options;
  const handler = getRequestListener(
    (request, env) => {
      const incoming = env.incoming as IncomingMessage;
      if (isAmbiguous(incoming.url ?? ''))
        return new Response('the path has dot segments\n', { status: 400 });
      return fetch(request, peerOf(incoming.socket));
    },
    {
      overrideGlobalObjects: false,
    },
  ) as unknown as RequestListener;
  const server: Server =
    tls === undefined
      ? createServer({ connectionsCheckingInterval }, handler)
      : createTlsServer(
          {
            connectionsCheckingInterval,
            key: tls.key,
            cert: tls.cert,
            minVersion: 'TLSv1.2',
            // The handler verifies: an unknown certificate must get an answer that says so, not a broken handshake.
            requestCert: tls.clientCertificates,
            rejectUnauthorized: false,
            handshakeTimeout: 10_000,
          },
          handler,
        );
  server.headersTimeout = 10_000;
  server.requestTimeout = 60_000;
  server.keepAliveTimeout = 15_000;
  server.maxConnections = 10_000;
  server.on('connection', (socket) => {
    if (blocked?.(plainAddress(socket.remoteAddress)) === true) socket.destroy();
  });
  server.on('secureConnection', (socket: TLSSocket) => handshake?.(peerOf(socket)));
  const told = new WeakSet<Socket>();
  server.on('clientError', ({ code = '' }: NodeJS.ErrnoException, connection) => {
    const socket = connection as Socket;
    // The rest of what a client sent is another error of the same connection.
    if (told.has(socket)) return;
    told.add(socket);
    const fault =
      code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? (['request-too-slow', '408 Request Timeout'] as const)
        : code === 'HPE_HEADER_OVERFLOW'
          ? (['headers-too-large', '431 Request Header Fields Too Large'] as const)
          : (['bad-request', '400 Bad Request'] as const);
    // A connection that broke is no refusal of ours.
    if (/^(?:HPE_|ERR_HTTP)/.test(code)) refused?.(plainAddress(socket.remoteAddress), fault[0]);
    if (socket.writable) socket.end(`HTTP/1.1 ${fault[1]}\r\nconnection: close\r\n\r\n`);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'EADDRINUSE' ? 'is taken by another program' : `cannot be used (${error.code})`;
      reject(new ShellError('listen', `setting \`${setting}\`: ${host}:${port} ${why}`, { cause: error }));
    });
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    renew({ key, cert }) {
      (
        server as unknown as { setSecureContext(context: { key: string; cert: string }): void }
      ).setSecureContext({ key, cert });
    },
    close: () =>
      new Promise((resolve) => {
        const timer = setTimeout(() => server.closeAllConnections(), 1000);
        server.close(() => {
          clearTimeout(timer);
          resolve();
        });
        server.closeIdleConnections();
      }),
  };
}

/**
 * Whether reading the request target as a URL would change its path. Honest clients resolve dot segments themselves; a
 * proxy that puts a stranger's path behind a prefix of ours must not be led to another of our endpoints.
 */
function isAmbiguous(target: string): boolean {
  return /[\\\s]|\/(?:\.|%2e){1,2}(?:\/|$)/i.test(target.split('?', 1)[0]!);
}

function peerOf(connection: Socket): Peer {
  const socket = connection as Socket & Partial<TLSSocket>;
  const address = plainAddress(socket.remoteAddress);
  const certificate = socket.getPeerX509Certificate?.();
  if (socket.encrypted !== true) return { address };
  const bindings = () => channelBindings(connection as TLSSocket);
  return certificate === undefined
    ? { address, bindings }
    : { address, certificate: certificate.raw, bindings };
}

/** `tls-exporter` (RFC 9266), and for TLS 1.2 also `tls-unique` (RFC 5929 section 3): the first Finished message. */
function channelBindings(socket: TLSSocket): string[] {
  const exporter = socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0));
  if (socket.getProtocol() !== 'TLSv1.2') return [exporter.toString('base64')];
  const unique = socket.isSessionReused() ? socket.getFinished() : socket.getPeerFinished();
  return [exporter, ...(unique === undefined ? [] : [unique])].map((value) => value.toString('base64'));
}

function plainAddress(address: string | undefined): string {
  return (address ?? 'unknown').replace(/^::ffff:/, '');
}
