import { long } from './long.ts';
import { Decimal, failed } from './value.ts';

const form = /^(-?)(\d+)\.(\d{1,4})$/;

/** `decimal("12.34")`: one to four digits after the point, within 64 bits once scaled by 10,000. */
export function parseDecimal(text: unknown): Decimal | typeof failed {
  if (typeof text !== 'string') return failed;
  const match = form.exec(text);
  if (match === null || match[2]!.length > 100) return failed;
  const digits = BigInt(match[2]! + match[3]!.padEnd(4, '0'));
  const scaled = long(match[1] === '-' ? -digits : digits);
  return scaled === failed ? failed : new Decimal(scaled);
}

/** The text that `parseDecimal` reads back. */
export function formatDecimal(value: Decimal): string {
  const scaled = BigInt(value.scaled);
  const digits = (scaled < 0n ? -scaled : scaled).toString().padStart(5, '0');
  return `${scaled < 0n ? '-' : ''}${digits.slice(0, -4)}.${digits.slice(-4)}`;
}
