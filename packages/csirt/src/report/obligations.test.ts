import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { detectionOf } from '../testing/world.ts';
import { openedBy } from '../triage/incident.ts';
import { loadObligations, obligationClocks } from './obligations.ts';

const folder = join(import.meta.dirname, '../../../../policies/obligations');
const own = loadObligations(
  readdirSync(folder).map((file) => ({ file, text: readFileSync(join(folder, file), 'utf8') })),
);
const at = Date.UTC(2026, 10, 21, 8);
const hour = 3_600_000;
const incidentOf = (name: string, fields: Parameters<typeof detectionOf>[0] = {}) =>
  openedBy(detectionOf({ at: at - 200, ...fields }), { name, opens: true }, 'INC-2026-0001', at);
const clocks = (...args: Parameters<typeof incidentOf>) =>
  obligationClocks(own.obligations, incidentOf(...args), at).map((it) => [
    it.obligation.id,
    (it.due - it.started) / hour,
  ]);

describe('the obligations', () => {
  it('load without a problem, each with a citation, a date and how it was checked', () => {
    expect(own.problems).toEqual([]);
    expect(own.obligations.length).toBeGreaterThanOrEqual(5);
    for (const { citation, title } of own.obligations) {
      expect(citation).toMatch(/Law|Decree/);
      expect(title.vi).not.toBe('');
    }
  });

  it('start the clocks of a serious incident at its discovery, the nearest first', () => {
    expect(clocks('stolen-certificate')).toEqual([
      ['mps-first-notice', 24],
      ['mps-cause-scope-remedy', 72],
    ]);
    expect(clocks('stolen-certificate', { level: 'critical' })[0]).toEqual(['mps-at-once', 1]);
  });

  it('start a separate clock for personal data', () => {
    expect(clocks('data-scraping', { level: 'medium' }).map(([id]) => id)).toEqual([
      'personal-data-authority',
      'personal-data-people',
    ]);
  });

  it('start none for a drill, a false positive, a slight incident or one from before the law', () => {
    expect(clocks('stolen-certificate', { drill: true })).toEqual([]);
    expect(clocks('stolen-certificate', { level: 'medium' })).toEqual([]);
    expect(clocks('stolen-certificate', { at: Date.UTC(2026, 6, 1) })).toEqual([]);
    const wrong = { ...incidentOf('stolen-certificate'), state: 'false-positive' as const };
    expect(obligationClocks(own.obligations, wrong, at)).toEqual([]);
  });

  it('are met once the incident was reported', () => {
    const incident = incidentOf('stolen-certificate');
    const reported = { at: at + hour, source: 'user:lan', precision: 'second', confidence: 'high' } as const;
    const told = { ...incident, times: { ...incident.times, reported } };
    expect(obligationClocks(own.obligations, told, at + 2 * hour).map(({ met }) => met)).toEqual([
      at + hour,
      at + hour,
    ]);
  });

  it.each([
    ['no yaml', '{', ''],
    ['no list', 'a: 1', ''],
    ['an alias bomb', 'a: &a [1]\nobligations: [*a, *a]', ''],
    ['a bad entry', 'obligations: [{id: x}]', 'obligations.0.title'],
  ])('leave out %s and name the place', (_, text, path) => {
    const { obligations, problems } = loadObligations([{ file: 'x.yaml', text }]);
    expect(obligations).toEqual([]);
    expect(problems.map((it) => it.path)).toContain(path);
  });

  it('refuse an unknown severity, a date that is none and an id that is taken', () => {
    const entry = (fields: object) => ({ ...own.obligations[0]!, ...fields });
    const text = JSON.stringify({
      obligations: [
        entry({}),
        entry({}),
        entry({ id: 'b', inForce: 'soon' }),
        entry({ id: 'c', applies: { minimumSeverity: 'grave' } }),
      ],
    });
    const { obligations, problems } = loadObligations([{ file: 'x.yaml', text }]);
    expect(obligations).toHaveLength(1);
    expect(problems.map((it) => it.path)).toEqual([
      'obligations.1.id',
      'obligations.2.inForce',
      'obligations.3.applies.minimumSeverity',
    ]);
  });
});
