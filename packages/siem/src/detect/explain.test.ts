import { expect, test } from 'vitest';
import { loadRules } from '../rules/load.ts';
import { explainRule, findRule } from './explain.ts';

const text = `
title: Shell from a web server
id: 6a1b9a52-7f2c-4f0e-9c1e-0e6f2f6f7a01
name: web_shell
logsource: { product: windows, category: process_creation }
detection:
  parent: { ParentImage|endswith: '\\w3wp.exe' }
  child:
    Image|endswith: ['\\cmd.exe', '\\powershell.exe']
  allowed: { CommandLine|re: 'backup-[0-9]+' }
  condition: parent and child and not allowed
level: high
`;

test('a rule is explained by its condition, its fields and what it costs', () => {
  const { rules, problems } = loadRules([{ file: 'web.yml', text }]);
  expect(problems).toEqual([]);
  expect(findRule(rules, 'web_shell')).toBe(rules.rules[0]);
  expect(findRule(rules, 'no such rule')).toBeUndefined();
  expect(findRule(rules, 'shell from a WEB server')).toBe(rules.rules[0]);
  const { outline, datasets, fields, cost } = explainRule(rules.rules[0]!);
  expect(outline[0]).toBe('all of');
  expect(outline).toContain('  ParentImage is `*\\\\w3wp.exe`');
  expect(outline.join('\n')).toContain('  not\n    CommandLine matches /backup-[0-9]+/');
  expect(datasets).toContain('windows');
  expect(fields.find(({ name }) => name === 'ParentImage')?.sources).toContain('process.parent.executable');
  expect(cost).toMatchObject({ predicates: 4, always: false });
  expect(cost.wakers.length).toBeGreaterThan(0);
});

test('a rule that no literal can wake says so', () => {
  const bare = text.replace(
    /detection:[\s\S]*?level/,
    'detection:\n  a: { Image|exists: true }\n  condition: a\nlevel',
  );
  const { rules } = loadRules([{ file: 'bare.yml', text: bare }]);
  expect(explainRule(rules.rules[0]!).cost).toMatchObject({ always: true, wakers: [] });
});

test('a title that two rules have is nobody’s', () => {
  const other = text
    .replace(/^id: .*$/m, 'id: 6a1b9a52-7f2c-4f0e-9c1e-0e6f2f6f7a02')
    .replace('web_shell', 'other');
  const { rules } = loadRules([{ file: 'two.yml', text: `${text}---${other}` }]);
  expect(rules.rules).toHaveLength(2);
  expect(findRule(rules, 'Shell from a web server')).toBeUndefined();
  expect(findRule(rules, 'other')).toBe(rules.rules[1]);
});
