import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadObligations, loadPlaybooks } from '@kydai/csirt';
import { loadRules } from '@kydai/siem';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const read = (folder: string, pattern: RegExp) =>
  readdirSync(join(root, folder))
    .filter((name) => pattern.test(name))
    .map((name) => ({ file: name, text: readFileSync(join(root, folder, name), 'utf8') }));

describe('our runbooks', () => {
  const { playbooks, problems } = loadPlaybooks(read('runbooks', /(?<!\.test)\.json$/));

  it('are CACAO playbooks that the executor can run', () => {
    expect(problems).toEqual([]);
    expect(playbooks.length).toBeGreaterThanOrEqual(8);
  });

  it('each has a file of cases', () => {
    const cases = new Set(read('runbooks', /\.test\.json$/).map(({ file }) => file));
    expect(playbooks.filter(({ id }) => !cases.has(`${id}.test.json`)).map(({ id }) => id)).toEqual([]);
  });

  it('answer every category that our rules name, and no other', () => {
    const { rules } = loadRules(read('policies/detection', /\.ya?ml$/));
    const tags = [...rules.rules, ...rules.correlations].flatMap((rule) => rule.tags);
    const named = new Set(tags.flatMap((tag) => /^kydai\.category\.(.+)$/.exec(tag)?.[1] ?? []));
    const answered = playbooks.flatMap(({ trigger }) => (trigger === undefined ? [] : [trigger.category]));
    expect([...named].filter((category) => !answered.includes(category))).toEqual([]);
    expect(answered.filter((category) => !named.has(category))).toEqual([]);
  });
});

describe('our legal deadlines', () => {
  const { obligations, problems } = loadObligations(read('policies/obligations', /\.ya?ml$/));

  it('load, each with citation, date and a mark of how it was verified', () => {
    expect(problems).toEqual([]);
    expect(obligations.length).toBeGreaterThanOrEqual(4);
    for (const { citation, inForce, title } of obligations) {
      expect(citation).toMatch(/\d/);
      expect(inForce).toMatch(/^\d{4}-\d{2}-\d{2}$/);
      expect(title.vi).not.toBe(title.en);
    }
  });
});
