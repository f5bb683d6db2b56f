import type { Incident, IncidentTimeName } from '@kydai/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { detectionOf } from '../testing/world.ts';
import { openedBy } from '../triage/incident.ts';
import { computeIndicators } from './indicators.ts';

const base = Date.UTC(2026, 10, 21);
const minute = 60_000;

function incidentOf(
  times: Partial<Record<IncidentTimeName, number>>,
  fields: Partial<Incident> = {},
): Incident {
  const empty = openedBy(detectionOf(), { name: 'x', opens: true }, 'INC-2026-0001', base);
  const made = Object.entries(times).map(([name, minutes]) => [
    name,
    { at: base + minutes * minute, source: 'test', precision: 'minute', confidence: 'high' },
  ]);
  return { ...empty, state: 'open', times: Object.fromEntries(made), timeline: [], ...fields };
}
const figure = (incidents: readonly Incident[], name: string, now = base + 1000 * minute) =>
  computeIndicators(incidents, now).find((it) => it.name === name)!;

describe('the indicators', () => {
  it('give nothing but counts where nothing has happened', () => {
    for (const indicator of computeIndicators([], base)) {
      expect(indicator).toMatchObject({
        n: 0,
        mean: null,
        median: null,
        p90: null,
        unknownStart: 0,
        stillOpen: 0,
      });
    }
  });

  it('run from and to the times that domain.md names', () => {
    const incident = incidentOf(
      {
        firstMaliciousAction: 0,
        discovery: 10,
        opened: 12,
        containmentAchieved: 30,
        restorationAchieved: 100,
      },
      {
        timeline: [{ at: base + 13 * minute, kind: 'run', code: 'run.started', values: {}, actor: 'system' }],
      },
    );
    const minutes = computeIndicators([incident], base + 1000 * minute).map(({ name, mean }) => [
      name,
      mean! / minute,
    ]);
    expect(minutes).toEqual([
      ['mttd', 10],
      ['mtta', 2],
      ['mttc', 20],
      ['mttr-recover', 90],
      ['mttr-respond', 3],
    ]);
  });

  it('leave out drills and false positives, and say which incidents they came from', () => {
    const real = incidentOf({ firstMaliciousAction: 0, discovery: 10, opened: 12 }, { id: 'real' });
    const drill = incidentOf({ firstMaliciousAction: 0, discovery: 90, opened: 91 }, { drill: true });
    const false_ = incidentOf(
      { firstMaliciousAction: 0, discovery: 90, opened: 91 },
      { state: 'false-positive' },
    );
    expect(figure([real, drill, false_], 'mttd')).toMatchObject({
      n: 1,
      mean: 10 * minute,
      incidentIds: ['real'],
    });
  });

  it('count what has no start, what starts after its end and what has not ended', () => {
    const some = [
      incidentOf({ discovery: 10, opened: 12 }),
      incidentOf({ firstMaliciousAction: 20, discovery: 10, opened: 12 }),
      incidentOf({ firstMaliciousAction: 0, discovery: 10, opened: 12 }),
    ];
    expect(figure(some, 'mttd')).toMatchObject({ n: 1, unknownStart: 2, stillOpen: 0 });
    expect(figure(some, 'mttc')).toMatchObject({ n: 0, unknownStart: 0, stillOpen: 3 });
    expect(figure([incidentOf({ discovery: 10 }, { state: 'new' })], 'mtta')).toMatchObject({
      n: 0,
      stillOpen: 1,
    });
    expect(figure([incidentOf({ discovery: 10 }, { state: 'new' })], 'mttd')).toMatchObject({
      n: 0,
      stillOpen: 0,
    });
  });

  it('give the middle and the nearest rank', () => {
    const lengths = [1, 2, 3, 4, 5, 6, 7, 8, 9, 100];
    const some = lengths.map((length) =>
      incidentOf({ firstMaliciousAction: 0, discovery: length, opened: length }),
    );
    expect(figure(some, 'mttd')).toMatchObject({ n: 10, median: 5.5 * minute, p90: 9 * minute });
  });

  it('never give a figure outside of what they came from, in whatever order the incidents come', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(500), { minLength: 1, maxLength: 30 }), (lengths) => {
        const some = lengths.map((length) =>
          incidentOf({ firstMaliciousAction: 0, discovery: length, opened: length }),
        );
        const { n, mean, median, p90 } = figure(some, 'mttd');
        expect(n).toBe(lengths.length);
        for (const value of [mean!, median!, p90!]) {
          expect(value).toBeGreaterThanOrEqual(Math.min(...lengths) * minute);
          expect(value).toBeLessThanOrEqual(Math.max(...lengths) * minute);
        }
        expect(p90!).toBeGreaterThanOrEqual(median!);
        expect({ ...figure(some.toReversed(), 'mttd'), incidentIds: [] }).toEqual({
          ...figure(some, 'mttd'),
          incidentIds: [],
        });
      }),
    );
  });
});
