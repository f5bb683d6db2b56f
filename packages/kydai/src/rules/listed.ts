import { type Level, levels, type RuleView } from '@kydai/contracts';
import type { RuleSet } from '@kydai/siem';
import { plainLetters } from './plain-letters.ts';
import type { RuleSettings } from './settings.ts';
import type { RuleTallies, Tally } from './tallies.ts';

type AnyRule = RuleSet['rules'][number] | RuleSet['correlations'][number];

export const ruleOrders = ['given', '-fired', '-suppressed', '-last', '-level', 'title'] as const;
export const ruleStandings = ['on', 'off', 'limited', 'never-fired', 'failing'] as const;

/** Which rules to list, in which order, and which page of them. */
export interface RulesWanted {
  /** Words of the id, the titles, the techniques and the category. */
  readonly q: string;
  /** Of this pack; empty for our own. */
  readonly pack?: string | undefined;
  /** Of this level or above. */
  readonly level?: Level | undefined;
  readonly state?: (typeof ruleStandings)[number] | undefined;
  readonly order?: (typeof ruleOrders)[number] | undefined;
  readonly limit: number;
  readonly offset: number;
}

interface Known {
  readonly packOf: (id: string) => string | undefined;
  readonly tallies: Pick<RuleTallies, 'of' | 'fired'>;
  readonly suppressed: Readonly<Record<string, number>>;
  readonly settingOf: RuleSettings['of'];
  readonly testsOf: (id: string) => RuleView['tests'];
}

/** The rules that report and are wanted, in the order that is wanted; of those all pages. */
export async function listed(
  all: readonly AnyRule[],
  { q, pack, level, state, order = 'given' }: RulesWanted,
  known: Known,
): Promise<readonly AnyRule[]> {
  const text = plainLetters(q.trim());
  const least = level === undefined ? 0 : levels.indexOf(level);
  const found = all.filter(
    (rule) =>
      rule.reports &&
      (pack === undefined || (known.packOf(rule.id) ?? '') === pack) &&
      levels.indexOf(rule.level) >= least &&
      (text === '' || searchable(rule).includes(text)),
  );
  const standing = state === undefined ? found : await inState(found, state, known);
  return order === 'given' ? standing : sortedBy(standing, order, known);
}

async function inState(
  rules: readonly AnyRule[],
  state: (typeof ruleStandings)[number],
  { tallies, settingOf, testsOf }: Known,
): Promise<readonly AnyRule[]> {
  if (state === 'never-fired') {
    const tally = await tallies.of(rules.map(({ id }) => id));
    return rules.filter(({ id }) => (tally.get(id)?.fired ?? 0) === 0);
  }
  return rules.filter(({ id }) => {
    if (state === 'failing') return testsOf(id)?.passed === false;
    if (state === 'limited') return (settingOf(id)?.throttle ?? null) !== null;
    return (settingOf(id)?.enabled ?? true) === (state === 'on');
  });
}

async function sortedBy(
  rules: readonly AnyRule[],
  order: Exclude<(typeof ruleOrders)[number], 'given'>,
  { tallies, suppressed }: Known,
): Promise<readonly AnyRule[]> {
  if (order === 'title') return rules.toSorted((one, other) => one.title.localeCompare(other.title));
  const needsTally = order === '-fired' || order === '-last';
  const tally: ReadonlyMap<string, Tally> = needsTally ? await tallies.fired() : new Map();
  const weight = ({ id, level }: AnyRule): number => {
    if (order === '-level') return levels.indexOf(level);
    if (order === '-suppressed') return suppressed[id] ?? 0;
    return (order === '-fired' ? tally.get(id)?.fired : tally.get(id)?.lastFired) ?? 0;
  };
  return rules.toSorted((one, other) => weight(other) - weight(one));
}

function searchable({ id, title, titleVi = '', techniques, category = '' }: AnyRule): string {
  return plainLetters(`${id} ${title} ${titleVi} ${techniques.join(' ')} ${category}`);
}
