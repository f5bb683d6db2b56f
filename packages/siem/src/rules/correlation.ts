import type { FieldSource } from './expression.ts';
import { readHead } from './head.ts';
import { quote, RuleFault } from './problem.ts';
import {
  type CorrelationRule,
  type CorrelationType,
  correlationTypes,
  type GroupField,
  type Requirement,
  type Threshold,
} from './rule.ts';
import { child, plainData, type SourceNode, textOf, textsOf } from './source.ts';

const units: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const keys = ['type', 'rules', 'group-by', 'timespan', 'timeframe', 'condition', 'aliases', 'generate'];
/** So many distinct values a group can tell apart. */
const mostValues = 1_000_000;
const compares = ['gt', 'gte', 'lt', 'lte', 'eq', 'neq'] as const;

/** A correlation as written: its references are names or ids that nobody has looked up. */
export interface DraftCorrelation extends CorrelationRule {
  readonly generate: boolean;
}

/** Reads a correlation document (specification 2.1, "Sigma Correlations"); throws a `RuleFault`. */
export function readCorrelation(
  document: SourceNode,
  file: string,
  field: (name: string) => FieldSource,
): DraftCorrelation {
  const head = readHead(document, file);
  const node = child(document, 'correlation')!;
  const fault = (message: string, at: SourceNode = node) =>
    new RuleFault('correlation-invalid', at.line, message);
  if (node.kind !== 'map') throw fault('a correlation is a map');
  refuseUnknown(node, keys, 'a correlation');
  const type = textOf(child(node, 'type')) as CorrelationType | undefined;
  if (!type || !correlationTypes.includes(type))
    throw fault(`${quote(type ?? '')} is not a correlation type`);
  const rules = textsOf(child(node, 'rules'));
  if (rules.length === 0) throw fault('a correlation needs `rules`');
  const timespan = readTimespan(child(node, 'timespan') ?? child(node, 'timeframe'), node);
  const temporal = type === 'temporal' || type === 'temporal_ordered';
  const conditionNode = child(node, 'condition');
  const written = conditionNode?.kind === 'scalar' ? textOf(conditionNode) : undefined;
  if (written !== undefined && !temporal) throw fault('`condition` must be a map', conditionNode);
  if (written !== undefined && type === 'temporal_ordered') {
    throw fault('`temporal_ordered` takes no condition over rules: all of them are needed', conditionNode);
  }
  refuseUnknown(conditionNode, [...compares, 'field', 'percentile'], 'a condition');
  const valueFields = textsOf(child(conditionNode, 'field')).map(field);
  if (type.startsWith('value_') && valueFields.length === 0)
    throw fault(`${quote(type)} needs \`condition.field\``);
  const thresholds = temporal && written !== undefined ? [] : readThresholds(conditionNode, fault);
  if (!temporal && thresholds.length === 0) throw fault('a correlation needs a `condition` with a number');
  if (type === 'temporal_ordered' && rules.length > 0 && !needsAll(thresholds, new Set(rules).size))
    throw fault('`temporal_ordered` needs all of its rules, and each once', conditionNode ?? node);
  if (type === 'value_count' && thresholds.some(({ value }) => value > mostValues))
    throw fault(`\`value_count\` counts up to ${mostValues} values`, conditionNode);
  const percentile = Number(textOf(child(conditionNode, 'percentile')) ?? 50);
  if (!(percentile >= 0 && percentile <= 100)) throw fault('`percentile` lies between 0 and 100');
  const generate = textOf(child(node, 'generate')) ?? textOf(child(document, 'generate'));
  return {
    ...head,
    type,
    rules,
    timespan,
    groupBy: readGroup(node, field),
    thresholds,
    valueFields,
    percentile,
    requirement: written === undefined ? undefined : readRequirement(written, conditionNode!.line),
    reports: true,
    generate: generate === 'true',
  };
}

/** A misspelt key would be a rule that means something else: `groupby` counts all together. */
function refuseUnknown(node: SourceNode | undefined, known: readonly string[], what: string): void {
  if (node?.kind !== 'map') return;
  const stranger = node.entries.find(({ key }) => !known.includes(key));
  if (stranger !== undefined) {
    const message = `${what} has no key ${quote(stranger.key)}; there are ${known.join(', ')}`;
    throw new RuleFault('correlation-invalid', stranger.line, message);
  }
}

function needsAll(thresholds: readonly Threshold[], rules: number): boolean {
  const holds = (count: number) =>
    thresholds.every(({ compare, value }) =>
      compare === 'gte' || compare === 'eq' ? count >= value : compare === 'gt' && count > value,
    );
  return thresholds.length === 0 || (holds(rules) && !holds(rules - 1));
}

/** `10s`, `5m`, `1h`, `1d`, `1w`; at most a year. Milliseconds. */
function readTimespan(node: SourceNode | undefined, parent: SourceNode): number {
  const match = /^(\d{1,6})([smhdw])$/.exec(textOf(node) ?? '');
  const span = match ? Number(match[1]) * units[match[2]!]! : 0;
  if (span <= 0 || span > 366 * 86_400_000) {
    throw new RuleFault(
      'correlation-invalid',
      (node ?? parent).line,
      '`timespan` is a number with s, m, h, d or w',
    );
  }
  return span;
}

function readThresholds(
  node: SourceNode | undefined,
  fault: (message: string) => RuleFault,
): readonly Threshold[] {
  return compares.flatMap((compare) => {
    const text = textOf(child(node, compare));
    if (text === undefined) return [];
    const value = text === '' ? Number.NaN : Number(text);
    if (!Number.isFinite(value)) throw fault(`${quote(text)} is not a number`);
    return [{ compare, value }];
  });
}

function readGroup(node: SourceNode, field: (name: string) => FieldSource): readonly GroupField[] {
  const aliases = child(node, 'aliases');
  return textsOf(child(node, 'group-by')).map((name) => {
    const alias = child(aliases, name);
    const byRule = new Map<string, FieldSource>();
    if (alias) {
      for (const [rule, target] of Object.entries(plainData(alias) ?? {}))
        byRule.set(rule, field(String(target)));
    }
    return { name, field: field(name), byRule };
  });
}

/** Rule references joined by `and`, `or`, `not` and parentheses. */
function readRequirement(text: string, line: number): Requirement {
  const tokens = text.match(/[()]|[^\s()]+/g) ?? [];
  let at = 0;
  const fault = () =>
    new RuleFault('correlation-invalid', line, `${quote(text)} is not a condition over rules`);
  if (tokens.length > 500) throw fault();
  const either = (depth: number): Requirement => {
    const children = [both(depth)];
    while (tokens[at]?.toLowerCase() === 'or') {
      at++;
      children.push(both(depth));
    }
    return children.length === 1 ? children[0]! : { kind: 'or', children };
  };
  const both = (depth: number): Requirement => {
    const children = [single(depth)];
    while (tokens[at]?.toLowerCase() === 'and') {
      at++;
      children.push(single(depth));
    }
    return children.length === 1 ? children[0]! : { kind: 'and', children };
  };
  const single = (depth: number): Requirement => {
    const token = tokens[at++];
    if (token === undefined || token === ')' || depth > 64) throw fault();
    if (token.toLowerCase() === 'not') return { kind: 'not', child: single(depth + 1) };
    if (token !== '(') return { kind: 'rule', id: token };
    const inner = either(depth + 1);
    if (tokens[at++] !== ')') throw fault();
    return inner;
  };
  const result = either(0);
  if (at < tokens.length) throw fault();
  return result;
}
