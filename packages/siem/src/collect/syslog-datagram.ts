import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type AddressInfo, isIPv6 } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { plainAddress } from '../normalise/address.ts';
import { decodeFrame } from './frames.ts';
import type { Intake } from './intake.ts';
import type { SyslogLimits } from './limits.ts';
import type { JudgeSender } from './syslog.ts';

export interface DatagramSocket {
  listen(port: number, host: string): Promise<AddressInfo>;
  countKernelDrops(): Promise<void>;
  close(): Promise<void>;
}

/** Facilities whose messages may use the part of the queue that is kept for them: auth, authpriv, audit, alert. */
const urgentFacilities: ReadonlySet<number> = new Set([4, 10, 13, 14]);

/** Whether a frame begins with the priority of a security facility: it is lost last. */
export function isUrgent(bytes: Uint8Array, from = 0): boolean {
  if (bytes[from] !== 60) return false;
  let value = 0;
  for (let at = from + 1; at <= from + 3; at++) {
    const digit = bytes[at]! - 48;
    if (!(digit >= 0 && digit <= 9)) break;
    value = value * 10 + digit;
  }
  return urgentFacilities.has(value >> 3);
}

/** Syslog over UDP (RFC 5426): one message in one datagram. */
export function createDatagramSocket(
  host: string,
  intake: Intake,
  limits: SyslogLimits,
  judge: JudgeSender,
): DatagramSocket {
  const socket = createSocket({
    type: isIPv6(host) ? 'udp6' : 'udp4',
    recvBufferSize: limits.udpBufferBytes,
  });
  let closed = false;
  let listening = false;
  let kernelDrops = 0;

  socket.on('message', (message, peer) => {
    const address = plainAddress(peer.address);
    const account = intake.account('syslog-udp', address);
    const verdict = judge(address);
    if (verdict === 'blocked' || verdict === 'unknown-refused') {
      const reason = verdict === 'blocked' ? 'address-blocked' : 'unknown-sender';
      account.lose(reason, message.length, intake.clock.now());
      return;
    }
    if (verdict === 'unknown') account.note('unknown-sender');
    let end = message.length;
    while (end > 0 && (message[end - 1] === 10 || message[end - 1] === 13 || message[end - 1] === 0)) end--;
    if (end === 0) {
      account.lose('empty-datagram', message.length, intake.clock.now());
      return;
    }
    let fault: string | undefined;
    if (end > limits.lineBytes) {
      end = limits.lineBytes;
      fault = `line is longer than ${limits.lineBytes} bytes and was cut`;
      account.note('line-too-long');
    }
    const read = decodeFrame(message.subarray(0, end));
    if (read.fault) fault = fault ? `${fault}; ${read.fault}` : read.fault;
    if (!intake.push(account, read.text, message.length, fault, isUrgent(message) ? 'urgent' : 'datagram')) {
      account.lose('queue-full', message.length, intake.clock.now());
    }
  });
  // After binding, an error of one datagram (an ICMP answer, say) must not end the process.
  socket.on('error', () => {});

  return {
    async listen(port, address) {
      socket.bind(port, address);
      await once(socket, 'listening');
      listening = true;
      return socket.address();
    },
    async countKernelDrops() {
      if (closed || !listening) return;
      const { drops } = await readKernelTable(socket.address());
      const more = drops - kernelDrops;
      if (more <= 0) return;
      kernelDrops = drops;
      intake.account('syslog-udp', 'kernel').lose('kernel-buffer', 0, intake.clock.now(), more);
    },
    async close() {
      if (closed) return;
      // What the kernel took for us waits in its buffer, where nobody would count it.
      const end = performance.now() + limits.drainMs;
      while (listening && performance.now() < end) {
        if ((await readKernelTable(socket.address())).waiting === 0) break;
        await delay(5);
      }
      await this.countKernelDrops();
      closed = true;
      await new Promise<void>((resolve) => {
        socket.close(() => resolve());
      }).catch(() => {});
    },
  };
}

/**
 * The `rx_queue` (bytes) and `drops` (datagrams) of Linux's table of UDP sockets (proc(5)) for this port; 0 where there
 * is no such table.
 */
async function readKernelTable(address: AddressInfo): Promise<{ waiting: number; drops: number }> {
  const file = address.family === 'IPv6' ? '/proc/net/udp6' : '/proc/net/udp';
  const table = await readFile(file, 'utf8').catch(() => '');
  const port = `:${address.port.toString(16).toUpperCase().padStart(4, '0')}`;
  let drops = 0;
  let waiting = 0;
  for (const line of table.split('\n')) {
    const columns = line.trim().split(/\s+/);
    if (!columns[1]?.endsWith(port)) continue;
    drops += Number(columns.at(-1)) || 0;
    waiting += Number.parseInt(columns[4]?.split(':')[1] ?? '', 16) || 0;
  }
  return { waiting, drops };
}
