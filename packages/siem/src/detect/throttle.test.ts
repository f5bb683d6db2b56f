import { describe, expect, test } from 'vitest';
import { Throttle, type ThrottleLimits } from './throttle.ts';

const limits = { perSource: 5, perRule: 100, window: 60_000 };

function passed(throttle: Throttle, rule: string, count: number, at = 0, source = 'one'): number {
  return Array.from({ length: count }, () => throttle.admit({ rule, source, drill: false }, at)).filter(
    (held) => held !== undefined,
  ).length;
}

describe('limits of a rule by itself', () => {
  const quiet: ThrottleLimits = {
    ...limits,
    rules: new Map([['noisy', { perSource: 1, window: 3_600_000 }]]),
  };

  test('hold that rule and no other', () => {
    const throttle = new Throttle(quiet);
    expect(passed(throttle, 'noisy', 10)).toBe(1);
    expect(passed(throttle, 'other', 10)).toBe(5);
    expect(throttle.suppressed()).toEqual(
      new Map([
        ['noisy', 9],
        ['other', 5],
      ]),
    );
  });

  test('hold for a window of its own', () => {
    const throttle = new Throttle(quiet);
    passed(throttle, 'noisy', 3);
    expect(passed(throttle, 'noisy', 3, 61_000)).toBe(0);
    expect(passed(throttle, 'noisy', 3, 3_600_001)).toBe(1);
  });

  test('bound what it says about many sources by its own `perRule`, twenty times over', () => {
    const throttle = new Throttle({ ...limits, rules: new Map([['noisy', { perRule: 1 }]]) });
    const about = Array.from({ length: 100 }, (_, n) => passed(throttle, 'noisy', 1, 0, `s${n}`));
    expect(about.reduce((sum, one) => sum + one, 0)).toBe(20);
  });
});

describe('a limit over all rules', () => {
  test('lets the first of each rule through and counts the rest', () => {
    const throttle = new Throttle({ ...limits, overall: 3 });
    expect(passed(throttle, 'a', 5)).toBe(3);
    expect(passed(throttle, 'b', 5)).toBe(1);
    expect(passed(throttle, 'c', 5)).toBe(1);
    expect(throttle.suppressed()).toEqual(
      new Map([
        ['a', 2],
        ['b', 4],
        ['c', 4],
      ]),
    );
  });

  test('begins anew with each window, also after a restart', () => {
    const before = new Throttle({ ...limits, overall: 3 });
    passed(before, 'a', 5);
    const after = new Throttle({ ...limits, overall: 3 });
    after.restore(JSON.parse(JSON.stringify(before.save())));
    expect(passed(after, 'a', 5)).toBe(0);
    expect(passed(after, 'a', 5, 60_000)).toBe(3);
  });
});

describe('more sources than there are accounts for', () => {
  const most = 100_000;

  test('push out what rested longest, also after a restart', () => {
    const before = new Throttle({ ...limits, perSource: 1, perRule: 1e9 });
    for (const source of ['early', 'again']) passed(before, 'r', 1, 0, source);
    for (let n = 0; n < most - 2; n++) passed(before, 'r', 1, 1, `s${n}`);
    // A new window of its own: it is no longer among those that rested longest.
    expect(passed(before, 'r', 1, 60_000, 'again')).toBe(1);
    const after = new Throttle({ ...limits, perSource: 1, perRule: 1e9 });
    after.restore(JSON.parse(JSON.stringify(before.save())));
    for (const throttle of [before, after]) {
      expect(passed(throttle, 'r', 1, 60_000, 'new')).toBe(1);
      expect(passed(throttle, 'r', 1, 60_000, 'again')).toBe(0);
      expect(throttle.save().accounts).toHaveLength(most);
      expect(throttle.save().accounts.some(([key]) => key.endsWith('early'))).toBe(false);
    }
  });
});
