import { describe, expect, it } from 'vitest';
import { simulateRenewals } from './simulate.ts';

const city = {
  devices: 20_000,
  enrolHours: 1,
  lifeDays: 90,
  days: 365,
  outage: { share: 0.2, day: 100, hours: 24 },
};

describe('the renewals of a city that enrolled in one hour', () => {
  it('come all at once without spreading, again and again, and after the outage', () => {
    const { peak, mean, hours } = simulateRenewals({ ...city, spread: false });
    expect(peak / mean).toBeGreaterThan(500);
    expect(hours.filter((count) => count > 0).length).toBeLessThan(30);
  });

  it('never come together where the server spreads them, and no certificate ends', () => {
    const { peak, mean, lapsed } = simulateRenewals({ ...city, spread: true });
    expect(lapsed).toBe(0);
    // A sixth of the life is where windows begin: 15 of some 52 days between two renewals, at first.
    expect(peak / mean).toBeLessThan(8);
  });

  it('are spread again after an outage over the hours that the life left allows', () => {
    const outage = { share: 1, day: 50, hours: 24 };
    const { hours, lapsed } = simulateRenewals({ ...city, outage, spread: true });
    expect(lapsed).toBe(0);
    expect(hours.subarray(50 * 24, 51 * 24).every((count) => count === 0)).toBe(true);
    const held = 20_000 / 15;
    const after = [...hours.subarray(51 * 24, 52 * 24)];
    expect(Math.max(...after)).toBeLessThan(held / 2);
  });
});
