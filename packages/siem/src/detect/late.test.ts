import type { Event, FieldValue } from '@kydai/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadRules } from '../rules/load.ts';
import { createDetector } from './detector.ts';

const base = Date.parse('2026-11-21T03:00:00Z');
const second = 1000;
const timespan = 60;

interface Seen {
  /** Seconds. */
  readonly time: number;
  readonly value: number;
}

/** What each condition means, asked plainly of the events of one window. */
const meanings: readonly (readonly [string, string, (window: readonly Seen[]) => boolean])[] = [
  ['event_count', '{ gte: 4 }', (window) => window.length >= 4],
  ['value_count', '{ field: v, gte: 4 }', (window) => new Set(window.map(({ value }) => value)).size >= 4],
  ['value_sum', '{ field: v, gt: 20 }', (window) => sumOf(window) > 20],
  ['value_avg', '{ field: v, gt: 8 }', (window) => sumOf(window) / window.length > 8],
];

function sumOf(window: readonly Seen[]): number {
  return window.reduce((sum, { value }) => sum + value, 0);
}

function rulesOf(type: string, condition: string) {
  const feeder =
    'title: A\nid: a\nlogsource: { service: s }\ndetection: { s: { k: a }, condition: s }\n---\n';
  const correlation = `title: C\nid: c\ncorrelation:\n  type: ${type}\n  rules: [a]\n  timespan: ${timespan}s\n  condition: ${condition}\n`;
  return loadRules([{ file: 'a.yml', text: feeder + correlation }]).rules;
}

function eventOf({ time, value }: Seen, delay: number, id: number): Event {
  const fields = new Map<string, FieldValue>([
    ['k', 'a'],
    ['v', value],
  ]);
  const at = base + time * second;
  return {
    id: String(id),
    time: at,
    received: at + delay * second,
    source: 's',
    dataset: 's',
    fields,
    raw: '',
  };
}

describe('events that arrive out of order', () => {
  const arrivals = fc.array(
    fc.record({
      time: fc.integer({ min: 0, max: 150 }),
      value: fc.integer({ min: 0, max: 12 }),
      // Within the lateness.
      delay: fc.integer({ min: 0, max: 50 }),
    }),
    { maxLength: 9 },
  );

  it.each(meanings)('%s %s is found when a window holds it, and never else', (type, condition, holds) => {
    const rules = rulesOf(type, condition);
    fc.assert(
      fc.property(arrivals, (list) => {
        const inTurn = list.toSorted((one, other) => one.time + one.delay - other.time - other.delay);
        const detector = createDetector({ rules, clock: { now: () => base } });
        const found = inTurn.some((each, id) => detector.process(eventOf(each, each.delay, id)).length > 0);
        const meant = inTurn.some((_, last) => {
          const seen = inTurn.slice(0, last + 1);
          return seen.some(({ time: end }) =>
            holds(seen.filter(({ time }) => time <= end && time >= end - timespan)),
          );
        });
        expect(found).toBe(meant);
      }),
      { numRuns: 300 },
    );
  });
});
