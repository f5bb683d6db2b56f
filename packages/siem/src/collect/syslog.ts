import type { AddressInfo } from 'node:net';
import { plainAddress } from '../normalise/address.ts';
import type { Intake } from './intake.ts';
import { type SyslogLimits, syslogLimits } from './limits.ts';
import { Resent } from './resent.ts';
import { createDatagramSocket, type DatagramSocket } from './syslog-datagram.ts';
import { createStreamServer, type StreamServer } from './syslog-stream.ts';

/** Keys and trust of the TLS listener, PEM. */
export interface SyslogTls {
  readonly port: number;
  readonly key: string;
  readonly cert: string;
  /** Who may have issued the senders' certificates. With it, a sender without a certificate is turned away. */
  readonly clientCa?: string;
  /** Whether a certificate is revoked, by its serial in lower-case hex; asked at each handshake. */
  readonly revoked?: (serial: string) => boolean;
}

export interface SyslogCollectorOptions {
  /** Address to listen on. */
  readonly host: string;
  /** 0 takes a free port; undefined leaves the listener out. */
  readonly udpPort?: number;
  readonly tcpPort?: number;
  readonly tls?: SyslogTls;
  /**
   * Whose datagrams are lost last in a flood, besides those of the facilities auth, authpriv, audit and alert and of
   * programs such as sshd and sudo: senders (addresses and networks), more programs, and whatever comes to a port of
   * its own, which has a buffer of its own in the kernel.
   */
  readonly urgent?: {
    readonly port?: number;
    readonly senders?: readonly string[];
    readonly programs?: readonly string[];
  };
  readonly limits?: Partial<SyslogLimits>;
  readonly intake: Intake;
  /** What was taken lately of `kydai ship`, shared with the other collectors. */
  readonly resent?: Resent;
  /** What an address is to us; asked for each datagram and each connection. All are known unless told. */
  readonly judge?: JudgeSender;
}

/**
 * What an address that sends is to us: one we expect; one we do not, heard or refused; one that a containment blocks. A
 * sender with a certificate of ours is no stranger anywhere.
 */
export type SenderVerdict = 'known' | 'unknown' | 'unknown-refused' | 'blocked';
export type JudgeSender = (address: string) => SenderVerdict;

export interface SyslogAddresses {
  readonly udp?: { readonly host: string; readonly port: number };
  /** UDP, for urgent messages alone. */
  readonly urgent?: { readonly host: string; readonly port: number };
  readonly tcp?: { readonly host: string; readonly port: number };
  readonly tls?: { readonly host: string; readonly port: number };
}

export interface SyslogCollector {
  /** Opens the listeners; rejects when a port is taken. */
  listen(): Promise<SyslogAddresses>;
  /** Where it listens; empty before `listen`. */
  readonly addresses: SyslogAddresses;
  /** Senders connected by TCP and TLS. */
  readonly connections: number;
  /** What the kernel gives as a buffer for datagrams, bytes; less than was asked for where the system bounds it. */
  readonly udpBufferBytes: number;
  /**
   * Brings datagrams that were lost before we took them into the accounts: of their senders, and of
   * `syslog-udp/kernel` what the kernel alone saw. It happens by itself every ten seconds and at the close.
   */
  countKernelDrops(): Promise<void>;
  /** Takes another key and certificate for new TLS connections; the open ones go on. */
  renewTls(tls: Pick<SyslogTls, 'key' | 'cert' | 'clientCa'>): void;
  /**
   * Ends the open TLS connections made with a certificate (its serial in lower-case hex), when it is revoked. Returns
   * how many there were.
   */
  endSessions(serial: string): number;
  /** Ends the listeners and connections. What was read is in the intake; close that next. */
  close(): Promise<void>;
}

/**
 * Syslog over UDP (RFC 5426), TCP (RFC 6587) and TLS (RFC 5425), RFC 5424 and 3164 messages. With no room in the
 * intake, TCP and TLS senders are paused; datagrams are lost and counted.
 */
export function createSyslogCollector(options: SyslogCollectorOptions): SyslogCollector {
  const limits = syslogLimits(options.limits);
  const { host, intake } = options;
  const judge = options.judge ?? (() => 'known');
  let datagrams: DatagramSocket | undefined;
  const streams: StreamServer[] = [];
  let addresses: SyslogAddresses = {};
  let dropsTimer: NodeJS.Timeout | undefined;

  const close = async (): Promise<void> => {
    clearInterval(dropsTimer);
    await Promise.all([datagrams?.close(), ...streams.map((server) => server.close())]);
  };

  return {
    async listen() {
      const found: { -readonly [name in keyof SyslogAddresses]: { host: string; port: number } } = {};
      try {
        if (options.udpPort !== undefined) {
          datagrams = createDatagramSocket({ host, intake, limits, judge, urgent: options.urgent ?? {} });
          const [udp, urgent] = await datagrams.listen(options.udpPort);
          if (udp) found.udp = place(udp);
          if (urgent) found.urgent = place(urgent);
          dropsTimer = setInterval(() => void datagrams?.countKernelDrops(), 10_000).unref();
        }
        if (options.tcpPort !== undefined) {
          const server = createStreamServer(intake, limits, judge, undefined);
          streams.push(server);
          found.tcp = place(await server.listen(options.tcpPort, host));
        }
        if (options.tls) {
          const server = createStreamServer(
            intake,
            limits,
            judge,
            options.tls,
            options.resent ?? new Resent(),
          );
          streams.push(server);
          found.tls = place(await server.listen(options.tls.port, host));
        }
      } catch (fault) {
        await close();
        throw fault;
      }
      addresses = found;
      return addresses;
    },
    get addresses() {
      return addresses;
    },
    get connections() {
      return streams.reduce((sum, server) => sum + server.connections, 0);
    },
    get udpBufferBytes() {
      return datagrams?.bufferBytes ?? 0;
    },
    endSessions: (serial) => streams.reduce((sum, server) => sum + server.endSessions(serial), 0),
    async countKernelDrops() {
      await datagrams?.countKernelDrops();
    },
    renewTls(tls) {
      for (const server of streams) server.renew(tls);
    },
    close,
  };
}

function place(address: AddressInfo): { host: string; port: number } {
  return { host: plainAddress(address.address), port: address.port };
}
