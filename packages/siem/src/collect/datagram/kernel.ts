import { readFile } from 'node:fs/promises';
import { type AddressInfo, isIPv4 } from 'node:net';

/** What Linux says of a socket for datagrams. */
export interface KernelCount {
  /** Bytes that wait in its buffer. */
  readonly waiting: number;
  /** Datagrams that found no room in it, since the socket was opened. */
  readonly drops: number;
}

/** Reads `rx_queue` and `drops` of Linux's table of UDP sockets (proc(5)); 0 where there is no such table. */
export async function readKernel({ address, family, port }: AddressInfo): Promise<KernelCount> {
  const file = family === 'IPv6' ? '/proc/net/udp6' : '/proc/net/udp';
  const table = await readFile(file, 'utf8').catch(() => '');
  const local = `${hexOf(address)}:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  let drops = 0;
  let waiting = 0;
  for (const line of table.split('\n')) {
    const columns = line.trim().split(/\s+/);
    if (!columns[1]?.endsWith(local)) continue;
    drops += Number(columns.at(-1)) || 0;
    waiting += Number.parseInt(columns[4]?.split(':')[1] ?? '', 16) || 0;
  }
  return { waiting, drops };
}

/** An IPv4 address as the table writes it, so that another socket with our port at another address is not meant. */
function hexOf(address: string): string {
  if (!isIPv4(address)) return '';
  const bytes = address.split('.').map((part) => Number(part).toString(16).toUpperCase().padStart(2, '0'));
  return bytes.reverse().join('');
}
