import type { FieldValue } from '@kydai/contracts';
import { expandIpv6 } from '../filter/network.ts';
import { fold, numberIn } from '../filter/text.ts';

/**
 * What is indexed of a field's values, so that Elasticsearch gives the same answers as `matchesFilter`: one keyword
 * field holds a term for each way in which a value can be asked for. The term is the field's name, NUL, a letter for
 * the way, and the value. So field names never become mappings (100,000 of them do no harm), one field may hold any
 * mixture of types, and every condition is one lookup or one range of terms.
 */
export type Way =
  /** The field is there. */
  | 'e'
  /** Text, folded. */
  | 's'
  /** The number that a text spells; sorts as numbers do. */
  | 't'
  /** A number; sorts as numbers do. */
  | 'v'
  /** A number as text. */
  | 'd'
  /** An IPv4 address, 8 hex digits. */
  | 'i'
  /** An IPv6 address, 32 hex digits. */
  | 'a';

/** Longer texts are indexed by their beginning; a filter's text has at most 4,096 characters. */
export const maxIndexed = 8_192;
const maxName = 256;

export const term = (name: string, way: Way, value = ''): string => `${name}\0${way}${value}`;

/** A finite number as 16 hex digits that sort as the numbers do. */
export function sortableNumber(value: number): string {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleBE(value === 0 ? 0 : value);
  if (bytes[0]! >= 0x80) for (let at = 0; at < 8; at++) bytes[at] = ~bytes[at]! & 0xff;
  else bytes[0]! |= 0x80;
  return bytes.toString('hex');
}

/** An IPv4 address as 8 hex digits, also where IPv6 notation wraps it; undefined for anything else. */
export function ipv4Hex(text: string): string | undefined {
  const found = /^(?:::ffff:)?(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (found === null) return undefined;
  let hex = '';
  for (const part of found.slice(1)) {
    if (Number(part) > 255 || (part.length > 1 && part.startsWith('0'))) return undefined;
    hex += Number(part).toString(16).padStart(2, '0');
  }
  return hex;
}

/** Cuts a text to a number of UTF-16 units, never within a character. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  const last = text.charCodeAt(length - 1);
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? length - 1 : length);
}

/** Adds the terms of one field. `whole` leaves out the text itself, which is indexed elsewhere. */
export function addTerms(terms: string[], name: string, value: FieldValue | undefined, whole = true): void {
  if (value === null || value === undefined || name.length > maxName) return;
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return;
    terms.push(term(name, 'e'), term(name, 'v', sortableNumber(value)), term(name, 'd', String(value)));
    return;
  }
  const texts = typeof value === 'object' ? value : [value];
  if (texts.length > 0) terms.push(term(name, 'e'));
  for (const one of texts) {
    const text = String(one).toWellFormed();
    const folded = fold(text);
    if (whole) terms.push(term(name, 's', cut(folded, maxIndexed)));
    const spelt = numberIn(text);
    if (spelt !== undefined) terms.push(term(name, 't', sortableNumber(spelt)));
    if (folded.length > 45) continue;
    const four = ipv4Hex(folded);
    if (four !== undefined) terms.push(term(name, 'i', four));
    const six = expandIpv6(folded);
    if (six !== undefined) terms.push(term(name, 'a', six));
  }
}

/**
 * Overlapping pieces of the folded line, so that any text that a filter may ask for lies in one of them whole. The first
 * begins with `0`, further ones with `1`.
 */
export function pieces(raw: string): string[] {
  const folded = fold(raw.toWellFormed());
  const found: string[] = [];
  for (let at = 0; at === 0 || at + maxIndexed / 2 < folded.length; at += maxIndexed / 2) {
    const low = folded.charCodeAt(at);
    const start = at > 0 && low >= 0xdc00 && low < 0xe000 ? at - 1 : at;
    found.push((at === 0 ? '0' : '1') + cut(folded.slice(start), maxIndexed + 2));
  }
  return found;
}
