import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import type { SourceAccount, Transport } from '../ledger/account.ts';
import { plainAddress } from '../normalise/address.ts';
import { FrameSplitter } from './frames.ts';
import type { Intake } from './intake.ts';
import type { SyslogLimits } from './limits.ts';
import type { Resent } from './resent.ts';
import type { JudgeSender, SyslogTls } from './syslog.ts';

export interface StreamServer {
  listen(port: number, host: string): Promise<AddressInfo>;
  readonly connections: number;
  endSessions(serial: string): number;
  /** Changes what a TLS server presents and trusts; nothing happens on a plain one. */
  renew(tls: Pick<SyslogTls, 'key' | 'cert' | 'clientCa'>): void;
  close(): Promise<void>;
}

const nothing = Buffer.alloc(0);

/** Syslog over TCP (RFC 6587) or TLS (RFC 5425). */
export function createStreamServer(
  intake: Intake,
  limits: SyslogLimits,
  judge: JudgeSender,
  tls: SyslogTls | undefined,
  resent?: Resent,
): StreamServer {
  const transport: Transport = tls ? 'syslog-tls' : 'syslog-tcp';
  const sockets = new Set<Socket>();
  const perPeer = new Map<string, number>();
  /** Open TLS connections by the serial of the sender's certificate. */
  const sessions = new Map<string, Set<Socket>>();
  const backlog: Backlog = { stalled: 0, bytes: 0 };
  let closing = false;

  /** Places are counted from the TCP connection on, so that half-done TLS handshakes count too. */
  const admit = (socket: Socket): void => {
    const peer = plainAddress(socket.remoteAddress ?? 'unknown');
    const held = perPeer.get(peer) ?? 0;
    const verdict = judge(peer);
    if (verdict === 'blocked') {
      intake.account(transport, peer).note('address-blocked');
      socket.destroy();
      return;
    }
    if (verdict !== 'known' && tls?.clientCa === undefined) {
      intake.account(transport, peer).note('unknown-sender');
      if (verdict === 'unknown-refused') {
        socket.destroy();
        return;
      }
    }
    if (closing || sockets.size >= limits.connections || held >= limits.connectionsPerPeer) {
      intake.account(transport, peer).note('connection-refused');
      socket.destroy();
      return;
    }
    sockets.add(socket);
    perPeer.set(peer, held + 1);
    socket.on('error', () => {});
    socket.once('close', () => {
      sockets.delete(socket);
      const left = (perPeer.get(peer) ?? 1) - 1;
      if (left === 0) perPeer.delete(peer);
      else perPeer.set(peer, left);
    });
  };

  let server: Server;
  let renew: StreamServer['renew'] = () => {};
  if (tls) {
    const secure = createTlsServer(
      {
        ...secureContext(tls),
        // A sender that ended hears our end only when what it sent is durable.
        allowHalfOpen: true,
        handshakeTimeout: 10_000,
        requestCert: tls.clientCa !== undefined,
        rejectUnauthorized: tls.clientCa !== undefined,
      },
      (socket) => {
        const name = peerName(socket, tls);
        if (name === undefined) {
          const peer = plainAddress(socket.remoteAddress ?? 'unknown');
          intake.account(transport, peer).note('certificate-refused');
          socket.destroy();
          return;
        }
        const serial = tls.clientCa ? serialOf(socket) : '';
        if (serial !== '') {
          const held = sessions.get(serial) ?? new Set();
          sessions.set(serial, held.add(socket));
          socket.once('close', () => {
            held.delete(socket);
            if (held.size === 0) sessions.delete(serial);
          });
        }
        receive(socket, intake.account(transport, name), intake, limits, backlog, resent);
      },
    );
    secure.on('connection', admit);
    secure.on('tlsClientError', (_fault, socket) => {
      const peer = plainAddress(socket.remoteAddress ?? 'unknown');
      intake.account(transport, peer).note('handshake-failed');
      socket.destroy();
    });
    server = secure;
    renew = (renewed) => secure.setSecureContext(secureContext(renewed));
  } else {
    server = createServer({ noDelay: true }, (socket) => {
      admit(socket);
      if (socket.destroyed) return;
      const peer = plainAddress(socket.remoteAddress ?? 'unknown');
      receive(socket, intake.account(transport, peer), intake, limits, backlog);
    });
  }

  return {
    async listen(port, host) {
      server.listen(port, host);
      await once(server, 'listening');
      // An error after listening (too many open files, say) ends one connection, not the process.
      server.on('error', () => {});
      return server.address() as AddressInfo;
    },
    get connections() {
      return sockets.size;
    },
    renew: (renewed) => renew(renewed),
    endSessions(serial) {
      const held = sessions.get(serial);
      if (!held) return 0;
      const ended = held.size;
      for (const socket of held) socket.destroy();
      sessions.delete(serial);
      return ended;
    },
    async close() {
      closing = true;
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
      const end = performance.now() + limits.drainMs;
      while (backlog.stalled > 0 && performance.now() < end) await delay(5);
    },
  };
}

function secureContext({ key, cert, clientCa }: Pick<SyslogTls, 'key' | 'cert' | 'clientCa'>) {
  return { key, cert, minVersion: 'TLSv1.2' as const, ...(clientCa === undefined ? {} : { ca: clientCa }) };
}

/** The name in the sender's certificate, its address where none was asked for; undefined where it is revoked. */
function peerName(socket: TLSSocket, tls: SyslogTls): string | undefined {
  const address = plainAddress(socket.remoteAddress ?? 'unknown');
  if (!tls.clientCa) return address;
  const serial = serialOf(socket);
  if (!socket.authorized || serial === '' || tls.revoked?.(serial)) return undefined;
  const name = socket.getPeerCertificate().subject?.CN;
  return typeof name === 'string' && name !== '' && name.length <= 128 ? name : address;
}

/** Lower-case hex, as certificates are recorded. */
function serialOf(socket: TLSSocket): string {
  return socket.getPeerCertificate().serialNumber?.toLowerCase() ?? '';
}

/** What was read and waits for room: connections that hold some, and the bytes of those that are gone. */
interface Backlog {
  stalled: number;
  bytes: number;
}
const orphanBytes = 32 * 1024 * 1024;

/** What `kydai ship` puts before a line, with the id of the line. */
const shipped = / kydai-ship - - \[ship@32473 id="([\w-]{1,64})"(?=[\] ])/;

/**
 * Reads one connection to its end. What was read of it is taken even when the connection is gone. With `resent`, lines
 * that their shipper sent before are known again, and the end of a sender is answered when what it sent is durable:
 * RFC 5425 has no acknowledgement but that.
 */
function receive(
  socket: Socket,
  account: SourceAccount,
  intake: Intake,
  limits: SyslogLimits,
  backlog: Backlog,
  resent?: Resent,
): void {
  const splitter = new FrameSplitter(limits.lineBytes, limits.frameBytes);
  let stalled = false;
  let ended = false;
  /** Connections that come and go while there is no room must not fill the memory: beyond a bound they are lost. */
  let abandoned = false;
  let orphaned = 0;

  const sink = (text: string, bytes: number, fault: string | undefined): boolean => {
    const id = resent === undefined ? undefined : shipped.exec(text.slice(0, 400))?.[1];
    if (id !== undefined && resent?.knows(account.source, id, text)) {
      account.refuse('sent-before', bytes, intake.clock.now());
      return true;
    }
    if (!intake.push(account, text, bytes, fault, 'stream')) {
      if (!intake.closing && !abandoned) return false;
      account.lose(intake.closing ? 'stopping' : 'connection-lost-while-full', bytes, intake.clock.now());
      return true;
    }
    if (fault !== undefined)
      account.note(fault.startsWith('line is longer') ? 'line-too-long' : 'frame-fault');
    if (id !== undefined) resent?.remember(account.source, id, text);
    return true;
  };

  const stall = (): void => {
    stalled = true;
    backlog.stalled++;
    intake.whenRoom(resume);
  };

  const read = (chunk: Buffer): void => {
    const state = splitter.read(chunk, sink);
    if (state === 'endless') {
      account.note('frame-never-ended');
      socket.destroy();
    } else if (state === 'full') {
      socket.pause();
      stall();
    } else if (ended && !splitter.end(sink)) stall();
  };

  const resume = (): void => {
    stalled = false;
    backlog.stalled--;
    read(nothing);
    if (stalled) return;
    backlog.bytes -= orphaned;
    orphaned = 0;
    if (!ended) socket.resume();
    else answer();
  };

  /** Ends our side too: in order when what came is durable, abruptly when it will not be. */
  const answer = (): void => {
    if (resent === undefined || socket.destroyed) return;
    const sent = account.received;
    const wait = (): void => {
      if (socket.destroyed) return;
      if (account.received - account.pending >= sent) socket.end();
      else if (intake.closing) socket.destroy();
      else intake.whenRoom(wait, 'urgent');
    };
    wait();
  };

  socket.setTimeout(limits.idleMs, () => {
    // A sender that we paused is not idle.
    if (stalled) return;
    account.note('idle-connection-ended');
    socket.destroy();
  });
  socket.on('data', read);
  const end = (): void => {
    if (ended) return;
    ended = true;
    if (!stalled) read(nothing);
    if (!stalled) answer();
  };
  socket.once('end', end);
  socket.once('close', () => {
    end();
    if (!stalled) return;
    if (backlog.bytes + splitter.held > orphanBytes) {
      abandoned = true;
      read(nothing);
      return;
    }
    orphaned = splitter.held;
    backlog.bytes += orphaned;
  });
}
