import type { Event } from '@kydai/contracts';
import { createIntake } from '@kydai/siem';
import { afterEach, describe, expect, it } from 'vitest';
import type { DecisionMade } from '../flow/decision-log.ts';
import { type DecisionEvents, keepDecisions } from './decision-events.ts';

const clock = { now: () => 5000 };
const made = (
  allowed: boolean,
  context: Record<string, unknown> = {},
  more: Partial<DecisionMade> = {},
): DecisionMade => ({
  at: 5000,
  door: 'authzen',
  request: {
    principal: { type: 'User', id: 'u "\u2028' },
    action: 'view',
    resource: { type: 'Area', id: 'a' },
    context: context as never,
  },
  decision: {
    allowed,
    outcome: allowed ? 'permitted' : 'not-permitted',
    determining: [],
    failures: [],
    policySet: 'abc',
  },
  nanoseconds: 300,
  facts: () => [{ name: 'risk', source: 'edr', age: 60_000, stale: false }],
  ...more,
});

describe('kept decisions', () => {
  const kept: Event[] = [];
  let closing: (() => Promise<void>)[] = [];
  const keeper = (options: { keepAllowed?: number; limit?: number; refuse?: boolean } = {}) => {
    kept.length = 0;
    const intake = createIntake({
      store: {
        async append(events) {
          if (options.refuse) throw new Error('disk');
          kept.push(...events);
        },
      },
      onEvents: () => {},
      clock,
      limits: { closeMs: 50 },
    });
    const { keepAllowed = 1, limit = 1000 } = options;
    const events: DecisionEvents = keepDecisions({ intake, keepAllowed, limit });
    closing.push(() => intake.close());
    return { ...events, ledger: () => intake.ledgers()[0]! };
  };
  afterEach(async () => {
    await Promise.all(closing.map((close) => close()));
    closing = [];
  });

  it.each([
    [0, 0],
    [0.1, 10],
    [1, 100],
  ])('of allowed ones a share of %d is kept, of denied ones all', async (keepAllowed, expected) => {
    const events = keeper({ keepAllowed });
    for (let index = 0; index < 100; index++) {
      events.take(made(true));
      events.take(made(false));
    }
    await events.close();
    const outcomes = kept.map(({ fields }) => fields.get('event.outcome'));
    expect(outcomes.filter((outcome) => outcome === 'failure')).toHaveLength(100);
    expect(Math.abs(outcomes.length - 100 - expected)).toBeLessThanOrEqual(1);
  });

  it('of what raised an alarm all are kept, as alerts that say so', async () => {
    const events = keeper({ keepAllowed: 0 });
    events.take(made(true));
    events.take(made(true, {}, { alarm: 'break-glass' }));
    await events.close();
    expect(kept).toHaveLength(1);
    expect(kept[0]?.fields.get('kydai.decision.alarm')).toBe('break-glass');
    expect(kept[0]?.fields.get('event.kind')).toBe('alert');
  });

  it('say for how many they stand, in a field and in what a replay reads', async () => {
    const events = keeper();
    for (let at = 0; at < 4; at++) events.take(made(true, {}, { door: 'console', at: 5000 + at * 1000 }));
    await events.close();
    expect(kept.map(({ fields }) => fields.get('kydai.decision.times'))).toEqual([undefined, 3]);
    expect(kept[1]?.fields.get('event.start')).toBe('1970-01-01T00:00:06.000Z');
    expect(JSON.parse(kept[1]?.raw ?? '')).toMatchObject({ times: 3 });
  });

  it('say how old each fact was', async () => {
    const events = keeper();
    events.take(made(false));
    await events.close();
    expect(kept[0]?.fields.get('kydai.fact.risk.age')).toBe(60_000);
    expect(kept[0]?.fields.get('kydai.fact.risk.source')).toBe('edr');
  });

  it('that do not fit are counted as dropped', async () => {
    const events = keeper({ limit: 10 });
    for (let index = 0; index < 25; index++) events.take(made(false));
    await events.close();
    expect(kept).toHaveLength(10);
    expect(events.ledger()).toMatchObject({
      received: 25,
      kept: 10,
      dropped: 15,
      reasons: { 'queue-full': 15 },
    });
  });

  it('hold request and decision as JSON, whole numbers beyond 2^53 too', async () => {
    const events = keeper();
    events.take(made(false, { big: 2n ** 60n, text: '\ud800' }));
    await events.close();
    const { request, decision } = JSON.parse(kept[0]!.raw) as DecisionMade;
    expect(request.principal.id).toBe('u "\u2028');
    expect(request.context?.['big']).toBe(2 ** 60);
    expect(decision.allowed).toBe(false);
    expect(kept[0]?.fields.get('event.duration')).toBe(300);
  });
});
