import type {
  Clock,
  CoverageView,
  EventStore,
  HuntView,
  RecordStore,
  RulesView,
  RuleView,
  Signals,
} from '@kydai/contracts';
import { attackCoverage, type RuleSet, runRuleTests } from '@kydai/siem';
import type { Content } from '../boot/content.ts';
import type { DetectionStage } from '../flow/detect.ts';
import { createHunts, type HuntRequest } from './hunts.ts';
import type { RulesInForce } from './in-force.ts';
import { createRuleTallies } from './tallies.ts';

type AnyRule = RuleSet['rules'][number] | RuleSet['correlations'][number];

/** What people ask about the rules in force. */
export interface RuleDesk {
  /** A page of the rules whose id, title, technique or category holds the text. */
  list(wanted: { q: string; pack?: string | undefined; limit: number; offset: number }): Promise<RulesView>;
  coverage(): CoverageView;
  hunt(request: HuntRequest): Promise<HuntView>;
  /** Takes up what changed in the data folder. */
  reload(): RulesInForce;
}

export function openRuleDesk(parts: {
  readonly content: Content;
  readonly detection: Pick<DetectionStage, 'inForce' | 'suppressed' | 'reload'>;
  readonly records: RecordStore;
  readonly signals: Signals;
  readonly events: EventStore;
  readonly clock: Clock;
}): RuleDesk {
  const { content, detection } = parts;
  const tallies = createRuleTallies(parts);
  const hunts = createHunts({ ...parts, inForce: () => detection.inForce.rules });
  let tests: ReturnType<typeof casesByRule> | undefined;

  return {
    async list({ q, pack, limit, offset }) {
      const { rules, packOf, packProblems } = detection.inForce;
      const all: readonly AnyRule[] = [...rules.rules, ...rules.correlations];
      const text = q.trim().toLowerCase();
      const found = all.filter(
        (rule) =>
          rule.reports &&
          (pack === undefined || (packOf(rule.id) ?? '') === pack) &&
          (text === '' || searchable(rule).includes(text)),
      );
      const page = found.slice(offset, offset + limit);
      const tally = await tallies.of(page.map(({ id }) => id));
      const suppressed = detection.suppressed();
      tests ??= casesByRule(content);
      const items = page.map(
        (rule): RuleView => ({
          ...headOf(rule),
          pack: packOf(rule.id) ?? null,
          ...(tally.get(rule.id) ?? { fired: 0, lastFired: null }),
          suppressed: suppressed[rule.id] ?? 0,
          tests: tests?.get(rule.id) ?? null,
        }),
      );
      const packs = Array.from(packProblems, ([name, problems]) => ({
        name,
        rules: all.filter(({ id }) => packOf(id) === name).length,
        errors: problems.filter(({ severity }) => severity === 'error').length,
        warnings: problems.filter(({ severity }) => severity === 'warning').length,
      }));
      return { items, total: found.length, packs };
    },
    coverage: () => coverageOf(detection.inForce.rules),
    hunt: hunts,
    reload: () => detection.reload(),
  };
}

/** The map of ATT&CK as the console and the command line show it. */
export function coverageOf(rules: RuleSet): CoverageView {
  const { techniques, tactics, categories, untagged } = attackCoverage(rules);
  return {
    techniques: techniques.map(({ technique, matrix, rules: named }) => ({
      technique,
      matrix,
      count: named.length,
      rules: named.slice(0, 50),
    })),
    tactics: { ...tactics },
    categories: { ...categories },
    untagged: untagged.length,
  };
}

function headOf(rule: AnyRule) {
  const { id, title, titleVi, level, status, techniques, category } = rule;
  return {
    id,
    title,
    ...(titleVi === undefined ? {} : { title_vi: titleVi }),
    kind: 'type' in rule ? ('correlation' as const) : ('rule' as const),
    level,
    status,
    techniques: [...techniques],
    ...(category === undefined ? {} : { category }),
  };
}

function searchable({ id, title, titleVi = '', techniques, category = '' }: AnyRule): string {
  return `${id} ${title} ${titleVi} ${techniques.join(' ')} ${category}`.toLowerCase();
}

/** Runs the cases in our own rules' files: half a second, once. */
function casesByRule(content: Content) {
  const cases = new Map<string, { firing: number; quiet: number; passed: boolean }>();
  for (const { rule, fires, passed } of runRuleTests(content.rules).results) {
    const counts = cases.get(rule) ?? { firing: 0, quiet: 0, passed: true };
    cases.set(rule, {
      firing: counts.firing + (fires ? 1 : 0),
      quiet: counts.quiet + (fires ? 0 : 1),
      passed: counts.passed && passed,
    });
  }
  return cases;
}
