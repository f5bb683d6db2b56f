import type { Detection, Event, FieldValue } from '@kydai/contracts';
import { Detection as DetectionSchema } from '@kydai/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadRules } from '../rules/load.ts';
import { createDetector, type Detector, type DetectorOptions, joinState } from './detector.ts';

const base = Date.parse('2026-11-21T03:00:00Z');
const second = 1000;
let sequence = 0;

function eventAt(at: number, fields: Readonly<Record<string, FieldValue>>, dataset = 'app.log'): Event {
  const id = `00000000-0000-7000-8000-${(++sequence).toString(16).padStart(12, '0')}`;
  const time = base + at * second;
  return { id, time, received: time, source: 's', dataset, fields: new Map(Object.entries(fields)), raw: '' };
}

const feeders = ['a', 'b', 'c']
  .map(
    (action) =>
      `title: ${action}\nid: ${action}\nlogsource: { service: app.log }\ndetection:\n  s: { event.action: ${action} }\n  condition: s\n`,
  )
  .join('---\n');

function detectorOf(correlation: string, options: Partial<DetectorOptions> = {}): Detector {
  const text = `${feeders}---\ntitle: C\nid: corr\nlevel: high\ncorrelation:\n${correlation}`;
  const { rules, problems } = loadRules([{ file: 'a.yml', text }]);
  expect(problems).toEqual([]);
  return createDetector({ rules, clock: { now: () => base }, ...options });
}

const later = (events: readonly Event[], seconds: number) =>
  events.map((event) => ({
    ...event,
    time: event.time + seconds * second,
    received: event.received + seconds * second,
  }));
const corr = (detections: readonly Detection[]) => detections.filter(({ rule }) => rule.id === 'corr');
const count = (n: number, more = '') =>
  `  type: event_count\n  rules: [a]\n  group-by: [u]\n  timespan: 1m\n  condition: { gte: ${n} }\n${more}`;
const hits = (n: number, step: number, fields: Readonly<Record<string, FieldValue>> = {}) =>
  Array.from({ length: n }, (_, index) => eventAt(index * step, { 'event.action': 'a', u: 'x', ...fields }));

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

describe('events that come long after their time', () => {
  const hour = 3600;
  /** The same events as if they came `seconds` after their time. */
  const behind = (events: readonly Event[], seconds: number, source = 's') =>
    events.map((event) => ({ ...event, source, received: event.time + seconds * second }));
  /** As the program runs: one event at a time, and the clock moves on between. */
  const live = (detector: Detector, events: readonly Event[]) =>
    corr(events.flatMap((event) => [...detector.process(event), ...detector.advance(event.received)]));

  it.each([7 * hour, 1 * hour, 200, -7 * hour])(
    'are correlated when the clock of the sender is %i s behind',
    (seconds) => {
      expect(live(detectorOf(count(10)), behind(hits(10, 1), seconds))).toHaveLength(1);
      expect(live(detectorOf(count(10)), behind(hits(10, 30), seconds))).toEqual([]);
    },
  );

  it('do not disturb what comes in time about the same group, nor other sources', () => {
    const now = hits(10, 2);
    const old = behind(later(hits(10, 2), -7 * hour), 7 * hour, 'old');
    const poison = behind(later(hits(10, 2), -2 * hour), 2 * hour, 'forger');
    const mixed = now.flatMap((event, index) => [event, old[index]!, poison[index]!]);
    const found = live(detectorOf(count(10)), mixed);
    expect(found.map(({ eventIds }) => eventIds)).toEqual(
      [now, old, poison].map((events) => events.map(({ id }) => id)),
    );
  });

  it('of an old file are counted as they happened, however fast the file is sent', () => {
    const sent = base + 300 * 24 * hour * second;
    const slow = hits(30, 20, { u: 'slow' });
    const file = [...slow, ...later(hits(10, 1), 100)].sort((left, right) => left.time - right.time);
    const found = live(
      detectorOf(count(10)),
      file.map((event, index) => ({ ...event, received: sent + index })),
    );
    expect(found.map(({ group }) => group)).toEqual([{ u: 'x' }]);
  });

  it('are judged for upper bounds when their windows close, by the time of receipt', () => {
    const detector = detectorOf(count(2, '').replace('gte: 2', 'lt: 3'));
    const few = behind(hits(2, 1), 7 * hour);
    expect(live(detector, few)).toEqual([]);
    expect(corr(detector.advance(few[1]!.received + 30 * second))).toEqual([]);
    expect(corr(detector.advance(few[1]!.received + 200 * second))).toHaveLength(1);
  });

  it('give the same after a restart in the middle', () => {
    const events = behind(hits(10, 1), 7 * hour);
    const before = detectorOf(count(10));
    live(before, events.slice(0, 6));
    const after = detectorOf(count(10));
    after.restore(JSON.parse(JSON.stringify(before.checkpoint())));
    const [whole] = live(detectorOf(count(10)), events);
    expect(live(after, events.slice(6)).map(({ id }) => id)).toEqual([whole!.id]);
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

describe('checkpoints', () => {
  it('lose and double nothing, wherever the process is killed', () => {
    const action = fc.record({
      at: fc.integer({ min: 0, max: 200 }),
      u: fc.constantFrom('x', 'y'),
      v: fc.constantFrom('p', 'q', 'r'),
    });
    const kinds = [
      count(4),
      '  type: value_count\n  rules: [a]\n  group-by: [u]\n  timespan: 1m\n  condition: { field: v, gte: 3 }\n',
    ];
    fc.assert(
      fc.property(
        fc.array(action, { maxLength: 50 }),
        fc.nat(50),
        fc.constantFrom(...kinds),
        (actions, cut, kind) => {
          const events = actions.map(({ at, u, v }) => eventAt(at, { 'event.action': 'a', u, v }));
          const whole = detectorOf(kind)
            .processBatch(events)
            .map(({ id }) => id);
          const first = detectorOf(kind);
          const before = first.processBatch(events.slice(0, cut)).map(({ id }) => id);
          const state = JSON.parse(JSON.stringify(first.checkpoint()));
          const pieces = first.checkpointInPieces();
          // What was processed after the checkpoint and before the kill is processed again, with the same ids.
          first.processBatch(events.slice(cut));
          for (const kept of [state, joinState(JSON.parse(JSON.stringify([...pieces])))]) {
            const second = detectorOf(kind);
            expect(second.restore(kept)).toEqual([]);
            const after = second.processBatch(events.slice(cut)).map(({ id }) => id);
            expect([...before, ...after]).toEqual(whole);
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  it('are of one moment, however many events come while they are written', () => {
    const one = detectorOf(count(4));
    const at = (second: number, u: string) => eventAt(second, { 'event.action': 'a', u });
    one.processBatch(Array.from({ length: 5000 }, (_, n) => at(0, `u${n}`)));
    const truth = one.checkpoint();
    const kept = [];
    let n = 0;
    for (const piece of one.checkpointInPieces()) {
      kept.push(structuredClone(piece));
      // Groups change before, at and behind where the writing is, new ones open, and some report and start anew.
      for (const u of [n, 2500, 4999 - n, `new ${n}`]) one.processBatch([at(1, `u${u}`), at(1, `u${u}`)]);
      n++;
    }
    expect(n).toBeGreaterThan(4);
    const sorted = (state: typeof truth) =>
      state.correlations['corr']!.groups.toSorted((a, b) => (a.values[0]! < b.values[0]! ? -1 : 1));
    expect(sorted(joinState(kept))).toEqual(sorted(truth));
  });

  it('drop the state of a correlation that has changed, and say so', () => {
    const first = detectorOf(count(4));
    first.processBatch(hits(3, 1));
    expect(detectorOf(count(5)).restore(first.checkpoint())).toEqual(['corr']);
  });
});

describe('detections of plain rules', () => {
  const text = (more = '') =>
    `${more}title: T\nid: r\nlogsource: { service: app.log }\ntags: [attack.t1110.001, attack.ics.t0855]\ndetection:\n  s: { x: 1 }\n  condition: s\n`;
  const detectorFor = (yaml: string) =>
    createDetector({ rules: loadRules([{ file: 'a.yml', text: yaml }]).rules, clock: { now: () => base } });

  it('name techniques, entities and drills, and keep their id when processed again', () => {
    const event = eventAt(0, { x: 1, 'device.id': 'cam-1', 'host.name': '-', 'kydai.drill': true });
    const [detection] = detectorFor(text()).process(event);
    expect(DetectionSchema.parse(detection)).toMatchObject({
      techniques: ['T1110.001', 'T0855'],
      entities: [{ type: 'device', id: 'cam-1' }],
      drill: true,
    });
    expect(detection!.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(detectorFor(text()).process(event)[0]!.id).toBe(detection!.id);
  });

  it('carry the rule’s title in both languages, where it has both', () => {
    const [both] = detectorFor(text('title_vi: Tiêu đề\n')).process(eventAt(0, { x: 1 }));
    expect(DetectionSchema.parse(both).rule).toEqual({ id: 'r', title: 'T', titleVi: 'Tiêu đề' });
    const [one] = detectorFor(text()).process(eventAt(0, { x: 1 }));
    expect(one!.rule).toEqual({ id: 'r', title: 'T' });
  });

  it('take their entities from the fields that the rule names', () => {
    const detector = detectorFor(text('kydai: { entities: { build.id: build } }\n'));
    const [detection] = detector.process(eventAt(0, { x: 1, 'build.id': 'b', 'user.name': 'u' }));
    expect(detection!.entities).toEqual([{ type: 'build', id: 'b' }]);
  });

  it('come only from events of the rule’s log source', () => {
    expect(detectorFor(text()).process(eventAt(0, { x: 1 }, 'other.log'))).toEqual([]);
    expect(detectorFor(text()).process(eventAt(0, { x: 1 }, 'constructor'))).toEqual([]);
  });
});

describe('the throttle', () => {
  const text =
    'id: r\ntitle: T\nlogsource: { service: app.log }\ndetection:\n  s: { x: 1 }\n  condition: s\n';
  const detector = (limits: DetectorOptions['throttle'], known?: DetectorOptions['known']) =>
    createDetector({
      rules: loadRules([{ file: 'a.yml', text }]).rules,
      clock: { now: () => base },
      ...(known === undefined ? {} : { known }),
      ...(limits === undefined ? {} : { throttle: limits }),
    });
  const noise = (n: number, user: string, at = 0) =>
    Array.from({ length: n }, () => eventAt(at, { x: 1, 'user.name': user }));

  it('holds back one noisy source, lets others through, and tells what it held back', () => {
    const limited = detector({ perSource: 3, perRule: 100, window: 60_000 });
    expect(limited.processBatch(noise(50, 'loud'))).toHaveLength(3);
    expect(limited.processBatch(noise(1, 'quiet'))).toHaveLength(1);
    expect(limited.stats().suppressed).toEqual({ r: 47 });
    expect(limited.processBatch(noise(1, 'loud', 61))[0]!.eventCount).toBe(48);
  });

  it('bounds a rule that fires on everything, whoever it is about', () => {
    const limited = detector({ perSource: 3, perRule: 10, perRuleAtMost: 30, window: 60_000 });
    const found = Array.from({ length: 50 }, (_, n) => limited.processBatch(noise(1, `u${n}`))).flat();
    expect(found).toHaveLength(30);
    expect(limited.stats().suppressed).toEqual({ r: 20 });
  });

  it('lets a victim through a flood about devices that do not exist, and holds back only the repeats', () => {
    const limited = detector(undefined);
    for (let n = 0; n < 2000; n++) limited.process(eventAt(0, { x: 1, 'device.id': `fake-${n}` }));
    const victim = () => limited.process(eventAt(1, { x: 1, 'device.id': 'tlc-014' }));
    expect(victim()).toHaveLength(1);
    expect(victim()).toEqual([]);
    expect(limited.stats().suppressed).toEqual({ r: 1 });
  });

  it('lets a device of the register through however large the flood is, and bounds what varies around it', () => {
    const limits = { perSource: 3, perRule: 10, perRuleAtMost: 20, window: 60_000 };
    const limited = detector(limits, ({ type, id }) => type === 'device' && id === 'tlc-014');
    const about = (device: string, user: string) =>
      limited.process(eventAt(0, { x: 1, 'device.id': device, 'user.name': user }));
    for (let n = 0; n < 500; n++) about(`fake-${n}`, 'u');
    expect(about('tlc-014', 'u')).toHaveLength(1);
    expect(Array.from({ length: 100 }, (_, n) => about('tlc-014', `v${n}`)).flat()).toHaveLength(2);
  });

  it('keeps drills and what is real in accounts of their own', () => {
    const limited = detector({ perSource: 3, perRule: 10, perRuleAtMost: 10, window: 60_000 });
    for (let n = 0; n < 50; n++)
      limited.process(eventAt(0, { x: 1, 'user.name': `u${n}`, 'kydai.drill': true }));
    expect(limited.processBatch(noise(5, 'real'))).toHaveLength(3);
  });

  it('never holds back what a correlation counts, and can be switched off', () => {
    const limits = { perSource: 1, perRule: 1, window: 60_000 };
    expect(corr(detectorOf(count(10), { throttle: limits }).processBatch(hits(10, 1)))).toHaveLength(1);
    expect(detector(false).processBatch(noise(500, 'loud'))).toHaveLength(500);
  });

  it('survives a restart', () => {
    const limits = { perSource: 3, perRule: 100, window: 60_000 };
    const before = detector(limits);
    before.processBatch(noise(5, 'loud'));
    const after = detector(limits);
    after.restore(JSON.parse(JSON.stringify(before.checkpoint())));
    expect(after.processBatch(noise(5, 'loud'))).toEqual([]);
    expect(after.stats().suppressed).toEqual({ r: 7 });
  });
});
