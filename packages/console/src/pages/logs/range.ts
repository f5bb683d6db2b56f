import type { ZoneChoice } from '../../language/format.ts';

/** The time range of the log page as the address keeps it: a length back from now, or two fixed ends. */
export type Range =
  | { readonly kind: 'back'; readonly name: BackName }
  | { readonly kind: 'fixed'; readonly from: number; readonly to: number };

const minute = 60_000;
export const backs = {
  '15m': 15 * minute,
  '1h': 60 * minute,
  '24h': 1440 * minute,
  '7d': 7 * 1440 * minute,
  '30d': 30 * 1440 * minute,
} as const;
export type BackName = keyof typeof backs;
export const backNames = Object.keys(backs) as BackName[];

/** Reads a range from an address; anything unreadable or upside down is the last 24 hours. */
export function readRange(search: URLSearchParams): Range {
  const from = Date.parse(search.get('from') ?? '');
  const to = Date.parse(search.get('to') ?? '');
  if (!Number.isNaN(from) && !Number.isNaN(to) && from < to) return { kind: 'fixed', from, to };
  const name = backNames.find((one) => one === search.get('range')) ?? '24h';
  return { kind: 'back', name };
}

/** Puts a range into an address, in place of what was there. */
export function writeRange(search: URLSearchParams, range: Range): URLSearchParams {
  const next = new URLSearchParams(search);
  for (const name of ['range', 'from', 'to']) next.delete(name);
  if (range.kind === 'back') next.set('range', range.name);
  else {
    next.set('from', new Date(range.from).toISOString());
    next.set('to', new Date(range.to).toISOString());
  }
  return next;
}

/** Minutes that a zone is ahead of UTC at a moment. Viet Nam has had no summer time since 1975. */
function offsetOf(zone: ZoneChoice, at: number): number {
  return zone === 'vietnam' ? 420 : zone === 'utc' ? 0 : -new Date(at).getTimezoneOffset();
}

/** A moment as the value of a `datetime-local` field, on the clock of the reader's zone. */
export function toField(at: number, zone: ZoneChoice): string {
  return new Date(at + offsetOf(zone, at) * minute).toISOString().slice(0, 19);
}

/** The moment of such a field; undefined while it is incomplete. */
export function fromField(text: string, zone: ZoneChoice): number | undefined {
  const asUtc = Date.parse(`${text}Z`);
  return Number.isNaN(asUtc) ? undefined : asUtc - offsetOf(zone, asUtc) * minute;
}

/** Its two ends as RFC 3339, with `now` as the end of a range that looks back. */
export function resolveRange(range: Range, now: number): { readonly from: string; readonly to: string } {
  const [from, to] = range.kind === 'back' ? [now - backs[range.name], now] : [range.from, range.to];
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
}

/**
 * Buckets of a histogram without gaps: a store answers only with those that hold something. Ends are cut to `limit`
 * buckets so that a wrong interval cannot make millions.
 */
export function withoutGaps(
  buckets: readonly { readonly time: number; readonly count: number }[],
  interval: number,
  span: { readonly from: string; readonly to: string },
  limit = 400,
): readonly { readonly time: number; readonly count: number }[] {
  if (interval <= 0) return buckets;
  const phase = (buckets[0]?.time ?? 0) % interval;
  const first = Math.floor((Date.parse(span.from) - phase) / interval) * interval + phase;
  const length = Math.min(limit, Math.max(1, Math.ceil((Date.parse(span.to) - first) / interval)));
  const filled = Array.from({ length }, (_, index) => ({ time: first + index * interval, count: 0 }));
  for (const bucket of buckets) {
    const at = filled[Math.round((bucket.time - first) / interval)];
    if (at) at.count += bucket.count;
  }
  return filled;
}

/** A condition of the query language for one field and value, quoted where it needs to be. */
export function condition(field: string, value: unknown): string {
  const text = String(value);
  const bare = /^[\p{L}\p{N}_.-]+$/u.test(text) && !/^(and|or|not)$/i.test(text);
  return `${field}:${bare ? text : `"${text.replace(/["\\]/g, '\\$&')}"`}`;
}

/** A query narrowed by one more condition. */
export function narrow(query: string, more: string, exclude = false): string {
  const term = exclude ? `not ${more}` : more;
  const before = query.trim();
  if (!before) return term;
  const needsBrackets = /\bor\b/i.test(before);
  return `${needsBrackets ? `(${before})` : before} and ${term}`;
}
