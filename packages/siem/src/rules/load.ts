import { atOnce } from './at-once.ts';
import { type DraftCorrelation, readCorrelation } from './correlation.ts';
import { readDetection } from './detection.ts';
import { Effort } from './effort.ts';
import { type Expression, join } from './expression.ts';
import { readHead } from './head.ts';
import { type Pattern, parsePattern } from './pattern.ts';
import { covers, type FieldMap, fieldResolver } from './pipeline.ts';
import { quote, RuleFault, type RuleProblem } from './problem.ts';
import { resolveCorrelations } from './resolve.ts';
import type { LogSource, RuleSet, SigmaRule } from './rule.ts';
import { child, readDocuments, type SourceMap, type SourceNode, textOf, textsOf } from './source.ts';

/** A rule file as it was found; `file` is used in problems only. */
export interface RuleFile {
  readonly file: string;
  readonly text: string;
}

export interface LoadOptions {
  /** Values for `%name%` under the modifier `expand`; they win over those of the field maps. */
  readonly placeholders?: Readonly<Record<string, readonly string[]>>;
  /** More field maps, which win over the built-in ones. */
  readonly fieldMaps?: readonly FieldMap[];
}

interface Filter {
  readonly rules: readonly string[];
  readonly any: boolean;
  readonly logsource: LogSource;
  readonly expression: Expression;
  readonly file: string;
  readonly line: number;
}

/** The rules that were read, and what was wrong with the others. */
export interface LoadedRules {
  readonly rules: RuleSet;
  readonly problems: readonly RuleProblem[];
}

/**
 * Reads rules, correlations and filters (Sigma specification 2.1) from YAML texts, which are one pack: what its regular
 * expressions may cost is bounded together. What is wrong with one document is reported and the rest goes on; nothing
 * is thrown. Field names and log sources are resolved through the pipelines.
 */
export function loadRules(files: readonly RuleFile[], options: LoadOptions = {}): LoadedRules {
  return atOnce(loadingRules(files, options));
}

/**
 * The same file by file, for who must do other work meanwhile: yields how many files are read, and returns the rules.
 */
export function* loadingRules(
  files: readonly RuleFile[],
  options: LoadOptions = {},
): Generator<number, LoadedRules, void> {
  const problems: RuleProblem[] = [];
  const rules: SigmaRule[] = [];
  const drafts: DraftCorrelation[] = [];
  const filters: Filter[] = [];
  const ids = new Set<string>();
  const effort = new Effort();
  const placeholders = new Map<string, readonly Pattern[]>();
  const named = [
    options.placeholders ?? {},
    ...(options.fieldMaps ?? []).map((map) => map.placeholders ?? {}),
  ];
  for (const [name, values] of named.flatMap((each) => Object.entries(each)))
    if (!placeholders.has(name)) placeholders.set(name, values.map(parsePattern));

  for (const [index, { file, text }] of files.entries()) {
    attempt(file, undefined, () => {
      for (const document of mergeGlobals(readDocuments(text))) {
        const rule = textOf(child(document, 'id')) ?? textOf(child(document, 'title'));
        attempt(file, rule, () => readDocument(document, file));
      }
    });
    yield index + 1;
  }
  const filtered = applyFilters(rules, filters, problems);
  return { rules: resolveCorrelations(filtered, drafts, problems), problems };

  function attempt(file: string, rule: string | undefined, act: () => void): void {
    try {
      act();
    } catch (error) {
      if (!(error instanceof RuleFault)) throw error;
      report({ code: error.code, severity: 'error', file, line: error.line, message: error.message }, rule);
    }
  }

  function report(problem: RuleProblem, rule: string | undefined): void {
    problems.push(rule === undefined ? problem : { ...problem, rule });
  }

  function readDocument(document: SourceNode, file: string): void {
    if (document.kind !== 'map') throw new RuleFault('document-unknown', document.line, 'a rule is a map');
    if (child(document, 'correlation')) {
      const draft = readCorrelation(document, file, fieldResolver({}, options.fieldMaps));
      claim(draft.id, draft.line);
      drafts.push(draft);
      const condition = child(child(document, 'correlation'), 'condition');
      if (draft.type === 'value_percentile' && !child(condition, 'percentile')) {
        const message = `no \`percentile\` is given, so the median is compared`;
        report(
          { code: 'percentile-missing', severity: 'warning', file, line: draft.line, message },
          draft.id,
        );
      }
    } else if (child(document, 'filter')) filters.push(readFilter(document, file));
    else if (child(document, 'detection')) {
      const head = readHead(document, file);
      const logsource = readLogSource(document);
      const detection = child(document, 'detection')!;
      const expression = readDetection(detection, new Set(), context(logsource, file, head.id));
      effort.admit(expression, head.line);
      claim(head.id, head.line);
      const datasets = datasetsFor(logsource, options.fieldMaps);
      const mapped = datasets.length === 0 ? {} : { datasets };
      rules.push({ ...head, logsource, ...mapped, expression, reports: true });
    } else {
      throw new RuleFault(
        'document-unknown',
        document.line,
        'expected `detection`, `correlation` or `filter`',
      );
    }
  }

  function claim(id: string, line: number): void {
    if (ids.has(id))
      throw new RuleFault('id-duplicate', line, `the id ${quote(id)} is taken by an earlier rule`);
    ids.add(id);
  }

  function context(logsource: LogSource, file: string, rule: string) {
    return {
      field: fieldResolver(logsource, options.fieldMaps),
      placeholders,
      warn(code: RuleProblem['code'], line: number, message: string) {
        report({ code, severity: 'warning', file, line, message }, rule);
      },
    };
  }

  function readFilter(document: SourceNode, file: string): Filter {
    const node = child(document, 'filter')!;
    const logsource = readLogSource(document);
    const title = textOf(child(document, 'title')) ?? file;
    const listed = textsOf(child(node, 'rules'));
    // A filter that forgot or misspelt them would silence every rule of its log source.
    if (listed.length === 0)
      throw new RuleFault(
        'filter-invalid',
        node.line,
        'a filter names its `rules`; write `any` for all of them',
      );
    const expression = readDetection(node, new Set(['rules']), context(logsource, file, title));
    effort.admit(expression, node.line);
    const condition = textsOf(child(node, 'condition')).join(' ');
    if (!/\bnot\b/i.test(condition)) {
      const message =
        'the filter keeps only what its condition selects; write `not selection` to leave that out';
      report({ code: 'filter-selects', severity: 'warning', file, line: node.line, message }, title);
    }
    const any = listed.length === 1 && listed[0] === 'any';
    return { rules: listed, any, logsource, expression, file, line: node.line };
  }
}

/** The datasets of mappings whose events are of what a rule asks for. */
function datasetsFor(logsource: LogSource, maps: readonly FieldMap[] = []) {
  return maps.flatMap((map) =>
    covers(logsource, map.logsource)
      ? (map.datasets ?? []).map((dataset) => ({ dataset, logsource: map.logsource }))
      : [],
  );
}

/** A filter's condition is joined by `and` to each rule that it names and whose log source it covers (as pySigma does). */
function applyFilters(
  rules: readonly SigmaRule[],
  filters: readonly Filter[],
  problems: RuleProblem[],
): SigmaRule[] {
  const named = new Set(rules.flatMap((rule) => [rule.id, rule.name ?? rule.id]));
  for (const { rules: listed, any, file, line } of filters) {
    for (const name of any ? [] : listed.filter((reference) => !named.has(reference))) {
      const message = `the filter names ${quote(name)}, which is not among the rules`;
      problems.push({ code: 'reference-unknown', severity: 'warning', file, line, message });
    }
  }
  return rules.map((rule) => {
    const applied = filters.filter(
      (filter) =>
        (filter.any || filter.rules.includes(rule.id) || filter.rules.includes(rule.name ?? rule.id)) &&
        covers(filter.logsource, rule.logsource),
    );
    if (applied.length === 0) return rule;
    return {
      ...rule,
      expression: join('and', [rule.expression, ...applied.map((filter) => filter.expression)]),
    };
  });
}

function readLogSource(document: SourceNode): LogSource {
  const node = child(document, 'logsource');
  const names = ['product', 'category', 'service'] as const;
  const pairs = names.flatMap((name) => {
    const text = textOf(child(node, name));
    return text === undefined ? [] : [[name, text.toLowerCase()]];
  });
  if (pairs.length === 0) throw new RuleFault('field-missing', document.line, 'a rule needs a `logsource`');
  return Object.fromEntries(pairs) as LogSource;
}

/** `action: global` gives its fields to the documents after it, `action: reset` ends that (specification 1 and 2). */
function mergeGlobals(documents: readonly SourceNode[]): readonly SourceNode[] {
  let shared: SourceMap | undefined;
  return documents.flatMap((document) => {
    const action = textOf(child(document, 'action'));
    if (document.kind !== 'map' || action === undefined)
      return [shared ? mergeMaps(shared, document) : document];
    const rest = { ...document, entries: document.entries.filter((entry) => entry.key !== 'action') };
    if (action === 'global') shared = rest as SourceMap;
    else if (action === 'reset') shared = undefined;
    else return [shared ? mergeMaps(shared, rest) : rest];
    return action === 'reset' && rest.entries.length > 0 ? [rest] : [];
  });
}

function mergeMaps(base: SourceMap, over: SourceNode): SourceNode {
  if (over.kind !== 'map') return over;
  const merged = new Map(base.entries.map((entry) => [entry.key, entry]));
  for (const entry of over.entries) {
    const before = merged.get(entry.key)?.value;
    const value = before?.kind === 'map' ? mergeMaps(before, entry.value) : entry.value;
    merged.set(entry.key, { ...entry, value });
  }
  return { kind: 'map', entries: [...merged.values()], line: over.line };
}
