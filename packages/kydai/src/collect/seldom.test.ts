import { expect, it } from 'vitest';
import { seldom } from './seldom.ts';

it('tells a fault once a minute with how often it came, and another fault at once', () => {
  let now = 1_000_000;
  const told: [string, number][] = [];
  const fault = seldom(
    { now: () => now },
    (error, times) => void told.push([(error as Error).message, times]),
  );
  for (let n = 0; n < 100; n++) fault(new Error('disk full'));
  now += 60_000;
  fault(new Error('disk full'));
  fault(new Error('away'));
  // A clock that was set back holds nothing up.
  now -= 86_400_000;
  fault(new Error('away'));
  expect(told).toEqual([
    ['disk full', 1],
    ['disk full', 100],
    ['away', 1],
    ['away', 1],
  ]);
});
