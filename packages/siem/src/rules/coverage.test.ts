import { expect, it } from 'vitest';
import { attackCoverage, attackMatrix } from './coverage.ts';
import { loadRules } from './load.ts';

it('maps techniques, tactics and categories to the rules that report', () => {
  const rule = (id: string, tags: string) =>
    `title: ${id}\nid: ${id}\ntags: [${tags}]\nlogsource: { service: s }\ndetection: { a: { x: 1 }, condition: a }\n`;
  const text = [
    rule('one', 'attack.credential-access, attack.t1110.001, kydai.category.brute-force'),
    rule('two', 'attack.ics.t0855, attack.t1110.001'),
    rule('three', 'attack.impact'),
  ].join('---\n');
  const coverage = attackCoverage(loadRules([{ file: 'a.yml', text }]).rules);
  expect(
    coverage.techniques.map(({ technique, matrix, rules }) => `${technique} ${matrix} ${rules.length}`),
  ).toEqual(['T0855 ics 1', 'T1110.001 enterprise 2']);
  expect(coverage.tactics).toEqual({ 'credential-access': 1, impact: 1 });
  expect(coverage.categories).toEqual({ 'brute-force': 1 });
  expect(coverage.untagged).toEqual(['three']);
});

it('knows the columns of both matrices, and a name for every technique in them', () => {
  const columns = attackMatrix();
  expect(columns.filter(({ matrix }) => matrix === 'enterprise')).toHaveLength(14);
  expect(columns.filter(({ matrix }) => matrix === 'ics')).toHaveLength(12);
  const all = columns.flatMap(({ techniques }) => techniques);
  expect(all.filter(({ technique, name }) => !/^T\d{4}$/.test(technique) || !/^[A-Z]/.test(name))).toEqual(
    [],
  );
  expect(all.find(({ technique }) => technique === 'T0855')?.name).toBe('Unauthorized Command Message');
});
