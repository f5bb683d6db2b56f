import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadRules } from './load.ts';

const head = 'title: T\nlogsource: { service: s }\n';
const rule = (detection: string, more = '') => `${more}${head}detection:\n${detection}`;
const load = (text: string) => loadRules([{ file: 'a.yml', text }]);
const codes = (text: string) =>
  load(text).problems.map(({ code, severity, line }) => `${severity} ${code} ${line}`);

describe('reading rules', () => {
  it('keeps an unquoted scalar as it was written', () => {
    const { rules } = load(rule('  a: { Code: 00000429, Version: 1.10, Flag: true }\n  condition: a\n'));
    expect(JSON.stringify(rules.rules[0]!.expression)).toContain('00000429');
    expect(JSON.stringify(rules.rules[0]!.expression)).toContain('1.10');
  });

  it('reports each broken rule with its code and line, and loads the rest', () => {
    const good = rule('  a: { x: 1 }\n  condition: a\n', 'id: good\n');
    const files = Array.from({ length: 100 }, (_, n) => ({ file: `${n}.yml`, text: `title: [${n}` }));
    const { rules, problems } = loadRules([...files, { file: 'good.yml', text: good }]);
    expect(rules.rules.map(({ id }) => id)).toEqual(['good']);
    expect(problems).toHaveLength(100);
    expect(new Set(problems.map(({ code }) => code))).toEqual(new Set(['yaml-invalid']));
  });

  it.each([
    ['no condition', '  a: { x: 1 }\n', 'error condition-invalid 4'],
    ['a condition that names nothing', '  a: { x: 1 }\n  condition: b\n', 'error condition-invalid 5'],
    ['an open parenthesis', '  a: { x: 1 }\n  condition: (a\n', 'error condition-invalid 5'],
    ['a selector without a match', '  a: { x: 1 }\n  condition: 1 of b*\n', 'error selector-unmatched 5'],
    ['an unknown modifier', '  a: { x|shouts: 1 }\n  condition: a\n', 'error modifier-unknown 4'],
    ['a backreference', "  a: { x|re: '(a)\\1' }\n  condition: a\n", 'error regex-invalid 4'],
    ['a network that is none', '  a: { x|cidr: 10.0.0.0/33 }\n  condition: a\n', 'error value-invalid 4'],
    ['a number that is none', '  a: { x|gt: many }\n  condition: a\n', 'error value-invalid 4'],
    [
      'an old aggregation',
      '  a: { x: 1 }\n  condition: a | count() > 5\n',
      'error aggregation-unsupported 5',
    ],
    ['an old near', '  a: { x: 1 }\n  condition: a |near a\n', 'error aggregation-unsupported 5'],
    ['a flag without `re`', '  a: { x|i: foo }\n  condition: a\n', 'error modifier-invalid 4'],
    [
      'a network in part',
      '  a: { x|cidr|contains: 10.0.0.0/8 }\n  condition: a\n',
      'error modifier-invalid 4',
    ],
    ['an encoded regex', '  a: { x|re|base64: foo }\n  condition: a\n', 'error modifier-invalid 4'],
    ['both ends at once', '  a: { x|startswith|endswith: a }\n  condition: a\n', 'error modifier-invalid 4'],
    ['two comparisons', '  a: { x|gt|lt: 5 }\n  condition: a\n', 'error modifier-invalid 4'],
    ['no values', '  a: { x|contains|all: [] }\n  condition: a\n', 'error detection-invalid 4'],
    ['a regex that is null', '  a: { x|re: }\n  condition: a\n', 'error value-invalid 4'],
    ['a part that is null', '  a: { x|contains: null }\n  condition: a\n', 'error value-invalid 4'],
    [
      'a regex out of its brackets',
      "  a: { x|re|endswith: 'a)(b' }\n  condition: a\n",
      'error regex-invalid 4',
    ],
    [
      'a regex of many repetitions',
      `  a: { x|re: '${'.{1000}'.repeat(3)}' }\n  condition: a\n`,
      'error rule-too-large 4',
    ],
    ['an escaped percent', "  a: { x|expand: '50\\%' }\n  condition: a\n", 'warning placeholder-escaped 4'],
    ['a timeframe', '  a: { x: 1 }\n  timeframe: 5m\n  condition: a\n', 'error aggregation-unsupported 5'],
    [
      'an unknown placeholder',
      "  a: { x|expand: '%who%' }\n  condition: a\n",
      'warning placeholder-unresolved 4',
    ],
    [
      'too many dashes',
      `  a: { x|windash: '${' -a'.repeat(9)}' }\n  condition: a\n`,
      'error rule-too-large 4',
    ],
  ])('answers %s with its code', (_, detection, expected) => {
    expect(codes(rule(detection))).toEqual([expected]);
  });

  it('never throws, whatever the text', () => {
    fc.assert(fc.property(fc.string({ maxLength: 300 }), (text) => void load(text)));
    const words = fc.constantFrom(
      'title: T',
      'detection:',
      '  a:',
      '    x|re: (',
      '  condition: a and',
      '---',
      '- [',
      '&a',
      '*a',
      '{',
    );
    fc.assert(fc.property(fc.array(words), (lines) => void load(lines.join('\n'))));
  });

  it('refuses nests and alias bombs in bounded time', () => {
    expect(codes('['.repeat(20_000))).toHaveLength(1);
    const bomb = Array.from(
      { length: 12 },
      (_, n) => `b${n}: &b${n} [${n ? `*b${n - 1},`.repeat(9) : 'x'}]`,
    ).join('\n');
    expect(load(`${bomb}\n`).problems.length).toBeGreaterThan(0);
    expect(codes(`b:\n${'  - *x\n'.repeat(1000)}`)).toHaveLength(1);
    expect(codes('&a '.repeat(20_000))).toHaveLength(1);
    expect(codes(`a: &x 1\nb:\n${'  - *x\n'.repeat(1000)}`)).toEqual(['error rule-too-large 203']);
    expect(codes('title: A\ntitle: B\n')).toEqual(['error yaml-invalid 2']);
    expect(codes(`title: ${'x'.repeat(2_000_000)}`)).toEqual(['error file-too-large 1']);
  });

  it('gives an action: global document to those after it', () => {
    const text = `action: global\ntitle: G\nlevel: high\n---\nid: a\nlogsource: { service: s }\ndetection: { a: { x: 1 }, condition: a }\n---\nid: b\nlogsource: { service: t }\ndetection: { a: { x: 2 }, condition: a }\n`;
    const { rules, problems } = load(text);
    expect(problems).toEqual([]);
    expect(rules.rules.map(({ id, title, level }) => `${id} ${title} ${level}`)).toEqual([
      'a G high',
      'b G high',
    ]);
  });

  it('joins a filter to the rules that it names and warns when it selects', () => {
    const text = `${rule('  a: { x: 1 }\n  condition: a\n', 'id: r\n')}---\ntitle: F\nlogsource: { service: s }\nfilter:\n  rules: [r, gone]\n  f: { y: 2 }\n  condition: f\n`;
    const { rules, problems } = load(text);
    expect(problems.map(({ code }) => code).sort()).toEqual(['filter-selects', 'reference-unknown']);
    expect(rules.rules[0]!.expression.kind).toBe('and');
  });

  it('lets no filter that names no rules silence all of them', () => {
    const filter = (rules: string) =>
      `${rule('  a: { x: 1 }\n  condition: a\n', 'id: r\n')}---\ntitle: F\nlogsource: { service: s }\nfilter:\n${rules}  f: { y: 2 }\n  condition: not f\n`;
    for (const wrong of ['', '  rule: [r]\n', '  rules: []\n']) {
      const { rules, problems } = load(filter(wrong));
      expect(problems.map(({ code }) => code)).toEqual(['filter-invalid']);
      expect(rules.rules[0]!.expression.kind).toBe('match');
    }
    expect(load(filter('  rules: any\n')).rules.rules[0]!.expression.kind).toBe('and');
  });

  it('silences what only feeds a correlation, orders chains, and refuses circles', () => {
    const correlation = (id: string, of: string) =>
      `---\ntitle: C\nid: ${id}\ncorrelation:\n  type: event_count\n  rules: [${of}]\n  group-by: [u]\n  timespan: 5m\n  condition: { gte: 2 }\n`;
    const text = `${rule('  a: { x: 1 }\n  condition: a\n', 'id: r\n')}${correlation('c2', 'c1')}${correlation('c1', 'r')}${correlation('c3', 'c4')}${correlation('c4', 'c3')}${correlation('c5', 'nobody')}`;
    const { rules, problems } = load(text);
    expect(rules.rules[0]!.reports).toBe(false);
    expect(rules.correlations.map(({ id, reports }) => `${id} ${reports}`)).toEqual(['c1 false', 'c2 true']);
    expect(problems.map(({ code }) => code).sort()).toEqual([
      'correlation-cyclic',
      'correlation-cyclic',
      'reference-unknown',
    ]);
  });

  it.each([
    [
      'a misspelt key',
      'event_count',
      '[r]',
      '{ gte: 2 }',
      '  groupby: [u]\n',
      'error correlation-invalid 14',
    ],
    ['a misspelt condition', 'event_count', '[r]', '{ gte: 2, ge: 3 }', '', 'error correlation-invalid 13'],
    [
      'too many values',
      'value_count',
      '[r]',
      '{ field: x, gt: 2000000 }',
      '',
      'error correlation-invalid 13',
    ],
    ['some of an order', 'temporal_ordered', '[r, r2]', '{ gte: 1 }', '', 'error correlation-invalid 13'],
    ['one rule twice', 'temporal_ordered', '[r, r2, r]', '{ gte: 3 }', '', 'error correlation-invalid 13'],
    ['an order with names', 'temporal_ordered', '[r, r2]', 'r or r2', '', 'error correlation-invalid 13'],
    ['no percentile', 'value_percentile', '[r]', '{ field: x, lte: 1 }', '', 'warning percentile-missing 6'],
  ])('answers a correlation with %s', (_, type, rules, condition, more, expected) => {
    const correlation = `title: C\nid: c\ncorrelation:\n  type: ${type}\n  rules: ${rules}\n  timespan: 5m\n\n  condition: ${condition}\n${more}`;
    expect(codes(`# feeds nothing by itself\n\n\n\n---\n${correlation}`)[0]).toBe(expected);
  });
});
