import type { Event, FieldValue } from '@kydai/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { atOnce } from '../rules/at-once.ts';
import type { Expression } from '../rules/expression.ts';
import { loadRules } from '../rules/load.ts';
import { eventOf, events, ruleTexts } from './arbitrary.ts';
import { Matcher } from './matcher.ts';
import { evaluate } from './reference.ts';
import { regexNeeds } from './regex-literals.ts';

const context = { utcOffset: 420 };

/** Expressions of rules whose single search is given as YAML. */
function expressionsOf(searches: readonly string[]): readonly Expression[] {
  const files = searches.map((search, index) => ({
    file: `${index}.yml`,
    text: `title: T\nid: r${index}\nlogsource: { service: s }\ndetection:\n  a:\n${search}\n  condition: a\n`,
  }));
  const { rules, problems } = loadRules(files);
  expect(problems.filter(({ severity }) => severity === 'error')).toEqual([]);
  return rules.rules.map((rule) => rule.expression);
}

function fires(search: string, event: Event): boolean {
  const [expression] = expressionsOf([search]);
  const found: number[] = [];
  atOnce(Matcher.compiling([expression!], context)).match(event, found);
  expect(found.length === 1).toBe(evaluate(expression!, event, context));
  return found.length === 1;
}

describe('what the modifiers mean', () => {
  it.each<readonly [string, FieldValue, boolean]>([
    ['x: abc', 'ABC', true],
    ['x: abc', 'abcd', false],
    ['x|cased: abc', 'ABC', false],
    ['x|contains|cased: bC', 'abCd', true],
    ['x|contains: b', 'abc', true],
    ['x|startswith: b', 'abc', false],
    ['x|endswith: c', 'abc', true],
    ['x|contains|all: [a, c]', 'abc', true],
    ['x|contains|all: [a, d]', 'abc', false],
    ['x: a*c', 'axxc', true],
    ['x: a?c', 'ac', false],
    ["x: 'a\\*c'", 'a*c', true],
    ["x: ''", '', true],
    ["x: '*'", '', true],
    ['x: 10', 10, true],
    ['x: 00000429', 429, false],
    ['x: 00000429', '00000429', true],
    ['x: true', true, true],
    ['x|gt: 4', '11', true],
    ['x|gte: 4', 4, true],
    ['x|lt: 4', 'three', false],
    ['x|neq: abc', 'abd', true],
    ['x|neq: [abc, abd]', 'abd', false],
    ['x|cidr: 10.0.0.0/8', ['192.0.2.1', '10.0.0.1'], true],
    ['x|re: ^a.c$', 'abc', true],
    ['x|re: ^a.c$', 'ABC', false],
    ['x|re|i: ^a.c$', 'ABC', true],
    ['x|re|s: a.c', 'a\nc', true],
    ['x|re: a.c', 'a\nc', false],
    ['x|re|i: K', '\u212a', true],
    ['x|re|startswith: a|b', 'cb', false],
    ['x|re|startswith|i: a|b', 'Bc', true],
    ['x|re|endswith|m: a|b', 'cb\n', false],
    ['x|re|contains: b', 'abc', true],
    ['x|cidr: fe80::/10', 'fe80::1%eth0', true],
    ['x|cidr|neq: 10.0.0.0/8', '10.0.0.1', false],
    ['x|exists: true', '', true],
    ['x|exists: false', 'a', false],
    ['x|exists: true', null, true],
    ['x|exists: false', null, false],
    ['y|exists: true', null, false],
    ['x: null', null, true],
    ['x: null', '', false],
    ['x: null', 'a', false],
    ['y: null', 'a', true],
    ['x|hour: 2', '2026-11-20T19:30:00Z', true],
    ['x|week: 53', '2027-01-01T00:00:00Z', true],
    ['x|base64offset|contains: secret', Buffer.from('a secret!').toString('base64'), true],
    ['x|wide|base64offset|contains: secret', Buffer.from('a secret!', 'utf16le').toString('base64'), true],
    ["x|contains|windash: ' -e '", 'p \u2013e x', true],
    ['x|contains: b', ['a', 'ab'], true],
  ])('%s of %j is %j', (item, value, expected) => {
    expect(fires(`    ${item}`, eventOf({ x: value }))).toBe(expected);
  });

  it('compares fields with one another', () => {
    expect(fires('    x|fieldref: y', eventOf({ x: 'A', y: 'a' }))).toBe(true);
    expect(fires('    x|fieldref|endswith: y', eventOf({ x: 'abc', y: 'bc' }))).toBe(true);
    expect(fires('    x|fieldref: y', eventOf({ x: 'a' }))).toBe(false);
  });

  it('looks for keywords in every value and in a line that is no JSON', () => {
    expect(fires('    - needle', eventOf({ any: 'a NEEDLE b' }))).toBe(true);
    expect(fires('    - needle', eventOf({}, 'a needle b'))).toBe(true);
    expect(fires('    - needle', eventOf({}, '{"a":"needle"}'))).toBe(false);
    expect(fires("    '|all': [one, two]", eventOf({ a: 'one', b: 'two' }))).toBe(true);
  });

  it('reads mapped names where the written one is absent', () => {
    expect(fires('    Image|endswith: /sh', eventOf({ 'process.executable': '/bin/sh' }))).toBe(true);
    expect(
      fires('    Image|endswith: /sh', eventOf({ Image: '/bin/ls', 'process.executable': '/bin/sh' })),
    ).toBe(false);
  });

  it('is not slowed by a catastrophic expression or a long line', () => {
    const started = performance.now();
    const line = `${'a'.repeat(1_000_000)}!`;
    expect(fires("    x|re: '^(a+)+$'", eventOf({ x: line }))).toBe(false);
    expect(fires(`    x: '${'a*'.repeat(30)}b'`, eventOf({ x: 'a'.repeat(20_000) }))).toBe(false);
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe('the index', () => {
  it('finds exactly what the plain evaluator finds', () => {
    fc.assert(
      fc.property(
        fc.array(ruleTexts(), { minLength: 1, maxLength: 8 }),
        fc.array(events(), { minLength: 1, maxLength: 12 }),
        (texts, events) => {
          const { rules, problems } = loadRules(
            texts.map((yaml, index) => ({ file: `${index}.yml`, text: yaml })),
          );
          expect(problems).toEqual([]);
          const expressions = rules.rules.map((rule) => rule.expression);
          const matcher = atOnce(Matcher.compiling(expressions, context));
          // Twice: what is remembered of the event before changes nothing.
          for (const each of [...events, ...events.flatMap((one) => [one, one])]) {
            const found: number[] = [];
            matcher.match(each, found);
            const truth = expressions.flatMap((expression, index) =>
              evaluate(expression, each, context) ? [index] : [],
            );
            expect(found).toEqual(truth);
          }
        },
      ),
      { numRuns: 150 },
    );
  }, 30_000);

  it('stays right when it goes on from what another saw', () => {
    const rules = fc.array(ruleTexts(), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(rules, rules, fc.array(events(), { minLength: 1, maxLength: 8 }), (some, others, given) => {
        const loaded = (texts: readonly string[]) =>
          loadRules(texts.map((text, index) => ({ file: `${index}.yml`, text }))).rules.rules.map(
            ({ expression }) => expression,
          );
        const before = atOnce(Matcher.compiling(loaded(some), context));
        for (let round = 0; round < 2300; round++) before.match(given[round % given.length]!, []);
        const expressions = loaded([...others, ...some]);
        const matcher = atOnce(Matcher.compiling(expressions, context, before));
        for (const each of [...given, ...given]) {
          const found: number[] = [];
          matcher.match(each, found);
          expect(found).toEqual(
            expressions.flatMap((expression, index) => (evaluate(expression, each, context) ? [index] : [])),
          );
        }
      }),
      { numRuns: 40 },
    );
  }, 30_000);

  it('stays right when it plans anew from what it saw', () => {
    const expressions = expressionsOf(['    x: a', '    x|contains: b\n    y: c', '    y: c']);
    const matcher = atOnce(Matcher.compiling(expressions, context));
    for (let round = 0; round < 2500; round++) {
      const found: number[] = [];
      matcher.match(eventOf({ x: round % 2 ? 'a' : 'ab', y: round % 3 ? 'c' : 'd' }), found);
      expect(found).toEqual([
        ...(round % 2 ? [0] : []),
        ...(round % 2 === 0 && round % 3 ? [1] : []),
        ...(round % 3 ? [2] : []),
      ]);
    }
  });
});

describe('literals inside regular expressions', () => {
  it.each<readonly [string, readonly string[] | undefined]>([
    ['shutdown\\s+/r', ['shutdown']],
    ['net\\s+(user|group)', ['group', 'user']],
    ['\\.(zip|asp)\\?d=', ['.asp?d=', '.zip?d=']],
    ['[Ee]ncoded', ['encoded']],
    ['.{1000,}', undefined],
    ['(?i)\\\\(venv|python(.+)?)\\\\lib', ['\\lib']],
    ['a*b?', undefined],
    ['(?=x)y', undefined],
    ['[^a]bce*d', ['bc']],
    ['\ud801\udc00', undefined],
  ])('%s needs one of %j', (source, expected) => {
    const { literals } = regexNeeds(source);
    expect(literals === undefined ? undefined : [...literals].sort()).toEqual(expected);
  });

  it('knows the shortest match', () => {
    expect(regexNeeds('.{1000,}').length).toBe(1000);
    expect(regexNeeds('(ab|c)d?').length).toBe(1);
  });
});
