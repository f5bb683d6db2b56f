import type { Event } from '@kydai/contracts';
import { describe, expect, it } from 'vitest';
import { evaluate } from '../detect/reference.ts';
import { loadRules } from './load.ts';

const placeholders = { admins: ['root', 'adm_*'], two: ['a.b', 'c'], none: [] };

function fires(item: string, value: string): boolean {
  const text = `title: T\nlogsource: { service: s }\ndetection:\n  a:\n    ${item}\n  condition: a\n`;
  const { rules, problems } = loadRules([{ file: 'a.yml', text }], { placeholders });
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  const fields = new Map([['x', value]]);
  const event: Event = { id: '1', time: 0, received: 0, source: 's', dataset: 's', fields, raw: '' };
  return evaluate(rules.rules[0]!.expression, event, { utcOffset: 0 });
}

describe('placeholders', () => {
  it.each([
    ["x|expand: '%admins%'", 'ROOT', true],
    ["x|expand: '%admins%'", 'adm_7', true],
    ["x|expand: '%admins%'", 'eve', false],
    ["x|expand: '%nobody%'", '%nobody%', false],
    ["x|expand: '%none%'", '', false],
    ["x|expand|contains: 'by %admins% at'", 'done by root at noon', true],
    ["x|contains|expand: 'by %admins% at'", 'done by root at noon', true],
    ["x|expand: '%admins%-%two%'", 'root-c', true],
    ["x|expand: 'C:\\\\%two%'", 'C:\\c', true],
    ["x|expand: '\\%plain%two%'", '%plainc', true],
    ["x|expand: '100%'", '100%', true],
    ["x: '%two%'", '%two%', true],
    ["x|re|expand: '^%two%$'", 'a.b', true],
    ["x|re|expand: '^%two%$'", 'axb', false],
    ["x|re|expand: '^%admins%$'", 'adm_x', true],
    ["x|re|expand: '^%nobody%$'", '%nobody%', false],
  ])('%s holds of %s: %s', (item, value, expected) => expect(fires(item, value)).toBe(expected));
});
