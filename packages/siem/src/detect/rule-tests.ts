import type { Event, FieldValue } from '@kydai/contracts';
import { z } from 'zod';
import { type LoadOptions, loadRules, type RuleFile } from '../rules/load.ts';
import { quote, RuleFault, type RuleProblem } from '../rules/problem.ts';
import { child, plainData, readDocuments, type SourceNode, textOf } from '../rules/source.ts';
import { createDetector } from './detector.ts';

const duration = z.string().regex(/^\d{1,6}(?:ms|s|m|h|d)$/);

const TestEvents = z.strictObject({
  dataset: z.string(),
  fields: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())])),
  raw: z.string().default(''),
  /** RFC 3339; one second after the event before, unless given. */
  time: z.iso.datetime({ offset: true }).optional(),
  /** How long after the event before. */
  after: duration.optional(),
  /** So many equal events; `{n}` in a value is the number of each, from 1. */
  repeat: z.number().int().min(1).max(10_000).default(1),
  every: duration.default('1s'),
});

const RuleTest = z.strictObject({
  name: z.string(),
  fires: z.boolean(),
  events: z.array(TestEvents).min(1),
});
type RuleTest = z.infer<typeof RuleTest>;

/** The outcome of one case of one rule. */
export interface RuleTestResult {
  readonly file: string;
  readonly rule: string;
  readonly name: string;
  /** What the case says. */
  readonly fires: boolean;
  /** How often the rule fired. */
  readonly fired: number;
  readonly passed: boolean;
  /** The events as the case gives them: a dataset, fields, the line, how often and when. */
  readonly events: readonly unknown[];
}

/** How many cases of each kind a rule has. */
export interface RuleTestReport {
  readonly results: readonly RuleTestResult[];
  readonly problems: readonly RuleProblem[];
  /** Ids of reporting rules that lack a firing or a non-firing case. */
  readonly untested: readonly string[];
}

const start = Date.parse('2026-11-02T03:00:00Z');
const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Runs each rule's own cases, the custom attribute `tests` of its document: a case gives events and says whether the
 * rule fires on them. All files are loaded together, so that correlations find what feeds them. Times are on the clock of
 * Viet Nam, whatever the city's is: the cases were written for one.
 */
export function runRuleTests(
  files: readonly RuleFile[],
  options: Pick<LoadOptions, 'fieldMaps'> = {},
): RuleTestReport {
  const { rules, problems } = loadRules(files, options);
  const found: RuleProblem[] = [...problems];
  const results: RuleTestResult[] = [];
  for (const { file, text } of files) {
    for (const document of documentsOf(text)) {
      const node = child(document, 'tests');
      const rule = textOf(child(document, 'id')) ?? textOf(child(document, 'name'));
      if (node === undefined || rule === undefined) continue;
      const cases = z.array(RuleTest).safeParse(plainData(node));
      if (!cases.success) {
        const message = `the tests cannot be read: ${quote(z.prettifyError(cases.error))}`;
        found.push({ code: 'value-invalid', severity: 'error', file, line: node.line, message, rule });
        continue;
      }
      for (const test of cases.data) {
        const fired = countFirings(test, rule);
        const { name, fires, events } = test;
        results.push({ file, rule, name, fires, fired, passed: fires === fired > 0, events });
      }
    }
  }
  const has = (id: string, fires: boolean) =>
    results.some((result) => result.rule === id && result.fires === fires);
  const untested = [...rules.rules, ...rules.correlations]
    .filter((rule) => rule.reports && !(has(rule.id, true) && has(rule.id, false)))
    .map((rule) => rule.id);
  return { results, problems: found, untested };

  function countFirings(test: RuleTest, rule: string): number {
    const detector = createDetector({ rules, clock: { now: () => start } });
    const detections = [
      ...detector.processBatch(eventsOf(test)),
      ...detector.advance(Number.MAX_SAFE_INTEGER),
    ];
    return detections.filter((detection) => detection.rule.id === rule).length;
  }
}

function documentsOf(text: string): readonly SourceNode[] {
  try {
    return readDocuments(text);
  } catch (error) {
    if (error instanceof RuleFault) return [];
    throw error;
  }
}

function eventsOf(test: RuleTest): readonly Event[] {
  const events: Event[] = [];
  let time = start;
  for (const group of test.events) {
    if (group.time !== undefined) time = Date.parse(group.time);
    else if (group.after !== undefined) time += milliseconds(group.after);
    for (let number = 1; number <= group.repeat; number++) {
      const fields = new Map<string, FieldValue>();
      for (const [name, value] of Object.entries(group.fields)) {
        fields.set(name, typeof value === 'string' ? value.replaceAll('{n}', String(number)) : value);
      }
      const id = `00000000-0000-7000-8000-${(events.length + 1).toString(16).padStart(12, '0')}`;
      const { dataset, raw } = group;
      events.push({ id, time, received: time, source: 'test', dataset, fields, raw });
      time += milliseconds(group.every);
    }
  }
  return events;
}

function milliseconds(text: string): number {
  const [, amount, unit] = /^(\d+)([a-z]+)$/.exec(text)!;
  return Number(amount) * units[unit!]!;
}
