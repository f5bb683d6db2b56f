import { attackNames, attackTactics } from './attack-table.ts';
import type { RuleHead, RuleSet } from './rule.ts';

/** What the rules that report cover of ATT&CK. */
export interface AttackCoverage {
  /** By technique id, in order of id. */
  readonly techniques: readonly {
    readonly technique: string;
    readonly matrix: 'enterprise' | 'ics';
    /** As ATT&CK calls it; a sub-technique goes by its technique's name. */
    readonly name: string;
    readonly rules: readonly Pick<RuleHead, 'id' | 'title' | 'titleVi' | 'level'>[];
  }[];
  /** How many rules name each tactic, such as `credential-access`. */
  readonly tactics: Readonly<Record<string, number>>;
  /** How many rules serve each incident category. */
  readonly categories: Readonly<Record<string, number>>;
  /** Ids of rules that name no technique. */
  readonly untagged: readonly string[];
}

/** The map of ATT&CK techniques to rules. Techniques of the ICS matrix have ids from T0800 to T0899. */
export function attackCoverage(rules: RuleSet): AttackCoverage {
  const techniques = new Map<string, RuleHead[]>();
  const tactics = new Map<string, number>();
  const categories = new Map<string, number>();
  const untagged: string[] = [];
  for (const rule of [...rules.rules, ...rules.correlations]) {
    if (!rule.reports) continue;
    if (rule.techniques.length === 0) untagged.push(rule.id);
    for (const technique of rule.techniques) {
      techniques.set(technique, [...(techniques.get(technique) ?? []), rule]);
    }
    for (const tag of rule.tags) {
      const tactic = /^attack\.([a-z]+(?:[-_][a-z]+)*)$/.exec(tag)?.[1]?.replaceAll('_', '-');
      if (tactic) tactics.set(tactic, (tactics.get(tactic) ?? 0) + 1);
    }
    if (rule.category) categories.set(rule.category, (categories.get(rule.category) ?? 0) + 1);
  }
  return {
    techniques: [...techniques]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([technique, covered]) => ({
        technique,
        matrix: /^T08\d\d/.test(technique) ? 'ics' : 'enterprise',
        name: names.get(technique.slice(0, 5)) ?? technique,
        rules: covered,
      })),
    tactics: Object.fromEntries([...tactics].sort()),
    categories: Object.fromEntries([...categories].sort()),
    untagged,
  };
}

const names: ReadonlyMap<string, string> = new Map(
  attackNames.split('\n').map((line) => [line.slice(0, 5), line.slice(6)]),
);

/** A column of ATT&CK: a tactic, and its techniques as the matrix names them. */
export interface AttackColumn {
  readonly matrix: 'enterprise' | 'ics';
  readonly tactic: string;
  readonly techniques: readonly { readonly technique: string; readonly name: string }[];
}

/** The matrices of ATT&CK 18.1, covered or not, column by column. */
export function attackMatrix(): readonly AttackColumn[] {
  return (['enterprise', 'ics'] as const).flatMap((matrix) =>
    Object.entries(attackTactics[matrix]).map(([tactic, ids]) => ({
      matrix,
      tactic,
      techniques: ids.split(' ').map((technique) => ({ technique, name: names.get(technique)! })),
    })),
  );
}
