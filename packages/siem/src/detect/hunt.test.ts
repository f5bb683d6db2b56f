import type { Event, EventFilter, EventStore, FieldValue } from '@kydai/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadRules } from '../rules/load.ts';
import { eventOf, events, ruleTexts } from './arbitrary.ts';
import { hunt } from './hunt.ts';
import { huntFilter } from './hunt-filter.ts';
import { evaluate } from './reference.ts';

/** What the contract says that filters mean, for the operations that hunting uses. */
function passes(filter: EventFilter, event: Event): boolean {
  switch (filter.op) {
    case 'and':
      return filter.filters.every((inner) => passes(inner, event));
    case 'or':
      return filter.filters.some((inner) => passes(inner, event));
    case 'not':
      return !passes(filter.filter, event);
    case 'text':
      return event.raw.toLowerCase().includes(filter.text.toLowerCase());
    case 'exists':
      return textsAt(event, filter.field).length > 0;
    case 'equals':
      return textsAt(event, filter.field).includes(String(filter.value).toLowerCase());
    case 'wildcard': {
      const parts = filter.pattern.toLowerCase().match(/\\.|\*|[^\\*]+/gs) ?? [];
      const source = parts.map((part) =>
        part === '*' ? '.*' : part.replace(/^\\(.)/s, '$1').replace(/[\^$\\.*+?()[\]{}|]/g, '\\$&'),
      );
      const regex = new RegExp(`^${source.join('')}$`, 's');
      return textsAt(event, filter.field).some((text) => regex.test(text));
    }
    default:
      throw new Error(`hunting does not use ${filter.op}`);
  }
}

function textsAt(event: Event, name: string): string[] {
  const own: Readonly<Record<string, string>> = { id: event.id, dataset: event.dataset, raw: event.raw };
  const value: FieldValue | undefined = own[name] ?? event.fields.get(name);
  if (value === undefined || value === null) return [];
  // A list that is there but empty is there.
  const texts = typeof value === 'object' ? (value.length > 0 ? value : ['']) : [String(value)];
  return texts.map((text) => text.toLowerCase());
}

describe('hunting', () => {
  it('asks the store for no less than the rule finds', () => {
    fc.assert(
      fc.property(ruleTexts(), fc.array(events(), { maxLength: 20 }), (text, list) => {
        const [rule] = loadRules([{ file: 'a.yml', text }]).rules.rules;
        const filter = huntFilter(rule!);
        for (const event of list) {
          // Every value of a stored event came from its line.
          const values = [...event.fields.entries()].flatMap(([, value]) => value ?? []);
          const stored = { ...event, raw: [event.raw, ...values].join(' ') };
          if (evaluate(rule!.expression, event, { utcOffset: 0 })) expect(passes(filter, stored)).toBe(true);
        }
      }),
      { numRuns: 200 },
    );
  }, 30_000);

  it.each(['a: σασ', 'a|re|i: σασ', 'a|contains: µσας'])(
    'asks no store to fold a final sigma: %s',
    (item) => {
      const text = `title: T\nlogsource: { service: s }\ndetection:\n  s: { ${item} }\n  condition: s\n`;
      const [rule] = loadRules([{ file: 'a.yml', text }]).rules.rules;
      expect(JSON.stringify(huntFilter(rule!))).not.toMatch(/[σςµ]/);
      expect(JSON.stringify(huntFilter(rule!))).toContain('α');
    },
  );

  it('stays within what stores accept', () => {
    const many = Array.from({ length: 2000 }, (_, n) => `word${n}`).join(', ');
    const text = `title: T\nlogsource: { product: linux }\ndetection:\n  a: { x: [${many}], y: z }\n  condition: a\n`;
    const filter = JSON.stringify(huntFilter(loadRules([{ file: 'a.yml', text }]).rules.rules[0]!));
    expect(filter).not.toContain('word7');
    expect(filter).toContain('"y"');
  });

  it('counts correlations over stored pages as it would have then', async () => {
    const text = `title: F\nid: f\nlogsource: { service: s }\ndetection:\n  a: { x: bad }\n  condition: a\n---\ntitle: C\nid: c\ncorrelation:\n  type: event_count\n  rules: [f]\n  group-by: [u]\n  timespan: 1m\n  condition: { gte: 5 }\n`;
    const { rules } = loadRules([{ file: 'a.yml', text }]);
    const stored = Array.from({ length: 8 }, (_, n) => ({
      ...eventOf({ x: 'bad', u: 'x' }),
      id: `e${n}`,
      // Across the border of a slice, which begin on the hour.
      time: 3600_000 - 4000 + n * 1000,
      received: 3600_000 - 4000 + n * 1000,
    }));
    const store = {
      stats: async () => ({ events: 8, bytes: 1, oldest: 0 }),
      search: async ({ filter, cursor, from: begin = 0, to: end = 1e12 }) => {
        const from = Number(cursor ?? 0);
        const found = stored.filter(
          (event) => event.time >= begin && event.time < end && passes(filter!, event),
        );
        const next = from + 3 < found.length ? { next: String(from + 3) } : {};
        return { events: found.slice(from, from + 3), ...next };
      },
    } as Pick<EventStore, 'search' | 'stats'> as EventStore;
    const found: string[] = [];
    const through: number[] = [];
    const clock = { now: () => 0 };
    for await (const page of hunt({ rules, rule: 'c', store, clock, from: 0, to: 4 * 3600_000 })!) {
      through.push(page.through);
      found.push(...page.detections.map(({ rule, eventCount }) => `${rule.id} ${eventCount}`));
    }
    expect(found).toEqual(['c 5']);
    expect(through).toEqual([3_598_000, 3_600_000, 3_602_000, 7_200_000, 10_800_000, 14_400_000, 14_400_000]);
    const calledOff = AbortSignal.abort();
    const off = hunt({ rules, rule: 'c', store, clock, from: 0, to: 1e12, signal: calledOff })!;
    await expect(off.next()).rejects.toThrow(expect.objectContaining({ name: 'AbortError' }));
    expect(hunt({ rules, rule: 'nobody', store, clock, from: 0, to: 1 })).toBeUndefined();
  });
});
