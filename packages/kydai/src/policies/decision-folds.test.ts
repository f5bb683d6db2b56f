import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { DecisionMade } from '../flow/decision-log.ts';
import { type Folded, foldDecisions } from './decision-folds.ts';

const made = (
  at: number,
  more: Partial<DecisionMade> = {},
  action = 'view',
  allowed = true,
): DecisionMade => ({
  at,
  door: 'console',
  request: { principal: { type: 'User', id: 'lan' }, action, resource: { type: 'Area', id: 'overview' } },
  decision: {
    allowed,
    outcome: allowed ? 'permitted' : 'not-permitted',
    determining: [{ id: 'roles', effect: 'permit' }],
    failures: [],
    policySet: 'abc',
  },
  nanoseconds: 300,
  facts: () => [],
  ...more,
});

describe('decisions that an open page repeats', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const folding = () => {
    const kept: Folded[] = [];
    return { kept, ...foldDecisions((folded) => kept.push(folded)) };
  };

  it('are kept at once when they come first, then one a minute with their number', () => {
    const { kept, take } = folding();
    for (let at = 0; at < 12; at++) take(made(at * 5000));
    expect(kept.map(({ times }) => times)).toEqual([1]);
    vi.advanceTimersByTime(60_000);
    expect(kept.map(({ times, first, made: { at } }) => [times, first, at])).toEqual([
      [1, 0, 0],
      [11, 5000, 55_000],
    ]);
    take(made(60_000));
    vi.advanceTimersByTime(60_000);
    expect(kept.map(({ times }) => times)).toEqual([1, 11, 1]);
  });

  it('begin anew after a minute without one', () => {
    const { kept, take } = folding();
    take(made(0));
    vi.advanceTimersByTime(60_000);
    expect(vi.getTimerCount()).toBe(0);
    take(made(70_000));
    expect(kept).toHaveLength(2);
  });

  it('keep the facts of the moment at which they were made', () => {
    const { kept, take, flush } = folding();
    let known = 'then';
    const facts = () => [{ name: 'risk', source: known, age: 0, stale: false }];
    take(made(0));
    take(made(1, { facts }));
    known = 'later';
    flush();
    expect(kept[1]?.made.facts()[0]?.source).toBe('then');
  });

  it.each([
    ['denied', made(0, {}, 'view', false)],
    ['an alarm', made(0, { alarm: 'break-glass' })],
    ['a change', made(0, {}, 'revoke-certificate')],
    ['asked from outside', made(0, { door: 'authzen' })],
  ])('are never folded where they are %s', (_what, one) => {
    const { kept, take } = folding();
    for (let count = 0; count < 5; count++) take(one);
    expect(kept).toHaveLength(5);
  });

  it('stand together for exactly as many as were made', () => {
    const one = fc.record({
      at: fc.nat(300_000),
      user: fc.constantFrom('lan', 'minh', '"'),
      door: fc.constantFrom('console', 'collect', 'nginx'),
      action: fc.constantFrom('view', 'search-logs', 'approve-step'),
      allowed: fc.boolean(),
      wait: fc.nat(40_000),
    });
    fc.assert(
      fc.property(fc.array(one, { maxLength: 60 }), (all) => {
        const { kept, take, flush } = folding();
        for (const { at, user, door, action, allowed, wait } of all) {
          const given = made(at, { door }, action, allowed);
          take({ ...given, request: { ...given.request, principal: { type: 'User', id: user } } });
          vi.advanceTimersByTime(wait);
        }
        flush();
        const sum = (pick: (folded: Folded) => boolean) =>
          kept.filter(pick).reduce((total, { times }) => total + times, 0);
        expect(sum(() => true)).toBe(all.length);
        for (const user of ['lan', 'minh', '"'])
          expect(sum(({ made: { request } }) => request.principal.id === user)).toBe(
            all.filter((each) => each.user === user).length,
          );
        expect(vi.getTimerCount()).toBe(0);
      }),
    );
  });
});
