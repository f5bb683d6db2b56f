import type { CoverageView, RuleExplanationView } from '@kydai/contracts';
import { explainRule, findRule, type RuleSet } from '@kydai/siem';
import { columns, type Output, styled } from '../output.ts';

type AnyRule = RuleSet['rules'][number] | RuleSet['correlations'][number];

/** A rule in words; `view` adds what the running program knows of its sources. */
export function printExplanation(
  output: Output,
  rules: RuleSet,
  rule: AnyRule,
  view: RuleExplanationView | undefined,
): void {
  output.write(`${styled(output, 'bold', rule.title)}  ${rule.level}  ${rule.id}\n`);
  if ('type' in rule) {
    const by = rule.groupBy.map((field) => field.name).join(', ');
    output.write(`\ncounts ${rule.type} within ${rule.timespan / 1000} s${by === '' ? '' : ` by ${by}`}\n`);
    for (const { compare, value } of rule.thresholds) output.write(`  ${compare} ${value}\n`);
    const feeds = rule.rules.map((id) => `  ${id}  ${findRule(rules, id)?.title ?? ''}\n`);
    output.write(`fed by\n${feeds.join('')}`);
    if (view !== undefined) printSources(output, view);
    return;
  }
  const { outline, datasets, fields, cost } = explainRule(rule);
  const source = Object.entries(rule.logsource).map(([key, value]) => `${key} ${value}`);
  output.write(`\nlog source  ${source.join(', ')}\n`);
  output.write(`datasets    ${datasets.length === 0 ? 'all' : datasets.join(', ')}\n\nmatches\n`);
  output.write(outline.map((line) => `  ${line}\n`).join(''));
  output.write('\nfields\n');
  const carrying = new Map(
    view?.fields.flatMap((field) => field.sources.map((each) => [each.field, each.events])),
  );
  const told = (field: string) => (carrying.get(field) ? styled(output, 'green', `${field} ✓`) : field);
  output.write(columns(fields.map((field) => [`  ${field.name}`, field.sources.map(told).join(', ')])));
  if (view !== undefined) printSources(output, view);
  const woken = cost.always
    ? 'tried on every event of its datasets'
    : `tried where one of these is seen: ${cost.wakers.join(' ')}`;
  output.write(`\ncost        ${cost.predicates} questions, ${cost.indexed} by the index; ${woken}\n`);
}

function printSources(
  output: Output,
  { sources, days, sampled, verdict, missing }: RuleExplanationView,
): void {
  output.write(`\nsources of the last ${days} days\n`);
  output.write(
    sources.length === 0
      ? '  none\n'
      : columns(sources.map(({ dataset, events }) => [`  ${dataset}`, `${events} events`])),
  );
  const lacking =
    missing.length === 0 ? '' : `; none of the newest ${sampled} events carries ${missing.join(', ')}`;
  const words = {
    'can-fire': styled(output, 'green', 'can fire') + lacking,
    'no-events': `${styled(output, 'yellow', 'cannot fire')}: no source sends such events`,
    'no-fields': styled(output, 'yellow', 'cannot fire') + lacking,
  };
  output.write(`\nverdict     ${words[verdict]}\n`);
}

const shades = ' ░▒▓█';

/** A line for each tactic: a square for each of its techniques, darker with more rules. */
export function printCoverage(output: Output, map: CoverageView, techniques: boolean): void {
  const rules = new Map<string, number>();
  for (const { technique, count } of map.techniques) {
    const id = technique.slice(0, 5);
    rules.set(id, (rules.get(id) ?? 0) + count);
  }
  if (techniques) {
    const rows = map.techniques.map(({ technique, name, matrix, count, rules: named }) => {
      const first = named[0]?.title ?? '';
      return [technique, matrix, name, String(count), count > 1 ? `${first}, …` : first];
    });
    output.write(columns(rows));
  } else {
    for (const matrix of ['enterprise', 'ics'] as const) {
      output.write(`${styled(output, 'bold', matrix === 'ics' ? 'ATT&CK for ICS' : 'ATT&CK Enterprise')}\n`);
      const rows = map.matrix
        .filter((column) => column.matrix === matrix)
        .map(({ tactic, techniques: named }) => {
          const counts = named.map(({ technique }) => rules.get(technique) ?? 0);
          const covered = counts.filter((count) => count > 0).length;
          const squares = counts.toSorted((one, other) => other - one).map(shadeOf);
          return [`  ${tactic}`, `${covered} of ${named.length}`, `▕${squares.join('')}▏`];
        });
      output.write(`${columns(rows)}\n`);
    }
  }
  const covered = new Set(map.techniques.map(({ technique }) => technique.slice(0, 5))).size;
  const untagged = map.untagged === 0 ? '' : `; ${map.untagged} rules name none`;
  output.write(
    `${map.techniques.length} techniques and sub-techniques of ${covered} techniques${untagged}\n`,
  );
}

function shadeOf(count: number): string {
  return shades[count === 0 ? 0 : Math.min(4, Math.ceil(Math.log2(count + 1)))]!;
}
