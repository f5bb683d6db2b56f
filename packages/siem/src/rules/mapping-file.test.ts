import type { FieldValue } from '@kydai/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createDetector } from '../detect/detector.ts';
import { explainRule } from '../detect/explain.ts';
import { loadRules } from './load.ts';
import { readMappings } from './mapping-file.ts';

const fortigate = `
name: fortigate
mappings:
  - logsource: { product: fortigate, category: firewall }
    datasets: [fortinet.fortigate]
    fields:
      srcip: source.ip
      action: [event.action, fgt.action]
    others: fgt.*
`;
const rule = `
title: Denied
id: denied
logsource: { category: firewall, product: fortigate }
detection:
  selection: { srcip: 10.0.0.1, action: deny, policyid: '7' }
  condition: selection
`;
const event = (dataset: string, fields: Record<string, FieldValue>) => ({
  id: 'e',
  time: 0,
  received: 0,
  source: 's',
  dataset,
  fields: new Map(Object.entries(fields)),
  raw: '',
});
const read = (text: string) => readMappings([{ file: 'm.yml', text }]);

describe('mapping files', () => {
  test('give placeholders their values, the first file that names one', () => {
    const files = ['placeholders: { admins: [root, adm_*] }', 'placeholders: { admins: [eve], empty: [] }'];
    const { fieldMaps, problems } = readMappings(
      files.map((text, index) => ({ file: `${index}.yml`, text: `name: m${index}\n${text}\n` })),
    );
    expect(problems).toEqual([]);
    const text = `title: T\nlogsource: { service: s }\ndetection: { a: { x|expand: '%admins%', y|expand|neq: '%empty%' }, condition: a }\n`;
    const loaded = loadRules([{ file: 'r', text }], { fieldMaps });
    expect(loaded.problems).toEqual([]);
    const detector = createDetector({ rules: loaded.rules, clock: { now: () => 0 } });
    const fired = ['root', 'adm_7', 'eve'].map((x) => detector.process(event('s', { x, y: 'any' })).length);
    expect(fired).toEqual([1, 1, 0]);
  });

  test.each([
    ['name: m\n', 'needs `mappings` or `placeholders`'],
    ["name: m\nplaceholders: { 'a b': [x] }\n", 'invalid key'],
    ['name: m\nplaceholders: { a: x }\n', 'must be a list of texts'],
  ])('refuse %j', (text, message) => {
    expect(
      read(text)
        .problems.map((problem) => problem.message)
        .join(),
    ).toContain(message);
  });

  test('lead a rule to the events of a source of one’s own, and to its fields', () => {
    const { fieldMaps, problems } = read(fortigate);
    expect(problems).toEqual([]);
    const { rules } = loadRules([{ file: 'r', text: rule }], { fieldMaps });
    const detector = createDetector({ rules, clock: { now: () => 0 } });
    const fields = { 'source.ip': '10.0.0.1', 'fgt.action': 'deny', 'fgt.policyid': 7 };
    expect(detector.process(event('fortinet.fortigate', fields))).toHaveLength(1);
    expect(detector.process(event('fortinet.other', fields))).toHaveLength(0);
    expect(detector.process(event('fortinet.fortigate', { ...fields, 'fgt.action': 'pass' }))).toHaveLength(
      0,
    );
    const told = explainRule(rules.rules[0]!);
    expect(told.datasets).toContain('fortinet.fortigate');
    expect(told.fields.find(({ name }) => name === 'action')?.sources).toEqual(
      expect.arrayContaining(['event.action', 'fgt.action']),
    );
  });

  test('do without them, the same rule meets nothing', () => {
    const { rules } = loadRules([{ file: 'r', text: rule }]);
    const detector = createDetector({ rules, clock: { now: () => 0 } });
    expect(detector.process(event('fortinet.fortigate', { 'source.ip': '10.0.0.1' }))).toHaveLength(0);
  });

  test('of lower priority come first', () => {
    const file = (name: string, priority: number, target: string) => ({
      file: name,
      text: `name: ${name}\npriority: ${priority}\nmappings:\n  - logsource: { service: x }\n    fields: { a: ${target} }\n`,
    });
    const { fieldMaps } = readMappings([file('late', 50, 'late.a'), file('early', 10, 'early.a')]);
    expect(fieldMaps.map(({ pipeline }) => pipeline)).toEqual(['early', 'late']);
  });

  test.each([
    ['an unknown key', 'name: x\nmappings:\n  - logsource: { product: a }\n    feilds: { a: b }\n', 3, 5],
    [
      'a field that is no text',
      'name: x\nmappings:\n  - logsource: { product: a }\n    fields:\n      a: 7\n',
      5,
      10,
    ],
    [
      'a dataset that is none',
      'name: x\nmappings:\n  - logsource: { product: a }\n    datasets: [ok, "A b"]\n',
      4,
      20,
    ],
    ['no star in `others`', 'name: x\nmappings:\n  - others: fgt\n', 3, 13],
    ['datasets of no log source', 'name: x\nmappings:\n  - datasets: [a]\n', 3, 5],
    ['text that is not YAML', 'name: [x\nmappings: 1\n', 2, 1],
    ['an empty file', '', 1, 1],
    ['two documents', 'name: x\n---\nname: y\n', 1, 1],
    ['an alias', 'name: &a x\nmappings: *a\n', 1, 1],
  ])('tell %s by its line and column', (_what, text, line, column) => {
    const { fieldMaps, problems } = read(text);
    expect(fieldMaps).toEqual([]);
    expect(problems[0]).toMatchObject({ file: 'm.yml', line, column });
    expect(problems[0]!.message).not.toBe('');
  });

  test('never throw, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        const { problems } = read(text);
        for (const { line, column } of problems) expect(Math.min(line, column)).toBeGreaterThan(0);
      }),
    );
  });
});
