import type { Clock, EventFilter, EventStore, RuleExplanationView } from '@kydai/contracts';
import { canFire, datasetFilter, explainRule, findRule, missingFields, type RuleSet } from '@kydai/siem';

type Plain = RuleSet['rules'][number];
type AnyRule = Plain | RuleSet['correlations'][number];

/** How far back sources are looked for, and how many events are looked at for their fields. */
const days = 7;
const sampleSize = 300;
const mostFed = 20;

/**
 * What a rule looks for, and whether the sources of the last days send it. What a correlation counts is explained
 * together: the fields of all that feeds it.
 */
export async function explainWithSources(parts: {
  readonly rules: RuleSet;
  readonly rule: AnyRule;
  readonly events: EventStore;
  readonly clock: Clock;
}): Promise<RuleExplanationView> {
  const { rules, rule, events, clock } = parts;
  const plain = 'type' in rule ? feeding(rules, rule.id).slice(0, mostFed) : [rule];
  const explained = plain.map(explainRule);
  const filter = anyOf(plain.map(datasetFilter));
  const to = clock.now() + 60_000;
  const query = { from: to - days * 86_400_000, to, ...(filter === undefined ? {} : { filter }) };
  const [counted, { events: sample }] = await Promise.all([
    events.aggregate({ ...query, by: 'dataset', top: 20 }),
    events.search({ ...query, limit: sampleSize }),
  ]);
  const carrying = (field: string) =>
    sample.filter((event) => field.startsWith('@') || (event.fields.get(field) ?? null) !== null).length;
  const fields = new Map(
    explained.flatMap(({ fields: found }) => found.map(({ name, sources }) => [name, sources])),
  );
  const carried = (field: string) => carrying(field) > 0;
  const sources = counted.map(({ value = '', count }) => ({ dataset: value, events: count }));
  const possible = plain.some(({ expression }) => canFire(expression, carried));
  return {
    rule: { id: rule.id, ...titlesOf(rule) },
    logsource: 'type' in rule ? {} : { ...rule.logsource },
    outline: 'type' in rule ? [] : [...(explained[0]?.outline ?? [])],
    correlation: 'type' in rule ? counting(rules, rule) : null,
    datasets: [...new Set(explained.flatMap(({ datasets }) => datasets))],
    fields: Array.from(fields, ([name, names]) => ({
      name,
      sources: names.map((field) => ({ field, events: carrying(field) })),
    })),
    sources,
    days,
    sampled: sample.length,
    verdict: sources.length === 0 ? 'no-events' : possible ? 'can-fire' : 'no-fields',
    missing: [...new Set(plain.flatMap(({ expression }) => missingFields(expression, carried)))],
    cost: {
      predicates: explained.reduce((sum, { cost }) => sum + cost.predicates, 0),
      indexed: explained.reduce((sum, { cost }) => sum + cost.indexed, 0),
      always: explained.some(({ cost }) => cost.always),
      wakers: [...new Set(explained.flatMap(({ cost }) => cost.wakers))].slice(0, 20),
    },
  };
}

/** The plain rules below a correlation, also those of the correlations that feed it. */
function feeding(rules: RuleSet, id: string): readonly Plain[] {
  const found = findRule(rules, id);
  if (found === undefined) return [];
  return 'type' in found ? found.rules.flatMap((each) => feeding(rules, each)) : [found];
}

function counting(rules: RuleSet, rule: RuleSet['correlations'][number]): RuleExplanationView['correlation'] {
  return {
    type: rule.type,
    timespan: rule.timespan,
    groupBy: rule.groupBy.map(({ name }) => name),
    thresholds: rule.thresholds.map(({ compare, value }) => ({ compare, value })),
    feeds: rule.rules.map((id) => {
      return { id, ...titlesOf(findRule(rules, id) ?? { title: id }) };
    }),
  };
}

/** A rule's titles as the API gives them. */
export function titlesOf({ title, titleVi }: Pick<Plain, 'title' | 'titleVi'>) {
  return { title, ...(titleVi === undefined ? {} : { title_vi: titleVi }) };
}

/** Undefined, which is all events, where one of them is. */
function anyOf(filters: readonly (EventFilter | undefined)[]): EventFilter | undefined {
  const said = filters.filter((filter) => filter !== undefined);
  if (said.length === 0 || said.length < filters.length) return undefined;
  return said.length === 1 ? said[0] : { op: 'or', filters: said };
}
