import { expect, test } from 'vitest';
import { heatOf } from './attack-map.tsx';
import { nameOf } from './packs.tsx';

test('heat grows with the number, and one noisy rule does not make all others look the same', () => {
  expect([0, 1, 3, 9].map((rules) => heatOf(rules, 5, 'rules'))).toEqual([0, 1, 3, 5]);
  expect([0, 1, 10, 100, 10_000].map((fired) => heatOf(fired, 10_000, 'fired'))).toEqual([0, 1, 2, 3, 5]);
});

test('a pack is named after its file', () => {
  expect(['sigma_all_rules.zip', 'Sigma Rules.tar.gz', 'x.yml', '...', '日本.zip'].map(nameOf)).toEqual([
    'sigma-all-rules',
    'sigma-rules',
    'x',
    'pack',
    'pack',
  ]);
});
