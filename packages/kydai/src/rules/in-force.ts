import { type FieldMap, loadingRules, type RuleProblem, type RuleSet } from '@kydai/siem';
import type { Content } from '../boot/content.ts';
import { atOnce } from './in-turns.ts';
import { type InstalledPack, installedPacks } from './installed.ts';

/** The rules that are in force: our own, and those of the packs in the data folder. */
export interface RulesInForce {
  readonly rules: RuleSet;
  /** Of the content folder's own rules. */
  readonly ownProblems: readonly RuleProblem[];
  /** By pack: what was left out, and why. */
  readonly packProblems: ReadonlyMap<string, readonly RuleProblem[]>;
  /** Packs whose file cannot be read. */
  readonly damaged: readonly string[];
  /** The pack of a rule by its id; undefined for our own. */
  packOf(rule: string): string | undefined;
}

/**
 * Loads the city's rules and beside them each pack by itself.
 *
 * INVARIANT: a pack adds rules and changes none: its filters and correlations reach only its own rules, and an id that
 * is taken stays with who had it first.
 */
export function rulesInForce(
  content: Pick<Content, 'rules'>,
  data: string,
  fieldMaps: readonly FieldMap[] = [],
): RulesInForce {
  return atOnce(gatherRules(content, data, fieldMaps));
}

/** The same file by file; yields how many files of one pack are read. */
export function* gatherRules(
  content: Pick<Content, 'rules'>,
  data: string,
  fieldMaps: readonly FieldMap[],
): Generator<number, RulesInForce, void> {
  const own = yield* loadingRules(content.rules, { fieldMaps });
  const { packs, damaged } = installedPacks(data);
  const taken = new Set(idsOf(own.rules));
  const origins = new Map<string, string>();
  const packProblems = new Map<string, readonly RuleProblem[]>();
  let { rules, correlations } = own.rules;
  for (const pack of packs) {
    const { loaded, problems } = yield* loadBeside(pack, taken, fieldMaps);
    for (const id of idsOf(loaded)) {
      taken.add(id);
      origins.set(id, pack.name);
    }
    rules = [...rules, ...loaded.rules];
    correlations = [...correlations, ...loaded.correlations];
    packProblems.set(pack.name, problems);
  }
  return {
    rules: { rules, correlations, size: rules.length + correlations.length },
    ownProblems: own.problems,
    packProblems,
    damaged,
    packOf: (rule) => origins.get(rule),
  };
}

function* loadBeside(pack: InstalledPack, taken: ReadonlySet<string>, fieldMaps: readonly FieldMap[]) {
  const { rules: found, problems } = yield* loadingRules(pack.files, { fieldMaps });
  const doubled: RuleProblem[] = [...found.rules, ...found.correlations]
    .filter(({ id }) => taken.has(id))
    .map(({ id, file, line }) => ({
      code: 'id-duplicate',
      severity: 'error',
      file,
      line,
      message: `the id \`${id}\` is taken by a rule that is in force already`,
      rule: id,
    }));
  const rules = found.rules.filter(({ id }) => !taken.has(id));
  const correlations = found.correlations.filter(({ id }) => !taken.has(id));
  const loaded: RuleSet = { rules, correlations, size: rules.length + correlations.length };
  return { loaded, problems: [...problems, ...doubled] };
}

function idsOf(rules: RuleSet): readonly string[] {
  return [...rules.rules, ...rules.correlations].map(({ id }) => id);
}
