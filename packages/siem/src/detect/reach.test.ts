import { describe, expect, test } from 'vitest';
import { loadRules } from '../rules/load.ts';
import { canFire, missingFields } from './reach.ts';

const expressionOf = (detection: string) =>
  loadRules([{ file: 'r', text: `title: t\nid: r\nlogsource: { service: x }\ndetection:\n${detection}` }])
    .rules.rules[0]!.expression;
const with_ =
  (...fields: string[]) =>
  (field: string) =>
    fields.includes(field);

describe('whether a rule can fire on events that carry some fields', () => {
  const both = expressionOf('  a: { x: 1, y: 2 }\n  condition: a\n');
  const either = expressionOf('  a: { x: 1 }\n  b: { y: 2 }\n  condition: a or b\n');
  const filtered = expressionOf('  a: { x: 1 }\n  b: { y: 2 }\n  condition: a and not b\n');

  test('every field of an AND must be there', () => {
    expect(canFire(both, with_('x', 'y'))).toBe(true);
    expect(canFire(both, with_('x'))).toBe(false);
    expect(missingFields(both, with_('x'))).toEqual(['y']);
  });

  test('one field of an OR is enough', () => {
    expect(canFire(either, with_('y'))).toBe(true);
    expect(canFire(either, with_())).toBe(false);
  });

  test('what a filter leaves out may be missing', () => {
    expect(canFire(filtered, with_('x'))).toBe(true);
    expect(canFire(filtered, with_('y'))).toBe(false);
  });

  test('a field that must not be there may be missing; keywords and the line always are', () => {
    expect(canFire(expressionOf('  a: { x|exists: false }\n  condition: a\n'), with_())).toBe(true);
    expect(canFire(expressionOf('  a: { x|exists: true }\n  condition: a\n'), with_())).toBe(false);
    expect(canFire(expressionOf('  a: [word]\n  condition: a\n'), with_())).toBe(true);
    expect(canFire(expressionOf('  a: { message|contains: word }\n  condition: a\n'), with_())).toBe(true);
  });

  test('any name under which a field may be kept will do', () => {
    const text = `title: t\nid: r\nlogsource: { category: webserver }\ndetection:\n  a: { c-uri: x }\n  condition: a\n`;
    const { expression } = loadRules([{ file: 'r', text }]).rules.rules[0]!;
    expect(canFire(expression, with_('url.path'))).toBe(true);
    expect(canFire(expression, with_('url.other'))).toBe(false);
  });
});
