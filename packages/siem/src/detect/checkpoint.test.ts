import type { Detection, Event } from '@kydai/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { atOnce } from '../rules/at-once.ts';
import { loadRules } from '../rules/load.ts';
import type { RuleSet } from '../rules/rule.ts';
import type { StatePiece } from './checkpoint.ts';
import type { Detector } from './detector.ts';
import {
  corr,
  count,
  detectorOf,
  eventAt,
  feeders,
  hits,
  later,
  rulesOf,
  written,
} from './detector-samples.ts';

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
          const state = written(first.checkpoint());
          const pieces = first.checkpoint();
          // What was processed after the checkpoint and before the kill is processed again, with the same ids.
          first.processBatch(events.slice(cut));
          for (const kept of [state, written(pieces)]) {
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
    const truth = [...one.checkpoint()];
    const kept = [];
    let n = 0;
    for (const piece of one.checkpoint()) {
      kept.push(structuredClone(piece));
      // Groups change before, at and behind where the writing is, new ones open, and some report and start anew.
      for (const u of [n, 2500, 4999 - n, `new ${n}`]) one.processBatch([at(1, `u${u}`), at(1, `u${u}`)]);
      n++;
    }
    expect(n).toBeGreaterThan(4);
    const sorted = (pieces: readonly StatePiece[]) =>
      pieces
        .flatMap((piece) => ('state' in piece ? piece.state.groups : []))
        .toSorted((a, b) => (a.values[0]! < b.values[0]! ? -1 : 1));
    expect(sorted(truth)).toHaveLength(5000);
    expect(sorted(kept)).toEqual(sorted(truth));
  });

  it('keep which groups rested longest, and tell values apart that look like keys', () => {
    const names = ['["a"]', 'a', '[["a"],"s"]', '', 'b', 'c'];
    const first = detectorOf(count(2), { maxGroups: 6 });
    const at = (second: number, u: string) => eventAt(second, { 'event.action': 'a', u });
    first.processBatch(names.map((u, second) => at(second, u)));
    // The first one is touched again, so that the second rested longest.
    first.process(at(5.5, names[0]!));
    const second = detectorOf(count(2), { maxGroups: 6 });
    second.restore(written(first.checkpoint()));
    for (const detector of [first, second]) {
      detector.process(at(6, 'new'));
      expect(corr(detector.process(at(7, 'a')))).toEqual([]);
      expect(corr(detector.process(at(8, '')))).toHaveLength(1);
      expect(detector.stats().correlations[0]).toMatchObject({ groups: 6, evicted: 2 });
    }
  });

  it('drop the state of a correlation that has changed, and say so', () => {
    const first = detectorOf(count(4));
    first.processBatch(hits(3, 1));
    expect(detectorOf(count(5)).restore(first.checkpoint())).toEqual(['corr']);
  });
});

describe('a change of rules', () => {
  const beside = `title: B\nid: beside\nlogsource: { service: app.log }\ndetection:\n  s: { v: p }\n  condition: s\n`;
  const another = (n: number, rules = 0) => {
    const more = Array.from({ length: rules }, (_, at) => feeders.replaceAll('id: ', `id: m${at}`));
    return rulesOf(count(n), [beside, ...more]);
  };
  /** Goes on with the rules while `events` come one by one, and returns what was found and the next detector. */
  const changing = (detector: Detector, rules: RuleSet, events: Event[]) => {
    const found: Detection[] = [];
    const work = detector.succeeding({ rules, throttle: false });
    for (;;) {
      const { done, value } = work.next();
      if (done) return { found, next: value };
      const event = events.shift();
      if (event) found.push(...detector.process(event));
    }
  };
  const ids = (found: readonly Detection[]) => corr(found).map(({ id }) => id);

  it('loses and doubles nothing of what is counted, whenever it begins', () => {
    const times = fc.array(fc.tuple(fc.nat(200), fc.constantFrom('x', 'y')), { maxLength: 60 });
    fc.assert(
      fc.property(times, fc.nat(40), fc.nat(60), (given, many, cut) => {
        const events = given.map(([at, u]) => eventAt(at, { 'event.action': 'a', u }));
        const whole = ids(detectorOf(count(4), { throttle: false }).processBatch(events));
        const detector = detectorOf(count(4), { throttle: false });
        const before = detector.processBatch(events.splice(0, cut));
        const { found, next } = changing(detector, another(4, many), events);
        expect(ids([...before, ...found, ...next.processBatch(events)])).toEqual(whole);
      }),
      { numRuns: 60 },
    );
  });

  it('judges no event by rules that are not there as a whole', () => {
    const detector = detectorOf(count(4), { throttle: false });
    detector.process(eventAt(0, { v: 'p' }));
    const events = Array.from({ length: 100 }, (_, at) => eventAt(at, { v: 'p' }));
    const { found, next } = changing(detector, another(4, 100), events);
    expect(events.length).toBeLessThan(100);
    expect(found).toEqual([]);
    expect(next.process(eventAt(1, { v: 'p' })).map(({ rule }) => rule.id)).toEqual(['beside']);
    expect(next.stats().streams).toHaveLength(1);
  });

  it('begins anew with a correlation that counts otherwise, and gives up one that is gone', () => {
    const detector = detectorOf(count(4), { throttle: false });
    detector.processBatch(hits(3, 1));
    const { next } = changing(detector, rulesOf(count(5)), []);
    expect(next.stats().correlations).toEqual([{ rule: 'corr', groups: 0, late: 0, evicted: 0 }]);
    const { next: last } = changing(next, loadRules([{ file: 'a.yml', text: feeders }]).rules, []);
    expect(last.stats().correlations).toEqual([]);
    expect(last.process(hits(1, 1)[0]!)).toHaveLength(1);
  });

  it('does not touch a checkpoint that is being written', () => {
    const detector = detectorOf(count(4));
    detector.processBatch(hits(3, 1));
    const pieces = detector.checkpoint();
    const { next } = changing(detector, another(4), []);
    next.processBatch(later(hits(3, 1), 10));
    const restored = detectorOf(count(4));
    restored.restore(written(pieces));
    expect(corr(restored.processBatch(later(hits(1, 1), 10)))).toMatchObject([{ eventCount: 4 }]);
  });

  it('holds back what was held back', () => {
    const limits = { perSource: 2, perRule: 1000, window: 3_600_000 };
    const detector = detectorOf(count(1), { throttle: limits });
    const about = (at: number) => eventAt(at, { v: 'p', 'user.name': 'an' });
    const one = atOnce(detector.succeeding({ rules: another(1), throttle: limits }));
    expect(one.processBatch([about(0), about(1), about(2)])).toHaveLength(2);
    const other = atOnce(one.succeeding({ rules: another(1), throttle: { ...limits, perSource: 3 } }));
    expect(other.processBatch([about(3), about(4)])).toHaveLength(1);
    expect(other.stats().suppressed).toEqual({ beside: 2 });
  });
});

describe('the streams of a checkpoint', () => {
  it('are made ready before their events come', () => {
    const first = detectorOf(count(4));
    first.process(eventAt(0, {}));
    const second = detectorOf(count(4));
    second.restore(written(first.checkpoint()));
    expect(second.stats().streams).toEqual([]);
    for (const _ of second.readying());
    expect(second.stats().streams).toMatchObject([{ stream: 'app.log', rules: 3, events: 0 }]);
    expect(corr(second.processBatch(hits(4, 1)))).toHaveLength(1);
    expect(second.stats().streams).toMatchObject([{ events: 4 }]);
  });
});
