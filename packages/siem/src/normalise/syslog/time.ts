import { NormaliseError } from '../error.ts';

/** Days from 1970-01-01 of a date in the proleptic Gregorian calendar. Month 1 to 12. */
function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146097 + dayOfEra - 719468;
}

/** Two decimal digits at `at`; NaN where they are not. */
export function two(text: string, at: number): number {
  const high = text.charCodeAt(at) - 48;
  const low = text.charCodeAt(at + 1) - 48;
  return high >= 0 && high <= 9 && low >= 0 && low <= 9 ? high * 10 + low : Number.NaN;
}

const monthDays = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function daysOf(year: number, month: number): number {
  const leap = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return leap ? 29 : monthDays[month - 1]!;
}

/** Milliseconds of a wall clock taken as UTC; NaN where a part is out of its range, as on 31 February. */
export function civilTime(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number {
  const sound =
    month >= 1 &&
    month <= 12 &&
    day >= 1 &&
    day <= daysOf(year, month) &&
    hour <= 23 &&
    minute <= 59 &&
    second <= 60 &&
    year >= 0;
  if (!sound) return Number.NaN;
  return daysFromCivil(year, month, day) * 86_400_000 + ((hour * 60 + minute) * 60 + second) * 1000;
}

/** A time that was read from a line: where its text ends, and whether it named its zone. */
export interface ReadTime {
  /** Epoch milliseconds, or the wall clock as if it were UTC where `zoned` is false. */
  ms: number;
  end: number;
  zoned: boolean;
}

/**
 * Reads an RFC 3339 time at `at` (also with a space for the `T`, a comma before the fraction, and without a zone).
 * Undefined where there is none.
 */
export function readIsoTime(text: string, at: number): ReadTime | undefined {
  if (text.charCodeAt(at + 4) !== 45 || text.charCodeAt(at + 7) !== 45) return undefined;
  const separator = text.charCodeAt(at + 10);
  if (separator !== 84 && separator !== 32 && separator !== 116) return undefined;
  if (text.charCodeAt(at + 13) !== 58 || text.charCodeAt(at + 16) !== 58) return undefined;
  const year = two(text, at) * 100 + two(text, at + 2);
  let ms = civilTime(
    year,
    two(text, at + 5),
    two(text, at + 8),
    two(text, at + 11),
    two(text, at + 14),
    two(text, at + 17),
  );
  if (Number.isNaN(ms)) return undefined;
  let end = at + 19;
  const point = text.charCodeAt(end);
  if (point === 46 || point === 44) {
    let scale = 100;
    let digit = text.charCodeAt(++end) - 48;
    while (digit >= 0 && digit <= 9) {
      ms += Math.floor(digit * scale);
      scale = scale > 1 ? scale / 10 : 0;
      digit = text.charCodeAt(++end) - 48;
    }
  }
  const sign = text.charCodeAt(end);
  if (sign === 90 || sign === 122) return { ms, end: end + 1, zoned: true };
  if (sign === 43 || sign === 45) {
    const colon = text.charCodeAt(end + 3) === 58 ? 1 : 0;
    const offset = two(text, end + 1) * 60 + two(text, end + 3 + colon);
    if (Number.isNaN(offset)) return undefined;
    return { ms: ms - (sign === 43 ? offset : -offset) * 60_000, end: end + 5 + colon, zoned: true };
  }
  return { ms, end, zoned: false };
}

/** 1 to 12 of an English month's three letters at `at`, in any case; 0 where there is none. */
export function readMonth(text: string, at: number): number {
  const a = text.charCodeAt(at) | 32;
  const b = text.charCodeAt(at + 1) | 32;
  const c = text.charCodeAt(at + 2) | 32;
  return months.get((a << 16) | (b << 8) | c) ?? 0;
}

const months = new Map(
  ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'].map((name, index) => [
    (name.charCodeAt(0) << 16) | (name.charCodeAt(1) << 8) | name.charCodeAt(2),
    index + 1,
  ]),
);

/** The time of RFC 3164 section 4.1.2: a wall clock that mostly has no year and never a zone. */
export interface ReadBsdTime extends ReadTime {
  /** False where the line gave no year; `ms` is then in the year that was guessed. */
  hasYear: boolean;
}

const day = 86_400_000;

/**
 * Reads `Mmm dd hh:mm:ss` at `at` (also with a year after the day or after the time, as Cisco and others write, and
 * with a fraction). Without a year it takes the year that puts the time nearest to `near` and at most two days after
 * it: a line of December that comes in January is last year's. What has the form of a time, and is none (`Feb 31`,
 * `25:00:00`, a leap day of no year near), has `ms` NaN.
 */
export function readBsdTime(text: string, at: number, near: number): ReadBsdTime | undefined {
  const month = readMonth(text, at);
  if (month === 0 || text.charCodeAt(at + 3) !== 32) return undefined;
  let cursor = at + 4;
  if (text.charCodeAt(cursor) === 32) cursor++;
  let dayOfMonth = text.charCodeAt(cursor) - 48;
  if (!(dayOfMonth >= 0 && dayOfMonth <= 9)) return undefined;
  const unit = text.charCodeAt(++cursor) - 48;
  if (unit >= 0 && unit <= 9) {
    dayOfMonth = dayOfMonth * 10 + unit;
    cursor++;
  }
  if (text.charCodeAt(cursor++) !== 32) return undefined;
  let year = Number.NaN;
  if (text.charCodeAt(cursor + 4) === 32 && text.charCodeAt(cursor + 7) === 58) {
    year = two(text, cursor) * 100 + two(text, cursor + 2);
    cursor += 5;
  }
  if (text.charCodeAt(cursor + 2) !== 58 || text.charCodeAt(cursor + 5) !== 58) return undefined;
  const hour = two(text, cursor);
  const minute = two(text, cursor + 3);
  const second = two(text, cursor + 6);
  let end = cursor + 8;
  let fraction = 0;
  if (text.charCodeAt(end) === 46) {
    let scale = 100;
    let digit = text.charCodeAt(++end) - 48;
    while (digit >= 0 && digit <= 9) {
      fraction += Math.floor(digit * scale);
      scale = scale > 1 ? scale / 10 : 0;
      digit = text.charCodeAt(++end) - 48;
    }
  }
  if (Number.isNaN(year) && text.charCodeAt(end) === 32) {
    const late = two(text, end + 1) * 100 + two(text, end + 3);
    const follows = text.charCodeAt(end + 5);
    if (late >= 1970 && late < 2200 && (follows === 32 || follows === 58)) {
      year = late;
      end += 5;
    }
  }
  const hasYear = !Number.isNaN(year);
  if (Number.isNaN(hour + minute + second)) return undefined;
  const inYear = (guess: number) => civilTime(guess, month, dayOfMonth, hour, minute, second);
  let ms = inYear(hasYear ? year : new Date(near).getUTCFullYear());
  if (!hasYear && !(ms >= near - 363 * day && ms <= near + 2 * day)) {
    const guess = new Date(near).getUTCFullYear();
    const years = [inYear(guess + 1), ms, inYear(guess - 1)];
    ms = years.find((each) => each <= near + 2 * day && each >= near - 366 * day) ?? Number.NaN;
  }
  return { ms: ms + fraction, end, zoned: false, hasYear };
}

/** The offset from UTC in milliseconds of a zone at a moment of its wall clock. */
export type ZoneOffset = (wallClock: number) => number;

/**
 * The zone in which sources without one are taken to write: `Z`, `+07:00`, or an IANA name. Throws a
 * `NormaliseError` (`unknown-zone`) for any other text. For IANA zones the offset is looked up once an hour of wall clock; in the hour that a clock repeats
 * it takes the earlier reading.
 */
export function zoneOffset(zone: string): ZoneOffset {
  if (zone === 'Z' || zone === 'UTC') return () => 0;
  const fixed = /^([+-])(\d{2}):(\d{2})$/.exec(zone);
  if (fixed) {
    const offset = (Number(fixed[2]) * 60 + Number(fixed[3])) * 60_000 * (fixed[1] === '-' ? -1 : 1);
    return () => offset;
  }
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-GB', { timeZone: zone, timeZoneName: 'longOffset' });
  } catch (cause) {
    const message = `time zone \`${zone}\` is unknown; write \`+07:00\` or a name such as \`Asia/Ho_Chi_Minh\``;
    throw new NormaliseError('unknown-zone', message, { cause });
  }
  const offsetAt = (utc: number): number => {
    const name = format.formatToParts(utc).find((part) => part.type === 'timeZoneName')?.value ?? 'GMT';
    const parts = /GMT([+-])(\d{2}):(\d{2})/.exec(name);
    if (!parts) return 0;
    return (Number(parts[2]) * 60 + Number(parts[3])) * 60_000 * (parts[1] === '-' ? -1 : 1);
  };
  const known = new Map<number, number>();
  return (wallClock) => {
    const hour = Math.floor(wallClock / 3_600_000);
    let offset = known.get(hour);
    if (offset === undefined) {
      const middle = hour * 3_600_000 + 1_800_000;
      offset = offsetAt(middle - offsetAt(middle));
      if (known.size > 4096) known.clear();
      known.set(hour, offset);
    }
    return offset;
  };
}

/** An RFC 3164 time in the zone of the configuration. */
export interface LocalTime {
  /** NaN where no calendar has it. */
  readonly ms: number;
  readonly end: number;
  /** The line gave no year, and it is not the year of receipt. */
  readonly yearGuessed: boolean;
}

/**
 * Reads the times of one configuration. Sources send many lines in one second, so the last text read is remembered,
 * for as long as the minute of receipt is the same (the guess of the year depends on it).
 */
export class TimeReader {
  readonly zone: ZoneOffset;
  #text = '';
  #minute = Number.NaN;
  #ms = 0;
  #yearGuessed = false;

  constructor(zone: ZoneOffset) {
    this.zone = zone;
  }

  /** The time of RFC 3164 at `at`, as real epoch milliseconds. */
  bsd(line: string, at: number, received: number): LocalTime | undefined {
    const minute = Math.floor(received / 60_000);
    // Only the plain form is remembered: what follows it must not be part of the time.
    if (minute === this.#minute && line.startsWith(this.#text, at) && line.charCodeAt(at + 15) === 32) {
      const next = line.charCodeAt(at + 16);
      if (next < 48 || next > 57) return { ms: this.#ms, end: at + 15, yearGuessed: this.#yearGuessed };
    }
    const read = readBsdTime(line, at, received);
    if (!read) return undefined;
    if (Number.isNaN(read.ms)) return { ms: Number.NaN, end: read.end, yearGuessed: false };
    const ms = read.ms - this.zone(read.ms);
    const yearGuessed =
      !read.hasYear && new Date(read.ms).getUTCFullYear() !== new Date(received).getUTCFullYear();
    if (!read.hasYear && read.end === at + 15) {
      this.#text = line.slice(at, at + 15);
      this.#minute = minute;
      this.#ms = ms;
      this.#yearGuessed = yearGuessed;
    }
    return { ms, end: read.end, yearGuessed };
  }
}
