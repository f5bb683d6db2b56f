import * as datetime from './datetime.ts';
import { parseDecimal } from './decimal.ts';
import * as ip from './ip.ts';
import { CedarSet, Decimal, failed } from './value.ts';

type Fn = (...args: never[]) => unknown;

function decimals(compare: (a: Decimal, b: Decimal) => boolean) {
  return (a: unknown, b: unknown) => (a instanceof Decimal && b instanceof Decimal ? compare(a, b) : failed);
}

function sets(compare: (a: CedarSet, b: CedarSet) => boolean) {
  return (a: unknown, b: unknown) =>
    a instanceof CedarSet && b instanceof CedarSet ? compare(a, b) : failed;
}

/** A method that Cedar can call: how many arguments it takes (the receiver included) and whether it gives a Bool. */
export interface CedarFunction {
  readonly arity: 1 | 2;
  readonly gives: 'bool' | 'other';
  readonly run: (...args: unknown[]) => unknown;
}

const one = (run: Fn, gives: 'bool' | 'other'): CedarFunction => ({ arity: 1, gives, run: run as never });
const two = (run: Fn, gives: 'bool' | 'other'): CedarFunction => ({ arity: 2, gives, run: run as never });

/** Every function and method of the language except those on tags; each gives `failed` for wrong types or overflow. */
export const cedarFunctions: ReadonlyMap<string, CedarFunction> = new Map([
  ['decimal', one(parseDecimal, 'other')],
  [
    'lessThan',
    two(
      decimals((a, b) => a.scaled < b.scaled),
      'bool',
    ),
  ],
  [
    'lessThanOrEqual',
    two(
      decimals((a, b) => a.scaled <= b.scaled),
      'bool',
    ),
  ],
  [
    'greaterThan',
    two(
      decimals((a, b) => a.scaled > b.scaled),
      'bool',
    ),
  ],
  [
    'greaterThanOrEqual',
    two(
      decimals((a, b) => a.scaled >= b.scaled),
      'bool',
    ),
  ],
  ['ip', one(ip.parseIp, 'other')],
  ['isIpv4', one(ip.isIpv4, 'bool')],
  ['isIpv6', one(ip.isIpv6, 'bool')],
  ['isLoopback', one(ip.isLoopback, 'bool')],
  ['isMulticast', one(ip.isMulticast, 'bool')],
  ['isInRange', two(ip.isInRange, 'bool')],
  ['datetime', one(datetime.parseDatetime, 'other')],
  ['duration', one(datetime.parseDuration, 'other')],
  ['offset', two(datetime.offset, 'other')],
  ['durationSince', two(datetime.durationSince, 'other')],
  ['toDate', one(datetime.toDate, 'other')],
  ['toTime', one(datetime.toTime, 'other')],
  ['toMilliseconds', one(datetime.toMilliseconds, 'other')],
  ['toSeconds', one(datetime.toSeconds, 'other')],
  ['toMinutes', one(datetime.toMinutes, 'other')],
  ['toHours', one(datetime.toHours, 'other')],
  ['toDays', one(datetime.toDays, 'other')],
  [
    'contains',
    two((set: unknown, value: never) => (set instanceof CedarSet ? set.has(value) : failed), 'bool'),
  ],
  [
    'containsAll',
    two(
      sets((a, b) => a.hasAll(b)),
      'bool',
    ),
  ],
  [
    'containsAny',
    two(
      sets((a, b) => a.hasAny(b)),
      'bool',
    ),
  ],
  ['isEmpty', one((set: unknown) => (set instanceof CedarSet ? set.size === 0 : failed), 'bool')],
]);
