import type { VersionScheme } from '../versions/index.ts';
import type { AdvisoryRange, RangeEvent } from './advisory.ts';

/** An end of an interval; undefined is open for good. */
interface Bound {
  readonly version: string;
  readonly inclusive: boolean;
}

/** The versions between two bounds. */
export interface Interval {
  readonly low: Bound | undefined;
  readonly high: Bound | undefined;
}

/**
 * One requirement such as `>= 1.2`, or several joined by commas, as an interval. `~>` is RubyGems' pessimistic operator.
 *
 * @returns undefined for text that is no requirement, or that is no one interval (`!=`)
 */
export function parseRequirement(text: string, scheme: VersionScheme): Interval | undefined {
  let interval: Interval = { low: undefined, high: undefined };
  for (const part of text.split(',')) {
    const match = /^\s*(>=|<=|~>|==?|>|<)?\s*([0-9A-Za-z][\w.+-]*)\s*$/.exec(part);
    if (match === null) return undefined;
    const [, operator = '=', version = ''] = match;
    const at = (inclusive: boolean): Bound => ({ version, inclusive });
    const next: Interval =
      operator === '>='
        ? { low: at(true), high: undefined }
        : operator === '>'
          ? { low: at(false), high: undefined }
          : operator === '<'
            ? { low: undefined, high: at(false) }
            : operator === '<='
              ? { low: undefined, high: at(true) }
              : operator === '~>'
                ? { low: at(true), high: { version: pessimistic(version), inclusive: false } }
                : { low: at(true), high: at(true) };
    interval = {
      low: pick(interval.low, next.low, (order) => order > 0, scheme),
      high: pick(interval.high, next.high, (order) => order < 0, scheme),
    };
  }
  return interval;
}

/** What none of the intervals holds, in order. */
export function complement(intervals: readonly Interval[], scheme: VersionScheme): readonly Interval[] {
  const sorted = intervals.toSorted((a, b) => compareLow(a.low, b.low, scheme));
  const gaps: Interval[] = [];
  let low: Bound | undefined;
  let closed = false;
  for (const interval of sorted) {
    if (interval.low !== undefined) {
      const high = { version: interval.low.version, inclusive: !interval.low.inclusive };
      if (!closed && isSome(low, high, scheme)) gaps.push({ low, high });
    }
    if (interval.high === undefined) closed = true;
    else {
      const after = { version: interval.high.version, inclusive: !interval.high.inclusive };
      if (low === undefined || compareLow(after, low, scheme) > 0) low = after;
    }
  }
  if (!closed) gaps.push({ low, high: undefined });
  return gaps;
}

/** The interval as events of a range. */
export function toRange(interval: Interval): AdvisoryRange {
  const events: RangeEvent[] = [];
  if (interval.low === undefined) events.push(['introduced', '0']);
  else events.push([interval.low.inclusive ? 'introduced' : 'introduced_after', interval.low.version]);
  if (interval.high !== undefined) {
    events.push([interval.high.inclusive ? 'last_affected' : 'fixed', interval.high.version]);
  }
  return { type: 'ECOSYSTEM', events };
}

/** `~> 1.2.3` ends before 1.3, `~> 1.2` before 2. */
function pessimistic(version: string): string {
  const numbers = version.split('.');
  const end = numbers.findIndex((part) => !/^\d+$/.test(part));
  const kept = numbers.slice(0, Math.max(1, (end < 0 ? numbers.length : end) - 1));
  return [...kept.slice(0, -1), String(BigInt(kept.at(-1)!) + 1n)].join('.');
}

function pick(
  a: Bound | undefined,
  b: Bound | undefined,
  better: (order: number) => boolean,
  scheme: VersionScheme,
): Bound | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  const order = scheme.compare(a.version, b.version);
  if (order === 0) return a.inclusive ? b : a;
  return better(order) ? a : b;
}

function compareLow(a: Bound | undefined, b: Bound | undefined, scheme: VersionScheme): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  return scheme.compare(a.version, b.version) || Number(b.inclusive) - Number(a.inclusive);
}

function isSome(low: Bound | undefined, high: Bound, scheme: VersionScheme): boolean {
  if (low === undefined) return true;
  const order = scheme.compare(low.version, high.version);
  return order < 0 || (order === 0 && low.inclusive && high.inclusive);
}
