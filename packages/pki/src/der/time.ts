import { PkiError } from '../error.ts';

/**
 * UTCTime and GeneralizedTime in the one form each that RFC 5280 sections 4.1.2.5.1 and 4.1.2.5.2 allow: seconds
 * present, no fraction, `Z`.
 */

const two = (value: number): string => (value < 10 ? `0${value}` : String(value));

function fields(at: number): { year: number; rest: string } {
  const date = new Date(at);
  const rest =
    two(date.getUTCMonth() + 1) +
    two(date.getUTCDate()) +
    two(date.getUTCHours()) +
    two(date.getUTCMinutes()) +
    two(date.getUTCSeconds());
  return { year: date.getUTCFullYear(), rest };
}

/** `YYMMDDHHMMSSZ`. Epoch milliseconds; a fraction of a second is cut off. */
export function formatUtcTime(at: number): string {
  const { year, rest } = fields(at);
  return `${two(year % 100)}${rest}Z`;
}

/** `YYYYMMDDHHMMSSZ`. Epoch milliseconds; a fraction of a second is cut off. */
export function formatGeneralizedTime(at: number): string {
  const { year, rest } = fields(at);
  return `${String(year).padStart(4, '0')}${rest}Z`;
}

/** Epoch milliseconds. A two-digit year of 50 or more is of the last century (RFC 5280 section 4.1.2.5.1). */
export function parseUtcTime(text: string): number {
  if (!/^[0-9]{12}Z$/.test(text)) throw notATime();
  const year = Number(text.slice(0, 2));
  return exact(year < 50 ? 2000 + year : 1900 + year, text.slice(2));
}

/** Epoch milliseconds. */
export function parseGeneralizedTime(text: string): number {
  if (!/^[0-9]{14}Z$/.test(text)) throw notATime();
  return exact(Number(text.slice(0, 4)), text.slice(4));
}

function exact(year: number, rest: string): number {
  const part = (from: number): number => rest.charCodeAt(from) * 10 + rest.charCodeAt(from + 1) - 528;
  const [month, day, hour, minute, second] = [part(0) - 1, part(2), part(4), part(6), part(8)];
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  date.setUTCHours(hour, minute, second);
  // A date that JavaScript had to carry over (month 13, 30 February, second 60) does not read back as it was written.
  const isCarried =
    date.getUTCSeconds() !== second ||
    date.getUTCMinutes() !== minute ||
    date.getUTCHours() !== hour ||
    date.getUTCDate() !== day ||
    date.getUTCMonth() !== month ||
    date.getUTCFullYear() !== year;
  if (isCarried) throw notATime();
  return date.getTime();
}

function notATime(): PkiError {
  return new PkiError('malformed-der', 'time is not a valid date in the form that RFC 5280 allows');
}
