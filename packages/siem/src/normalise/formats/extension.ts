import type { FieldValue } from '@kydai/contracts';
import { decimal, isAddress } from '../address.ts';
import type { FieldList } from '../fields.ts';
import { readTime } from '../json/document.ts';
import { readBsdTime, type ZoneOffset } from '../syslog/time.ts';

/** Field names by a format's own key. */
export type KeyTable = Readonly<Record<string, string>>;

const numeric = /\.(?:port|bytes|packets|pid)$/;

/**
 * Adds one value under the name that the table has for its key, or under `<prefix>.<key>`. A host where an address is
 * expected goes to `.domain`; ports and counts become numbers.
 */
export function addKeyed(
  fields: FieldList,
  table: KeyTable,
  prefix: string,
  key: string,
  value: string,
): void {
  if (value === '') return;
  addNamed(fields, Object.hasOwn(table, key) ? table[key]! : `${prefix}.${key}`, value);
}

/** The same for a value whose name is known. */
export function addNamed(fields: FieldList, name: string, value: string): void {
  if (name.endsWith('.ip') && !isAddress(value)) {
    fields.offer(`${name.slice(0, -3)}.domain`, value);
    return;
  }
  fields.offer(name, typed(name, value));
}

function typed(name: string, value: string): FieldValue {
  if (numeric.test(name)) {
    const number = decimal(value);
    return number >= 0 ? number : value;
  }
  return name === 'network.transport' ? value.toLowerCase() : value;
}

/** ECS outcome of the words that products use; undefined for any other. */
export function outcomeOf(word: string): 'success' | 'failure' | undefined {
  const text = word.toLowerCase();
  if (/^(?:success(?:ful)?|ok|allow(?:ed)?|accept(?:ed)?|permit(?:ted)?|pass|yes)$/.test(text))
    return 'success';
  if (/^(?:fail(?:ed|ure)?|den(?:y|ied)|block(?:ed)?|drop(?:ped)?|reject(?:ed)?|no)$/.test(text))
    return 'failure';
  return undefined;
}

/** `UTC`, `+0700`, `GMT+07:00` behind a time; minutes east of UTC, undefined for any other. */
function minutesEast(zone: string): number | undefined {
  const parts = /^(?:Z|(?:UTC|GMT)?(?:([+-])(\d{2}):?(\d{2}))?)$/.exec(zone);
  if (!parts || zone === '') return undefined;
  const [, sign, hours = 0, minutes = 0] = parts;
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

/**
 * The time of `rt` and `devTime` (CEF revision 25 "Date formats", LEEF 2.0): a number, RFC 3339, or
 * `Nov 21 2026 20:26:00.123 UTC` with year and zone or without. Epoch milliseconds; NaN where it is none.
 */
export function readDeviceTime(value: string, zone: ZoneOffset, near: number): number {
  const read = readBsdTime(value, 0, near);
  if (!read) return readTime(value, zone);
  if (Number.isNaN(read.ms)) return Number.NaN;
  const rest = value.slice(read.end).trim();
  const east = minutesEast(rest);
  return read.ms - (east === undefined ? zone(read.ms) : east * 60_000);
}
