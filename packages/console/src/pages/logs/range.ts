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

/** Its two ends as RFC 3339, with `now` as the end of a range that looks back. */
export function resolveRange(range: Range, now: number): { readonly from: string; readonly to: string } {
  const [from, to] = range.kind === 'back' ? [now - backs[range.name], now] : [range.from, range.to];
  return { from: new Date(from).toISOString(), to: new Date(to).toISOString() };
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
