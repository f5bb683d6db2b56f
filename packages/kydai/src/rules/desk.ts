import type {
  Clock,
  CoverageView,
  EventStore,
  HuntView,
  PackNews,
  RecordStore,
  RuleChangeBody,
  RuleDetailView,
  RuleExplanationView,
  RulesView,
  RuleView,
  Signals,
} from '@kydai/contracts';
import {
  attackCoverage,
  attackMatrix,
  type FieldMap,
  findRule,
  type RuleSet,
  type RuleTestResult,
  runRuleTests,
} from '@kydai/siem';
import type { z } from 'zod';
import type { Content } from '../boot/content.ts';
import { ShellError } from '../error.ts';
import type { DetectionStage } from '../flow/detect.ts';
import { explainWithSources, titlesOf } from './explain.ts';
import { createHunts, type HuntRequest, quarry } from './hunts.ts';
import type { RulesInForce } from './in-force.ts';
import { installedPacks, removePack } from './installed.ts';
import { listed, type RulesWanted } from './listed.ts';
import type { RuleSettings } from './settings.ts';
import { takeInPack } from './take-in.ts';
import { createRuleTallies, type Tally } from './tallies.ts';

type AnyRule = RuleSet['rules'][number] | RuleSet['correlations'][number];
type Change = z.output<typeof RuleChangeBody>;

/** What people ask about the rules in force, and what they change of them. */
export interface RuleDesk {
  /** A page of the rules whose id, title, technique or category holds the text. */
  list(wanted: RulesWanted): Promise<RulesView>;
  /** One rule with its text, its cases and what it needs to fire. @throws ShellError `not-found` */
  detail(id: string): Promise<RuleDetailView>;
  /** The same of a text that is in force nowhere. @throws ShellError `not-found`, `invalid` */
  explain(wanted: { rule?: string | undefined; text?: string | undefined }): Promise<RuleExplanationView>;
  /** Switches a rule on or off, or limits it. @throws ShellError `not-found` */
  change(id: string, change: Change, by: string): Promise<RuleDetailView>;
  coverage(): Promise<CoverageView>;
  hunt(request: HuntRequest): Promise<HuntView>;
  /** Checks or imports a pack. @throws ShellError `invalid`, `usage` */
  takeIn(pack: {
    name: string;
    bytes: Buffer;
    check: boolean;
    onProgress: (news: Extract<PackNews, { type: 'progress' }>) => void;
  }): Promise<Extract<PackNews, { type: 'done' }>>;
  /** @throws ShellError `not-found` */
  giveUp(pack: string): Promise<RulesInForce>;
  /** Takes up what changed in the data folder. */
  reload(): Promise<RulesInForce>;
}

export function openRuleDesk(parts: {
  readonly content: Content;
  readonly data: string;
  readonly detection: Pick<DetectionStage, 'inForce' | 'suppressed' | 'reload' | 'apply' | 'fieldMaps'>;
  readonly settings: RuleSettings;
  readonly records: RecordStore;
  readonly signals: Signals;
  readonly events: EventStore;
  readonly clock: Clock;
  readonly zone: string;
}): RuleDesk {
  const { content, data, detection, settings, events, clock, zone } = parts;
  const { fieldMaps } = detection;
  const tallies = createRuleTallies(parts);
  const hunts = createHunts({ events, clock, inForce: () => detection.inForce.rules, fieldMaps, zone });
  let tests: ReadonlyMap<string, readonly RuleTestResult[]> | undefined;
  const casesOf = (id: string) => {
    tests ??= casesByRule(content, fieldMaps);
    return tests.get(id);
  };

  const viewOf = (rule: AnyRule, tally: Tally | undefined): RuleView => ({
    ...headOf(rule),
    pack: detection.inForce.packOf(rule.id) ?? null,
    ...(tally ?? { fired: 0, lastFired: null }),
    suppressed: detection.suppressed()[rule.id] ?? 0,
    tests: countsOf(casesOf(rule.id)),
    enabled: settings.of(rule.id)?.enabled ?? true,
    throttle: settings.of(rule.id)?.throttle ?? null,
  });
  const known = (id: string): AnyRule => {
    const rule = findRule(detection.inForce.rules, id);
    if (rule === undefined)
      throw new ShellError('not-found', `no rule in force is called \`${id.slice(0, 200)}\``);
    return rule;
  };
  const explained = (rules: RuleSet, rule: AnyRule) => explainWithSources({ rules, rule, events, clock });

  const detail = async (id: string): Promise<RuleDetailView> => {
    const rule = known(id);
    const [tally, daily, explanation] = await Promise.all([
      tallies.of([rule.id]),
      tallies.daily(rule.id, 30),
      explained(detection.inForce.rules, rule),
    ]);
    const { rules: own, ...defaults } = settings.limits();
    const limits = { ...defaults, ...own?.get(rule.id) };
    const setting = settings.of(rule.id);
    return {
      ...viewOf(rule, tally.get(rule.id)),
      ...wordsOf(rule.description, rule.falsePositives),
      ...(rule.descriptionVi === undefined ? {} : { vi: wordsOf(rule.descriptionVi, rule.falsePositivesVi) }),
      tags: [...rule.tags],
      file: rule.file,
      text: textOf(rule),
      explanation,
      cases: (casesOf(rule.id) ?? []).map(({ name, fires, fired, passed, events: given }) => ({
        name,
        fires,
        fired,
        passed,
        events: [...given],
      })),
      daily: [...daily],
      limits: {
        perSource: limits.perSource,
        perRule: limits.perRule,
        windowSeconds: limits.window / 1000,
      },
      changed: setting === undefined ? null : { by: setting.by, at: setting.at, reason: setting.reason },
    };
  };

  const textOf = (rule: AnyRule): string => {
    const pack = detection.inForce.packOf(rule.id);
    const files =
      pack === undefined
        ? content.rules
        : (installedPacks(data).packs.find(({ name }) => name === pack)?.files ?? []);
    return files.find(({ file }) => file === rule.file)?.text ?? '';
  };

  return {
    async list(wanted) {
      const { rules, packOf, packProblems } = detection.inForce;
      const all: readonly AnyRule[] = [...rules.rules, ...rules.correlations];
      const found = await listed(all, wanted, {
        packOf,
        tallies,
        suppressed: detection.suppressed(),
        settingOf: (id) => settings.of(id),
        testsOf: (id) => countsOf(casesOf(id)),
      });
      const page = found.slice(wanted.offset, wanted.offset + wanted.limit);
      const tally = await tallies.of(page.map(({ id }) => id));
      const packs = Array.from(packProblems, ([name, problems]) => ({
        name,
        rules: all.filter(({ id }) => packOf(id) === name).length,
        errors: problems.filter(({ severity }) => severity === 'error').length,
        warnings: problems.filter(({ severity }) => severity === 'warning').length,
      }));
      return { items: page.map((rule) => viewOf(rule, tally.get(rule.id))), total: found.length, packs };
    },
    detail,
    async explain(wanted) {
      const { rules, target } = quarry(wanted, () => detection.inForce.rules, fieldMaps);
      return explained(rules, target);
    },
    async change(id, change, by) {
      const rule = known(id);
      await settings.change({ rule: rule.id, ...change, by });
      await detection.apply();
      return detail(rule.id);
    },
    coverage: async () => coverageOf(detection.inForce.rules, await tallies.fired()),
    hunt: hunts,
    async takeIn({ name, bytes, check, onProgress }) {
      const taken = await takeInPack({ data, name, bytes, check, fieldMaps, onProgress });
      const inForce = check ? null : (await detection.reload()).rules.size;
      return { type: 'done', ...taken, inForce };
    },
    async giveUp(pack) {
      if (!removePack(data, pack))
        throw new ShellError('not-found', `no imported pack is called \`${pack.slice(0, 100)}\``);
      return detection.reload();
    },
    reload: () => detection.reload(),
  };
}

/** The map of ATT&CK as the console and the command line show it. */
export function coverageOf(rules: RuleSet, fired: ReadonlyMap<string, Tally> = new Map()): CoverageView {
  const { techniques, tactics, categories, untagged } = attackCoverage(rules);
  return {
    techniques: techniques.map(({ technique, name, matrix, rules: covering }) => ({
      technique,
      name,
      matrix,
      fired: covering.reduce((sum, { id }) => sum + (fired.get(id)?.fired ?? 0), 0),
      count: covering.length,
      rules: covering.slice(0, 50).map((rule) => ({ id: rule.id, ...titlesOf(rule), level: rule.level })),
    })),
    matrix: attackMatrix().map(({ matrix, tactic, techniques: named }) => ({
      matrix,
      tactic,
      techniques: [...named],
    })),
    tactics: { ...tactics },
    categories: { ...categories },
    untagged: untagged.length,
  };
}

function headOf(rule: AnyRule) {
  const { id, level, status, techniques, category } = rule;
  return {
    id,
    ...titlesOf(rule),
    kind: 'type' in rule ? ('correlation' as const) : ('rule' as const),
    level,
    status,
    techniques: [...techniques],
    ...(category === undefined ? {} : { category }),
  };
}

/** `Known gaps: ...` is written at the end of a description of ours, `Điểm mù đã biết: ...` of a Vietnamese one. */
function wordsOf(text: string, falsePositives: readonly string[]) {
  const [description = '', gaps] = text.split(/(?:Known gaps|Điểm mù đã biết):/);
  return {
    description: description.trim(),
    knownGaps: gaps?.trim() ?? null,
    falsePositives: [...falsePositives],
  };
}

/** Runs the cases in our own rules' files: half a second, once. */
function casesByRule(
  content: Content,
  fieldMaps: readonly FieldMap[],
): ReadonlyMap<string, readonly RuleTestResult[]> {
  const cases = new Map<string, RuleTestResult[]>();
  for (const result of runRuleTests(content.rules, { fieldMaps }).results) {
    cases.set(result.rule, [...(cases.get(result.rule) ?? []), result]);
  }
  return cases;
}

function countsOf(cases: readonly RuleTestResult[] | undefined): RuleView['tests'] {
  if (cases === undefined) return null;
  const firing = cases.filter(({ fires }) => fires).length;
  return { firing, quiet: cases.length - firing, passed: cases.every(({ passed }) => passed) };
}
