import { expect, test } from 'vitest';
import { compareWithReference } from './compare.ts';

test('decisions, reasons and errors equal those of the reference engine on random worlds', () => {
  const seed = Math.floor(Math.random() * 1_000_000_000);
  const { decisions, determined, failing, differences } = compareWithReference(seed, 2_000);
  expect(differences.slice(0, 3), `first seed ${seed}`).toEqual([]);
  // A generator that only makes policies that never apply would prove nothing.
  expect(determined).toBeGreaterThan(decisions / 20);
  expect(failing).toBeGreaterThan(decisions / 20);
}, 60_000);
