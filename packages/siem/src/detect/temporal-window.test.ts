import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadRules } from '../rules/load.ts';
import type { CorrelationRule } from '../rules/rule.ts';
import { TemporalWindow } from './temporal-window.ts';
import type { Sample } from './window.ts';

const timespan = 10_000;
const lateness = 60_000;

function ruleOf(type: string, condition = ''): CorrelationRule {
  const feeder = (id: string) =>
    `title: ${id}\nid: ${id}\nlogsource: { service: s }\ndetection: { s: { a: ${id} }, condition: s }\n---\n`;
  const correlation = `title: C\nid: corr\ncorrelation:\n  type: ${type}\n  rules: [a, b, c]\n  timespan: 10s\n${condition}`;
  const text = `${['a', 'b', 'c'].map(feeder).join('')}${correlation}`;
  const { rules, problems } = loadRules([{ file: 'a.yml', text }]);
  expect(problems).toEqual([]);
  return rules.correlations[0]!;
}

/** Tries every event of each rule with every one of the others. */
function holdsSomewhere(samples: readonly Sample[], inOrder: boolean): boolean {
  const of = (rule: number) => samples.filter((sample) => sample.rule === rule);
  return of(0).some((a) =>
    of(1).some((b) =>
      of(2).some((c) => {
        const times = [a.time, b.time, c.time];
        if (Math.max(...times) - Math.min(...times) > timespan) return false;
        return !inOrder || (a.time <= b.time && b.time <= c.time);
      }),
    ),
  );
}

describe('what happens together or in turn', () => {
  // No more of a rule than are remembered, and no older than the lateness lets count.
  const seconds = fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 4 });
  const arrivals = fc
    .tuple(seconds, seconds, seconds)
    .map((rules) => rules.flatMap((times, rule) => times.map((each) => ({ rule, seconds: each }))))
    .chain((list) => fc.shuffledSubarray(list, { minLength: list.length }));

  it.each([
    ['temporal', false],
    ['temporal_ordered', true],
  ])('%s is found whatever the order of arrival, and nowhere else', (type, inOrder) => {
    fc.assert(
      fc.property(arrivals, (list) => {
        const samples = list.map(({ rule, seconds }, index): Sample => {
          return { time: seconds * 1000, id: String(index), rule, value: '' };
        });
        const window = new TemporalWindow(ruleOf(type), lateness);
        const found = samples.map((sample) => window.add(sample)).some((satisfied) => satisfied);
        expect(found).toBe(holdsSomewhere(samples, inOrder));
      }),
      { numRuns: 300 },
    );
  });

  it('remembers the newest and the oldest of a flood', () => {
    const window = new TemporalWindow(ruleOf('temporal_ordered'), lateness);
    for (let time = 0; time < 10_000; time++) window.add({ time, id: `a${time}`, rule: 0, value: '' });
    expect(window.save().length).toBe(4);
    window.add({ time: 10_001, id: 'b', rule: 1, value: '' });
    const satisfied = window.add({ time: 19_999, id: 'c', rule: 2, value: '' });
    expect(satisfied).toMatchObject({ first: 9_999, ids: ['a9999', 'b', 'c'] });
  });
});
