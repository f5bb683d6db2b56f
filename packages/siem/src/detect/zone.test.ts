import type { FieldValue } from '@kydai/contracts';
import { describe, expect, test } from 'vitest';
import { loadRules } from '../rules/load.ts';
import { createDetector } from './detector.ts';
import { zonedOffset } from './zone.ts';

const rule = (modifier: string, value: number) => `
title: t
id: r
logsource: { service: x }
detection:
  selection:
    timestamp|${modifier}: ${value}
  condition: selection
`;

function fires(text: string, time: string, zone: string, more: Record<string, FieldValue> = {}): boolean {
  const { rules, problems } = loadRules([{ file: 'r', text }]);
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  const at = Date.parse(time);
  const fields = new Map<string, FieldValue>(Object.entries(more));
  const event = { id: 'e', time: at, received: at, source: 's', dataset: 'x', fields, raw: '' };
  return createDetector({ rules, clock: { now: () => at }, zone }).process(event).length > 0;
}

describe('the zone of the time modifiers', () => {
  test('is the city’s', () => {
    expect(fires(rule('hour', 2), '2026-11-21T19:30:00Z', '+07:00')).toBe(true);
    expect(fires(rule('hour', 2), '2026-11-21T19:30:00Z', 'Z')).toBe(false);
  });

  test('is the event’s own where it names one, and the city’s where what it names is none', () => {
    expect(fires(rule('hour', 4), '2026-11-21T19:30:00Z', '+07:00', { 'event.timezone': '+09:00' })).toBe(
      true,
    );
    expect(fires(rule('hour', 2), '2026-11-21T19:30:00Z', '+07:00', { 'event.timezone': 'nowhere' })).toBe(
      true,
    );
  });

  test('follows summer time', () => {
    const berlin = { 'event.timezone': 'Europe/Berlin' };
    expect(fires(rule('hour', 14), '2026-07-01T12:00:00Z', '+07:00', berlin)).toBe(true);
    expect(fires(rule('hour', 13), '2026-12-01T12:00:00Z', '+07:00', berlin)).toBe(true);
  });

  test('moves the day of the week', () => {
    // A Saturday evening in UTC is a Sunday in Huế.
    expect(fires(rule('weekday', 7), '2026-11-21T19:30:00Z', 'Asia/Ho_Chi_Minh')).toBe(true);
    expect(fires(rule('weekday', 6), '2026-11-21T19:30:00Z', 'Z')).toBe(true);
  });

  test('a city’s zone that is none is refused', () => {
    expect(() => zonedOffset('Huế')).toThrow(expect.objectContaining({ code: 'unknown-zone' }));
  });
});
