import { isIPv6 } from 'node:net';

/** Whether `text` is an IPv4 address in dotted decimal (no leading zeros beyond one digit's worth of doubt). */
export function isAddress4(text: string): boolean {
  const length = text.length;
  if (length < 7 || length > 15) return false;
  let part = 0;
  let digits = 0;
  let dots = 0;
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at);
    if (code === 46) {
      if (digits === 0 || ++dots > 3) return false;
      part = 0;
      digits = 0;
    } else {
      const digit = code - 48;
      if (digit < 0 || digit > 9 || (digits > 0 && part === 0)) return false;
      part = part * 10 + digit;
      digits++;
      if (part > 255) return false;
    }
  }
  return dots === 3 && digits > 0;
}

/** Whether `text` is an IP address of either version. */
export function isAddress(text: string): boolean {
  return isAddress4(text) || (text.includes(':') && isIPv6(text));
}

/** `::ffff:10.0.0.1` as `10.0.0.1`, so that one sender has one name on dual-stack sockets. */
export function plainAddress(address: string): string {
  return address.startsWith('::ffff:') && isAddress4(address.slice(7)) ? address.slice(7) : address;
}

/** A non-negative decimal number below 2^53, or -1. */
export function decimal(text: string): number {
  const length = text.length;
  if (length === 0 || length > 15) return -1;
  let value = 0;
  for (let at = 0; at < length; at++) {
    const digit = text.charCodeAt(at) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
