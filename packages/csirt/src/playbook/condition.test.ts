import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluateCondition, parseCondition } from './condition.ts';

const holds = (text: string, variables: Record<string, string> = {}): boolean =>
  evaluateCondition(parseCondition(text), variables);

describe('a condition', () => {
  it.each([
    ["__severity__:value = 'high'", { __severity__: 'high' }, true],
    ["__severity__:value == 'low'", { __severity__: 'high' }, false],
    ["__severity__:value != 'low'", { __severity__: 'high' }, true],
    ['__count__:value >= 10', { __count__: '9' }, false],
    ['__count__:value >= 10', { __count__: '10' }, true],
    ['__flag__:value = true', { __flag__: 'true' }, true],
    ["__zone__:value IN ('water', 'traffic')", { __zone__: 'traffic' }, true],
    ["__zone__:value NOT IN ('water', 'traffic')", { __zone__: 'traffic' }, false],
    ["__device__:value LIKE 'cam-%'", { __device__: 'cam-001' }, true],
    ["__device__:value LIKE 'cam-_'", { __device__: 'cam-001' }, false],
    [
      "[__a__:value = '1' AND (__b__:value = '2' OR NOT __c__:value = '3')]",
      { __a__: '1', __c__: '4' },
      true,
    ],
    ["__a__:value = 'it\\'s'", { __a__: "it's" }, true],
  ])('%s with %o is %s', (text, variables, expected) => {
    expect(holds(text, variables)).toBe(expected);
  });

  it('is false about a variable that has no value, also about one that is called like a property of objects', () => {
    expect(holds("__missing__:value = ''")).toBe(false);
    expect(holds("__missing__:value != 'x'")).toBe(false);
    expect(holds("__proto__:value != 'x'")).toBe(false);
  });

  it.each([
    '',
    '__a__:value',
    '__a__:value = ',
    "__a__:value MATCHES '(a+)+$'",
    "'a' = 'a'",
    "__a__:value = 'x' __b__:value = 'y'",
    "(__a__:value = 'x'",
    "__a__:value ~ 'x'",
    '__a__:value IN ()',
    `${'('.repeat(100)}__a__:value = 'x'${')'.repeat(100)}`,
    `${'NOT '.repeat(100)}__a__:value = 'x'`,
    `__a__:value = '${'x'.repeat(3000)}'`,
  ])('is refused when it reads %j', (text) => {
    expect(() => parseCondition(text)).toThrow(expect.objectContaining({ code: 'condition-invalid' }));
  });

  it('either parses or is refused with a code, whatever it is made of', () => {
    const piece = fc.constantFrom(
      '__a__:value',
      '=',
      "'x'",
      '1',
      'AND',
      'OR',
      'NOT',
      '(',
      ')',
      '[',
      ']',
      'IN',
      ',',
      'LIKE',
      '%',
      ' ',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(piece).map((parts) => parts.join(' ')),
          fc.string(),
        ),
        (text) => {
          try {
            expect(typeof evaluateCondition(parseCondition(text), { __a__: 'x' })).toBe('boolean');
          } catch (error) {
            expect(error).toMatchObject({ code: 'condition-invalid' });
          }
        },
      ),
    );
  });

  it('matches LIKE as the regular expression of the same meaning does', () => {
    const letters = fc.stringMatching(/^[ab]{0,8}$/);
    fc.assert(
      fc.property(letters, fc.stringMatching(/^[ab%_]{0,6}$/), (value, pattern) => {
        const expected = new RegExp(`^${pattern.replaceAll('%', '.*').replaceAll('_', '.')}$`).test(value);
        expect(holds(`__a__:value LIKE '${pattern}'`, { __a__: value })).toBe(expected);
      }),
    );
  });
});
