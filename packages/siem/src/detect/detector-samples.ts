import type { Detection, Event, FieldValue } from '@kydai/contracts';
import { expect } from 'vitest';
import { loadRules } from '../rules/load.ts';
import type { RuleSet } from '../rules/rule.ts';
import type { StatePiece } from './checkpoint.ts';
import { createDetector, type Detector, type DetectorOptions } from './detector.ts';

/** Rules and events for the tests of the detector. */

export const base = Date.parse('2026-11-21T03:00:00Z');
export const second = 1000;
let sequence = 0;

export function eventAt(
  at: number,
  fields: Readonly<Record<string, FieldValue>>,
  dataset = 'app.log',
): Event {
  const id = `00000000-0000-7000-8000-${(++sequence).toString(16).padStart(12, '0')}`;
  const time = base + at * second;
  return { id, time, received: time, source: 's', dataset, fields: new Map(Object.entries(fields)), raw: '' };
}

export const feeders = ['a', 'b', 'c']
  .map(
    (action) =>
      `title: ${action}\nid: ${action}\nlogsource: { service: app.log }\ndetection:\n  s: { event.action: ${action} }\n  condition: s\n`,
  )
  .join('---\n');

/** The three rules, the correlation `corr` over them, and what else is given. */
export function rulesOf(correlation: string, more: readonly string[] = []): RuleSet {
  const own = `${feeders}---\ntitle: C\nid: corr\nlevel: high\ncorrelation:\n${correlation}`;
  const text = [own, ...more].join('---\n');
  const { rules, problems } = loadRules([{ file: 'a.yml', text }]);
  expect(problems).toEqual([]);
  return rules;
}

export function detectorOf(correlation: string, options: Partial<DetectorOptions> = {}): Detector {
  return createDetector({ rules: rulesOf(correlation), clock: { now: () => base }, ...options });
}

export const later = (events: readonly Event[], seconds: number) =>
  events.map((event) => ({
    ...event,
    time: event.time + seconds * second,
    received: event.received + seconds * second,
  }));
export const corr = (detections: readonly Detection[]) => detections.filter(({ rule }) => rule.id === 'corr');
export const count = (n: number, more = '') =>
  `  type: event_count\n  rules: [a]\n  group-by: [u]\n  timespan: 1m\n  condition: { gte: ${n} }\n${more}`;
export const hits = (n: number, step: number, fields: Readonly<Record<string, FieldValue>> = {}) =>
  Array.from({ length: n }, (_, index) => eventAt(index * step, { 'event.action': 'a', u: 'x', ...fields }));

/** A checkpoint as it comes back from a disk. */
export function written(pieces: Iterable<StatePiece>): readonly StatePiece[] {
  return JSON.parse(JSON.stringify([...pieces]));
}
