import { failed, Ip } from './value.ts';

const octet = /^(?:0|[1-9]\d{0,2})$/;
const group = /^[0-9a-fA-F]{1,4}$/;
const prefixForm = /^(?:0|[1-9]\d{0,2})$/;

function parseV4(text: string): bigint | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let address = 0n;
  for (const part of parts) {
    if (!octet.test(part) || Number(part) > 255) return undefined;
    address = address * 256n + BigInt(part);
  }
  return address;
}

function parseV6(text: string): bigint | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const groupsOf = (half: string) => (half === '' ? [] : half.split(':'));
  const head = groupsOf(halves[0]!);
  const tail = halves.length === 2 ? groupsOf(halves[1]!) : [];
  const given = head.length + tail.length;
  // `::` stands for at least one group of zeros.
  if (halves.length === 2 ? given > 7 : given !== 8) return undefined;
  const groups = [...head, ...Array<string>(8 - given).fill('0'), ...tail];
  let address = 0n;
  for (const part of groups) {
    if (!group.test(part)) return undefined;
    address = address * 65536n + BigInt(`0x${part}`);
  }
  return address;
}

/** `ip("10.0.0.0/8")`, `ip("::1")`. IPv4 inside IPv6 notation and leading zeros are refused, as Cedar does. */
export function parseIp(text: unknown): Ip | typeof failed {
  if (typeof text !== 'string' || text.length > 43) return failed;
  const slash = text.indexOf('/');
  const host = slash === -1 ? text : text.slice(0, slash);
  const version = host.includes(':') ? 6 : 4;
  const bits = version === 4 ? 32 : 128;
  const address = version === 4 ? parseV4(host) : parseV6(host);
  if (address === undefined) return failed;
  if (slash === -1) return new Ip(version, address, bits);
  const prefix = text.slice(slash + 1);
  return prefixForm.test(prefix) && Number(prefix) <= bits
    ? new Ip(version, address, Number(prefix))
    : failed;
}

/** The text that `parseIp` reads back. */
export function formatIp(ip: Ip): string {
  const parts: string[] = [];
  if (ip.version === 4) {
    for (let shift = 24n; shift >= 0n; shift -= 8n) parts.push(`${(ip.address >> shift) & 255n}`);
    return `${parts.join('.')}/${ip.prefix}`;
  }
  for (let shift = 112n; shift >= 0n; shift -= 16n) parts.push(((ip.address >> shift) & 65535n).toString(16));
  return `${parts.join(':')}/${ip.prefix}`;
}

function bounds(ip: Ip): [bigint, bigint] {
  const hostBits = BigInt((ip.version === 4 ? 32 : 128) - ip.prefix);
  const first = (ip.address >> hostBits) << hostBits;
  return [first, first + (1n << hostBits) - 1n];
}

/** Whether every address of `ip` is in `range`. */
export function isInRange(ip: unknown, range: unknown): boolean | typeof failed {
  if (!(ip instanceof Ip) || !(range instanceof Ip)) return failed;
  if (ip.version !== range.version) return false;
  const [first, last] = bounds(ip);
  const [low, high] = bounds(range);
  return first >= low && last <= high;
}

export function isIpv4(ip: unknown): boolean | typeof failed {
  return ip instanceof Ip ? ip.version === 4 : failed;
}

export function isIpv6(ip: unknown): boolean | typeof failed {
  return ip instanceof Ip ? ip.version === 6 : failed;
}

/** 127.0.0.0/8 or ::1, wholly. */
export function isLoopback(ip: unknown): boolean | typeof failed {
  if (!(ip instanceof Ip)) return failed;
  return ip.version === 4
    ? ip.address >> 24n === 127n && ip.prefix >= 8
    : ip.address === 1n && ip.prefix === 128;
}

/** 224.0.0.0/4 or ff00::/8, wholly. */
export function isMulticast(ip: unknown): boolean | typeof failed {
  if (!(ip instanceof Ip)) return failed;
  return ip.version === 4
    ? ip.address >> 28n === 0xen && ip.prefix >= 4
    : ip.address >> 120n === 0xffn && ip.prefix >= 8;
}
