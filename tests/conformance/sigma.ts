import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Event, FieldValue } from '@kydai/contracts';
import { createDetector, loadRules, type RuleFile, type RuleSet } from '@kydai/siem';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { parseAllDocuments } from 'yaml';
import { MissingCorpus, openCorpus, type SuiteOptions, type SuiteResult } from './corpus.ts';

/** So often every event is judged until most streams have had as many as their index is made anew after. */
const rounds = 1500;

/**
 * SigmaHQ's rules and regression events: every rule compiles, every case fires the rule that it names at least as often
 * as it says, and the indexed engine finds on every event what the plain one finds. The specification's own schemas
 * accept its examples, all rules and the city's rules, and the examples can be read.
 */
export async function run(options: SuiteOptions): Promise<SuiteResult> {
  const rulesAt = await openCorpus(options.rules ?? join(options.shared, 'sigma-rules.tar.gz'));
  const casesAt = await openCorpus(options.corpus ?? join(options.shared, 'sigma-regression.tar.gz'));
  const failures: string[] = [];
  const { rules, files } = readRules(rulesAt, failures);
  const cases = readCases(casesAt);
  if (files === 0 || cases.length === 0)
    throw new MissingCorpus('there are no rules or no cases in the corpus');

  let passed = rules.rules.length + rules.correlations.length;
  const clock = { now: () => 0 };
  const indexed = createDetector({ rules, clock });
  const plain = createDetector({ rules, clock, engine: 'reference' });
  const truths: { readonly name: string; readonly event: Event; readonly truth: readonly string[] }[] = [];
  const compare = (name: string, found: readonly string[], truth: readonly string[]) => {
    if (found.join() === truth.join()) passed++;
    else failures.push(`${name}: the index changes the result: ${difference(found, truth)}`);
  };
  for (const { name, events, expected, matchCount } of cases) {
    const counts = new Map(expected.map((id) => [id, 0]));
    for (const event of events) {
      const found = indexed.matches(event);
      const truth = plain.matches(event);
      compare(name, found, truth);
      truths.push({ name, event, truth });
      for (const id of found) if (counts.has(id)) counts.set(id, counts.get(id)! + 1);
    }
    for (const [id, count] of counts) {
      if (count >= matchCount) passed++;
      else failures.push(`${name}: rule ${id} fired ${count} times instead of at least ${matchCount}`);
    }
  }
  // Again, once the index was made anew from what it saw.
  for (let round = 0; round < rounds; round++) for (const { event } of truths) indexed.matches(event);
  for (const { name, event, truth } of truths) compare(`${name}, later`, indexed.matches(event), truth);
  const schemas = join(options.shared, 'sigma-schema.tar.gz');
  if (existsSync(schemas)) passed += validate(await openCorpus(schemas), rulesAt, failures);
  return { passed, failed: failures.length, failures };
}

/** Checks documents by the official JSON schemas; returns how many passed. */
function validate(folder: string, rulesAt: string, failures: string[]): number {
  const ajv = new Ajv2020({ strict: false });
  formats.default(ajv);
  const compile = (name: string) => {
    const schema = JSON.parse(readFileSync(join(folder, `json-schema/sigma-${name}-schema.json`), 'utf8'));
    // One of the schemas names its dialect with a stray `#`.
    return ajv.compile({ ...schema, $schema: 'https://json-schema.org/draft/2020-12/schema' });
  };
  const [rule, correlation, filter] = ['detection-rule', 'correlation-rules', 'filters'].map(compile);
  const examples = readRuleFiles(join(folder, 'tests'));
  const own = readRuleFiles(join(import.meta.dirname, '../../policies/detection'));
  let passed = 0;
  for (const { file, text } of [...examples, ...own, ...readRuleFiles(rulesAt)]) {
    for (const document of parseAllDocuments(text)) {
      const data = document.toJS() as Readonly<Record<string, unknown>> | null;
      const check = (data?.['correlation'] ? correlation : data?.['filter'] ? filter : rule)!;
      if (check(data)) passed++;
      else failures.push(`${file}: the schema says ${ajv.errorsText(check.errors)}`);
    }
  }
  for (const { file, text } of examples) {
    // The examples refer to rules that are not among them; all else must be understood.
    const wrong = loadRules([{ file, text }]).problems.find(
      ({ code, severity }) => severity === 'error' && code !== 'reference-unknown',
    );
    if (wrong === undefined) passed++;
    else failures.push(`${file}:${wrong.line} ${wrong.code}: ${wrong.message}`);
  }
  return passed;
}

interface RegressionCase {
  readonly name: string;
  readonly events: readonly Event[];
  /** Ids of the rules that must fire. */
  readonly expected: readonly string[];
  readonly matchCount: number;
}

/** Reads every rule under a folder; a rule that does not compile is a failure. */
function readRules(folder: string, failures: string[]): { readonly rules: RuleSet; readonly files: number } {
  const files = readRuleFiles(folder);
  const { rules, problems } = loadRules(files);
  for (const { severity, file, line, code, message } of problems) {
    if (severity === 'error') failures.push(`${file}:${line} ${code}: ${message}`);
  }
  return { rules, files: files.length };
}

/** The rule files under a folder; other YAML that lies between them is left out. */
export function readRuleFiles(folder: string): readonly RuleFile[] {
  return walk(folder)
    .filter((path) => /\.ya?ml$/.test(path))
    .map((path) => ({ file: path, text: readFileSync(join(folder, path), 'utf8') }))
    .filter(({ text }) => /^(?:detection|correlation|filter):/m.test(text));
}

/** Reads the cases under a folder: events in JSON beside an `info.yml` that names their rules. */
export function readCases(folder: string): readonly RegressionCase[] {
  return walk(folder)
    .filter((path) => basename(path) === 'info.yml')
    .flatMap((path) => {
      const info = readFileSync(join(folder, path), 'utf8');
      const at = dirname(path);
      const events = readdirSync(join(folder, at))
        .filter((file) => file.endsWith('.json'))
        .flatMap((file) => readJsonSequence(readFileSync(join(folder, at, file), 'utf8')))
        .map(toEvent);
      const metadata = info.slice(info.indexOf('rule_metadata:'));
      const expected = [...metadata.matchAll(/^\s+-?\s*id:\s*['"]?([0-9a-f-]{36})/gm)].map(
        (match) => match[1]!,
      );
      const count = /^\s+match_count:\s*(\d+)/m.exec(info)?.[1];
      if (events.length === 0) return [];
      return [{ name: at, events, expected, matchCount: count === undefined ? 1 : Number(count) }];
    });
}

/** JSON documents one after another, as the regression data has them; a list counts as its elements. */
function readJsonSequence(text: string): readonly unknown[] {
  const documents: unknown[] = [];
  let depth = 0;
  let start = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const unit = text[at];
    if (quoted) {
      if (unit === '\\') at++;
      else if (unit === '"') quoted = false;
    } else if (unit === '"') quoted = true;
    else if (unit === '{' || unit === '[') {
      if (depth++ === 0) start = at;
    } else if ((unit === '}' || unit === ']') && --depth === 0) {
      documents.push(...[JSON.parse(text.slice(start, at + 1)) as unknown].flat());
    }
  }
  return documents;
}

let sequence = 0;

/** An event as our collectors would hand it on: Windows event JSON with its native names, anything else flattened. */
export function toEvent(document: unknown): Event {
  const fields = new Map<string, FieldValue>();
  const windows = (document as { Event?: { System?: unknown } }).Event;
  if (windows?.System) {
    const { System: system, ...rest } = windows as { System: Record<string, unknown> } & Record<
      string,
      unknown
    >;
    for (const [key, value] of Object.entries(system)) readWindowsField(fields, key, value);
    for (const block of ['EventData', 'UserData']) {
      for (const [key, value] of Object.entries((rest[block] ?? {}) as object))
        readWindowsField(fields, key, value);
    }
  } else flatten(fields, '', document);
  return {
    id: `00000000-0000-7000-8000-${(++sequence).toString(16).padStart(12, '0')}`,
    time: 0,
    received: 0,
    source: 'conformance',
    dataset: windows?.System ? 'windows' : String(fields.get('event.dataset') ?? 'json'),
    fields,
    raw: JSON.stringify(document),
  };
}

function readWindowsField(fields: Map<string, FieldValue>, key: string, value: unknown): void {
  if (key === '#attributes' || value === null || value === undefined) return;
  if (typeof value !== 'object') fields.set(key, value as FieldValue);
  else if (Array.isArray(value)) fields.set(key, value.map(String));
  else {
    const { '#attributes': attributes, '#text': text, ...inner } = value as Record<string, unknown>;
    if (text !== undefined) fields.set(key, text as FieldValue);
    for (const [name, attribute] of Object.entries((attributes ?? {}) as object)) {
      if (name !== 'xmlns') fields.set(`${key}_${name}`, attribute as FieldValue);
    }
    for (const [name, nested] of Object.entries(inner)) readWindowsField(fields, name, nested);
  }
}

function flatten(fields: Map<string, FieldValue>, prefix: string, value: unknown): void {
  if (Array.isArray(value)) fields.set(prefix, value.map(String));
  else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value))
      flatten(fields, prefix ? `${prefix}.${key}` : key, inner);
  } else fields.set(prefix, value as FieldValue);
}

function difference(left: readonly string[], right: readonly string[]): string {
  const lost = right.filter((id) => !left.includes(id));
  const gained = left.filter((id) => !right.includes(id));
  return `lost ${lost.join(' ') || 'none'}, gained ${gained.join(' ') || 'none'}`;
}

function walk(folder: string): string[] {
  if (!existsSync(folder)) throw new MissingCorpus(`\`${folder}\` is not here`);
  return (readdirSync(folder, { recursive: true }) as string[]).sort();
}
