import type { Event, FieldValue } from '@kydai/contracts';
import { Detection as DetectionSchema } from '@kydai/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadRules } from '../rules/load.ts';
import { createDetector } from './detector.ts';
import { base, corr, count, detectorOf, eventAt, feeders, hits, later, second } from './detector-samples.ts';

describe('event_count', () => {
  it('reports once per satisfied window, with the group, the first event and the ids', () => {
    const events = hits(30, 2, { 'source.ip': '192.0.2.1', 'user.name': 'binh' });
    const found = corr(detectorOf(count(10)).processBatch(events));
    expect(found).toHaveLength(1);
    expect(DetectionSchema.parse(found[0])).toMatchObject({
      level: 'high',
      group: { u: 'x' },
      eventCount: 10,
      firstEventTime: base,
      time: base + 18 * second,
      entities: [
        { type: 'user', id: 'binh' },
        { type: 'address', id: '192.0.2.1' },
      ],
    });
    expect(found[0]!.eventIds).toEqual(events.slice(0, 10).map(({ id }) => id));
  });

  it('reports again after the window has emptied', () => {
    const events = [...hits(12, 1), ...later(hits(12, 1), 100)];
    expect(corr(detectorOf(count(10)).processBatch(events))).toHaveLength(2);
  });

  it('does not count events that lie further apart than the timespan, nor other groups, nor events without the field', () => {
    expect(corr(detectorOf(count(10)).processBatch(hits(20, 7)))).toEqual([]);
    const others = hits(20, 1).map((event, index) => ({
      ...event,
      fields: new Map([...event.fields.entries(), ['u', `${index}`]] as const),
    }));
    expect(corr(detectorOf(count(10)).processBatch(others))).toEqual([]);
    expect(
      corr(
        detectorOf(count(2)).processBatch([
          eventAt(0, { 'event.action': 'a' }),
          eventAt(1, { 'event.action': 'a' }),
        ]),
      ),
    ).toEqual([]);
  });

  it('finds the same groups when events come out of order within the lateness', () => {
    const times = fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(times, fc.infiniteStream(fc.integer({ min: 0, max: 40 })), (seconds, delays) => {
        const events = seconds.map((at) => eventAt(at, { 'event.action': 'a', u: 'x' }));
        const late = new Map(events.map((event) => [event.id, event.time + delays.next().value! * second]));
        const inOrder = [...events].sort((left, right) => left.time - right.time);
        const mixed = [...events].sort((left, right) => late.get(left.id)! - late.get(right.id)!);
        const any = (list: readonly Event[]) => corr(detectorOf(count(6)).processBatch(list)).length > 0;
        expect(any(mixed)).toBe(any(inOrder));
      }),
      { numRuns: 60 },
    );
  });

  it('counts what a slow recount of every window counts', () => {
    const times = fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 60 });
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 8 }), (seconds, threshold) => {
        const sorted = [...seconds].sort((left, right) => left - right);
        const events = sorted.map((at) => eventAt(at, { 'event.action': 'a', u: 'x' }));
        const windows = sorted.some((end, index) => {
          return sorted.slice(0, index + 1).filter((at) => at >= end - 60).length >= threshold;
        });
        expect(corr(detectorOf(count(threshold)).processBatch(events)).length > 0).toBe(windows);
      }),
      { numRuns: 60 },
    );
  });

  it('judges an upper bound when the window closes', () => {
    const detector = detectorOf(count(2, '').replace('gte: 2', 'lt: 3'));
    expect(detector.processBatch(hits(2, 1))).toEqual([]);
    expect(corr(detector.advance(base + 1000 * second))).toHaveLength(1);
    expect(detector.processBatch(later(hits(5, 1), 2000))).toEqual([]);
    expect(detector.advance(base + 4000 * second)).toEqual([]);
  });

  it('keeps at most the given number of groups and counts what gave way', () => {
    const detector = detectorOf(count(10), { maxGroups: 100 });
    for (let index = 0; index < 1000; index++)
      detector.process(eventAt(0, { 'event.action': 'a', u: `${index}` }));
    expect(detector.stats().correlations[0]).toMatchObject({ groups: 100, evicted: 900 });
  });

  it('is not moved by one event from the far future', () => {
    const detector = detectorOf(count(3));
    const future = { ...eventAt(0, { 'event.action': 'a', u: 'x' }), time: base + 1e12 };
    expect(corr([...detector.process(future), ...detector.processBatch(hits(3, 1))])).toHaveLength(1);
  });
});

describe('the other correlations', () => {
  const single = (type: string, condition: string, rules = '[a]') =>
    `  type: ${type}\n  rules: ${rules}\n  group-by: [u]\n  timespan: 1m\n  condition: ${condition}\n`;
  const values = (list: readonly FieldValue[], step = 1) =>
    list.map((v, index) => eventAt(index * step, { 'event.action': 'a', u: 'x', v }));

  it.each<readonly [string, string, readonly FieldValue[], boolean]>([
    ['value_count', '{ field: v, gte: 3 }', ['p', 'q', 'p', 'r'], true],
    ['value_count', '{ field: v, gte: 3 }', ['p', 'q', 'p', 'q'], false],
    ['value_count', '{ field: v, gte: 3 }', [['p', 'q'], 'r'], true],
    ['value_count', '{ field: v, gte: 3 }', [[], ['p', 'p']], false],
    ['value_sum', '{ field: v, gt: 10 }', [['5', 'many', '6']], true],
    ['value_avg', '{ field: v, lte: 4 }', ['', 9], false],
    ['value_sum', '{ field: v, gt: 10 }', [5, '5', 1], true],
    ['value_sum', '{ field: v, gt: 10 }', [5, 'many', 5], false],
    ['value_avg', '{ field: v, gte: 4 }', [1, 1, 10], true],
    ['value_avg', '{ field: v, gte: 4 }', [1, 1, 3], false],
    ['value_median', '{ field: v, gte: 5 }', [1, 9], true],
    ['value_median', '{ field: v, gte: 5 }', [1, 1, 9], false],
    ['value_percentile', '{ field: v, percentile: 90, gte: 9 }', [1, 9.5], false],
    ['value_percentile', '{ field: v, percentile: 100, gte: 9 }', [1, 9.5], true],
  ])('%s with %s over %j: %j', (type, condition, list, expected) => {
    expect(corr(detectorOf(single(type, condition)).processBatch(values(list))).length > 0).toBe(expected);
  });

  it('lets values leave the window', () => {
    expect(
      corr(
        detectorOf(single('value_count', '{ field: v, gte: 3 }')).processBatch(values(['p', 'q', 'r'], 40)),
      ),
    ).toEqual([]);
    expect(
      corr(detectorOf(single('value_sum', '{ field: v, gt: 10 }')).processBatch(values([5, 5, 5], 40))),
    ).toEqual([]);
  });

  const temporal = (type: string, more = '') =>
    `  type: ${type}\n  rules: [a, b, c]\n  group-by: [u]\n  timespan: 1m\n${more}`;
  const story = (actions: string, step = 1) =>
    [...actions].map((action, index) => eventAt(index * step, { 'event.action': action, u: 'x' }));

  it.each<readonly [string, string, string, number, boolean]>([
    ['temporal', '', 'cba', 1, true],
    ['temporal', '', 'ab', 1, false],
    ['temporal', '', 'abc', 40, false],
    ['temporal', '  condition: a and (b or c)\n', 'ca', 1, true],
    ['temporal', '  condition: a and not b\n', 'ba', 1, false],
    ['temporal_ordered', '', 'abc', 1, true],
    ['temporal_ordered', '', 'acb', 1, false],
    ['temporal_ordered', '', 'aabbabc', 1, true],
    ['temporal_ordered', '', 'abc', 40, false],
  ])('%s%s over %s, %i s apart: %j', (type, more, actions, step, expected) => {
    expect(corr(detectorOf(temporal(type, more)).processBatch(story(actions, step))).length > 0).toBe(
      expected,
    );
  });

  const at = (action: string, seconds: number, received = seconds) => ({
    ...eventAt(seconds, { 'event.action': action, u: 'x' }),
    received: base + received * second,
  });

  it.each<readonly [string, string, readonly (readonly [string, number])[], boolean]>([
    [
      'temporal_ordered',
      'the first after the last',
      [
        ['b', 5],
        ['c', 6],
        ['a', 4],
      ],
      true,
    ],
    [
      'temporal_ordered',
      'the middle after the last',
      [
        ['a', 4],
        ['c', 6],
        ['b', 5],
      ],
      true,
    ],
    [
      'temporal_ordered',
      'one second for all',
      [
        ['c', 5],
        ['b', 5],
        ['a', 5],
      ],
      true,
    ],
    [
      'temporal_ordered',
      'another order',
      [
        ['c', 4],
        ['b', 5],
        ['a', 6],
      ],
      false,
    ],
    [
      'temporal',
      'an old one between newer',
      [
        ['a', 0],
        ['b', 1],
        ['a', 50],
        ['b', 50],
        ['c', 2],
      ],
      true,
    ],
    [
      'temporal',
      'one beside newer of its kind',
      [
        ['a', 0],
        ['b', 1],
        ['a', 100],
        ['c', 59],
      ],
      true,
    ],
    [
      'temporal',
      'one too far from all',
      [
        ['a', 0],
        ['b', 1],
        ['a', 100],
        ['c', 90],
      ],
      false,
    ],
  ])('%s takes events in any order of arrival: %s', (type, _, arrivals, expected) => {
    const events = arrivals.map(([action, seconds], index) => at(action, seconds, 110 + index));
    expect(corr(detectorOf(temporal(type)).processBatch(events)).length > 0).toBe(expected);
  });

  it('waits to the end of the window for what a condition denies', () => {
    const detector = detectorOf(temporal('temporal', '  condition: a and not b\n'));
    expect(corr(detector.processBatch(story('acb')))).toEqual([]);
    expect(corr(detector.advance(base + 3600 * second))).toEqual([]);
    expect(corr(detector.processBatch(later(story('ac'), 4000)))).toEqual([]);
    expect(corr(detector.advance(base + 8000 * second))).toHaveLength(1);
  });

  it('counts and sums more events than it remembers one by one', () => {
    const many = (n: number, v: FieldValue) =>
      Array.from({ length: n }, (_, index) => eventAt(index / 1000, { 'event.action': 'a', u: 'x', v }));
    const first = (type: string, condition: string, n: number) => {
      const detector = detectorOf(single(type, condition));
      return many(n, 10).findIndex((event) => corr(detector.process(event)).length > 0) + 1;
    };
    expect(first('event_count', '{ gte: 25000 }', 26_000)).toBe(25_000);
    expect(first('value_sum', '{ field: v, gt: 300000 }', 31_000)).toBe(30_001);
    const values = Array.from({ length: 12_000 }, (_, v) =>
      eventAt(v / 1000, { 'event.action': 'a', u: 'x', v }),
    );
    expect(
      corr(detectorOf(single('value_count', '{ field: v, gte: 12000 }')).processBatch(values)),
    ).toHaveLength(1);
    // What lies outside the timespan is not counted, however many it was.
    const slow = Array.from({ length: 40_000 }, (_, index) =>
      eventAt(index / 100, { 'event.action': 'a', u: 'x' }),
    );
    expect(corr(detectorOf(single('event_count', '{ gte: 6200 }')).processBatch(slow))).toEqual([]);
  });

  it('feeds a correlation with one that is judged when its window closes', () => {
    const feeder =
      'title: F\nid: few\ncorrelation:\n  type: event_count\n  rules: [a]\n  group-by: [u]\n  timespan: 1m\n  condition: { lte: 2 }\n';
    const text = `${feeders}---\n${feeder}---\ntitle: C\nid: corr\ncorrelation:\n  type: temporal\n  rules: [few, b]\n  group-by: [u]\n  timespan: 5m\n`;
    const { rules, problems } = loadRules([{ file: 'a.yml', text }]);
    expect(problems).toEqual([]);
    const detector = createDetector({ rules, clock: { now: () => base } });
    expect(detector.processBatch([at('a', 0), at('b', 30)])).toEqual([]);
    expect(corr(detector.advance(base + 600 * second))[0]?.group).toEqual({ u: 'x' });
  });

  it('reads a group field under the name that each rule has for it', () => {
    const text =
      '  type: temporal\n  rules: [a, b]\n  group-by: [who]\n  timespan: 1m\n  aliases: { who: { a: u, b: w } }\n';
    const events = [eventAt(0, { 'event.action': 'a', u: 'x' }), eventAt(1, { 'event.action': 'b', w: 'x' })];
    expect(corr(detectorOf(text).processBatch(events))[0]?.group).toEqual({ who: 'x' });
  });
});
