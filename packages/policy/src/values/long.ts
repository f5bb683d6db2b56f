import type { Long } from '../parse/ast.ts';
import { normalizeLong } from '../parse/expression.ts';
import { failed } from './value.ts';

const lowest = -(2n ** 63n);
const highest = 2n ** 63n - 1n;
const safe = Number.MAX_SAFE_INTEGER;

/** The integer as a number where safe, else a bigint; `failed` outside 64 bits. */
export function long(value: bigint): Long | typeof failed {
  return value < lowest || value > highest ? failed : normalizeLong(value);
}

export function isLong(value: unknown): value is Long {
  return typeof value === 'number' || typeof value === 'bigint';
}

// Rounding is monotonic: a sum or product of safe integers that rounds into the safe range was exact.

export function add(a: unknown, b: unknown): Long | typeof failed {
  if (typeof a === 'number' && typeof b === 'number') {
    const sum = a + b;
    if (sum <= safe && sum >= -safe) return sum;
  }
  return isLong(a) && isLong(b) ? long(BigInt(a) + BigInt(b)) : failed;
}

export function subtract(a: unknown, b: unknown): Long | typeof failed {
  if (typeof a === 'number' && typeof b === 'number') {
    const difference = a - b;
    if (difference <= safe && difference >= -safe) return difference;
  }
  return isLong(a) && isLong(b) ? long(BigInt(a) - BigInt(b)) : failed;
}

export function multiply(a: unknown, b: unknown): Long | typeof failed {
  if (typeof a === 'number' && typeof b === 'number') {
    const product = a * b;
    if (product <= safe && product >= -safe) return product + 0;
  }
  return isLong(a) && isLong(b) ? long(BigInt(a) * BigInt(b)) : failed;
}

export function negate(a: unknown): Long | typeof failed {
  if (typeof a === 'number') return 0 - a;
  return typeof a === 'bigint' ? long(-a) : failed;
}
