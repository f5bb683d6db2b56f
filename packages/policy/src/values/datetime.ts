import type { Long } from '../parse/ast.ts';
import { long, subtract } from './long.ts';
import { Datetime, Duration, failed } from './value.ts';

const form = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2}):(\d{2})(?:\.(\d{3}))?(?:Z|([+-])(\d{2})(\d{2})))?$/;
const durationForm = /^(-?)(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/;
const day = 86_400_000;

/** `datetime("2026-11-21")`, `datetime("2026-11-21T08:00:00.000+0700")` (RFC 80 of the Cedar project). */
export function parseDatetime(text: unknown): Datetime | typeof failed {
  if (typeof text !== 'string') return failed;
  const match = form.exec(text);
  if (match === null) return failed;
  const [year, month, date, hour, minute, second, ms] = match
    .slice(1, 8)
    .map((part) => Number(part ?? 0)) as [number, number, number, number, number, number, number];
  const offsetHours = Number(match[9] ?? 0);
  const offsetMinutes = Number(match[10] ?? 0);
  if (hour > 23 || minute > 59 || second > 59 || offsetHours > 23 || offsetMinutes > 59) return failed;
  const at = new Date(0);
  at.setUTCFullYear(year, month - 1, date);
  if (at.getUTCFullYear() !== year || at.getUTCMonth() !== month - 1 || at.getUTCDate() !== date)
    return failed;
  const local = at.getTime() + ((hour * 60 + minute) * 60 + second) * 1000 + ms;
  const offset = (offsetHours * 60 + offsetMinutes) * 60_000;
  return new Datetime((match[8] === '-' ? local + offset : local - offset) + 0);
}

/** `duration("1d2h3m4s5ms")`, each part at most once and in this order, one minus before all. */
export function parseDuration(text: unknown): Duration | typeof failed {
  if (typeof text !== 'string' || text.length > 200) return failed;
  const match = durationForm.exec(text);
  if (match === null || match.slice(2).every((part) => part === undefined)) return failed;
  const [days, hours, minutes, seconds, ms] = match.slice(2, 7).map((part) => BigInt(part ?? 0)) as [
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  const total = (((days * 24n + hours) * 60n + minutes) * 60n + seconds) * 1000n + ms;
  const value = long(match[1] === '-' ? -total : total);
  return value === failed ? failed : new Duration(value);
}

export function offset(at: unknown, by: unknown): Datetime | typeof failed {
  if (!(at instanceof Datetime) || !(by instanceof Duration)) return failed;
  const ms = long(BigInt(at.ms) + BigInt(by.ms));
  return ms === failed ? failed : new Datetime(ms);
}

export function durationSince(at: unknown, from: unknown): Duration | typeof failed {
  if (!(at instanceof Datetime) || !(from instanceof Datetime)) return failed;
  const ms = subtract(at.ms, from.ms);
  return ms === failed ? failed : new Duration(ms);
}

/** Milliseconds since the last midnight UTC, never negative. */
function sinceMidnight(ms: Long): number {
  const rest = typeof ms === 'number' ? ms % day : Number(ms % BigInt(day));
  return rest < 0 ? rest + day : rest + 0;
}

export function toDate(at: unknown): Datetime | typeof failed {
  if (!(at instanceof Datetime)) return failed;
  const ms = subtract(at.ms, sinceMidnight(at.ms));
  return ms === failed ? failed : new Datetime(ms);
}

export function toTime(at: unknown): Duration | typeof failed {
  return at instanceof Datetime ? new Duration(sinceMidnight(at.ms)) : failed;
}

/** A duration in whole units of `unit` milliseconds, cut towards zero. */
function inUnits(unit: number): (value: unknown) => Long | typeof failed {
  return (value) => {
    if (!(value instanceof Duration)) return failed;
    return typeof value.ms === 'number' ? Math.trunc(value.ms / unit) + 0 : long(value.ms / BigInt(unit));
  };
}

export const toMilliseconds = inUnits(1);
export const toSeconds = inUnits(1000);
export const toMinutes = inUnits(60_000);
export const toHours = inUnits(3_600_000);
export const toDays = inUnits(day);
