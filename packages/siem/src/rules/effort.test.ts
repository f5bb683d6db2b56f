import { expect, test } from 'vitest';
import { loadRules } from './load.ts';

const rule = (name: string, regex: string) => ({
  file: `${name}.yml`,
  text: `title: ${name}\nlogsource: { service: s }\ndetection:\n  a:\n    x|re: '${regex}'\n  condition: a\n`,
});

test('a pack of slow rules is taken as far as the machine can bear, and each of the others is told', () => {
  const slow = Array.from({ length: 100 }, (_, index) =>
    rule(`slow ${index}`, `^(?:[a-f]|[0-9]${index}?){0,200}$`),
  );
  const quick = rule('zz quick', '^[a-z]{4}$');
  const { rules, problems } = loadRules([...slow, quick]);
  const refused = problems.filter(({ code }) => code === 'pack-too-slow');
  expect(refused.length).toBeGreaterThan(90);
  expect(refused.length + rules.size).toBe(101);
  expect(refused[0]).toMatchObject({ severity: 'error', file: expect.stringMatching(/^slow/) });
  expect(rules.rules.map(({ title }) => title)).toContain('zz quick');
});

test('expressions behind a literal, or of long texts, may be many more', () => {
  const many = Array.from({ length: 100 }, (_, index) => [
    rule(`guarded ${index}`, `needle${index}[a-f]{100}`),
    rule(`long ${index}`, `.{${index + 500}}`),
  ]);
  expect(loadRules(many.flat()).problems).toEqual([]);
  const more = Array.from({ length: 1000 }, (_, index) =>
    rule(`guarded ${index}`, `needle${index}[a-f]{100}`),
  );
  expect(loadRules(more).problems[0]).toMatchObject({ code: 'pack-too-slow' });
});

test('the same expression counts once, however many rules ask it', () => {
  const same = Array.from({ length: 200 }, (_, index) => rule(`rule ${index}`, '([a-f]|[0-9]x){100}'));
  expect(loadRules(same).problems).toEqual([]);
});

test('each pack has a budget of its own', () => {
  const heavy = [rule('heavy', '([a-f]|[0-9]x){300}')];
  for (let pack = 0; pack < 10; pack++) expect(loadRules(heavy).problems).toEqual([]);
});
