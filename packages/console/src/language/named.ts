import type {
  Detection,
  Incident,
  PlaybookRun,
  RuleDetailView,
  RuleView,
  RunStep,
  WaitingApproval,
} from '@kydai/contracts';
import { type Language, translator } from './translate.ts';
import { visible } from './visible.ts';

/** Names that data carries in both languages; the English one where there is no Vietnamese one. */
const choose = (language: Language, name: string, vi: string | undefined): string =>
  visible(filled(language === 'vi' && vi ? vi : name, language));

/** A playbook's text in which variables (CACAO 2.0 section 10.18) had no value: `__build__:value` is a word to nobody. */
export function filled(text: string, language: Language): string {
  return text.replace(/\b__\w+?__:value\b/g, `(${translator(language)('common.unknown')})`);
}

export const titleOf = (incident: Pick<Incident, 'title' | 'titleVi'>, language: Language): string =>
  choose(language, incident.title, incident.titleVi);

export const stepNameOf = (step: Pick<RunStep, 'name' | 'nameVi'>, language: Language): string =>
  choose(language, step.name, step.nameVi);

export const playbookNameOf = (
  run: Pick<PlaybookRun, 'playbookName' | 'playbookNameVi'>,
  language: Language,
): string => choose(language, run.playbookName, run.playbookNameVi);

export const ruleTitleOf = (rule: Pick<Detection['rule'], 'title' | 'titleVi'>, language: Language): string =>
  choose(language, rule.title, rule.titleVi);

/** The same of a rule as the list of rules holds it. */
export const titleOfRule = (rule: Pick<RuleView, 'title' | 'title_vi'>, language: Language): string =>
  choose(language, rule.title, rule.title_vi);

/** What the author says of a rule. */
export const wordsOfRule = (rule: RuleDetailView, language: Language): NonNullable<RuleDetailView['vi']> =>
  (language === 'vi' ? rule.vi : undefined) ?? rule;

/**
 * Why a device is quarantined: `playbook: Camera botnet` names a playbook, whose title begins that of an incident of the
 * device; a person's own words stay as they are.
 */
export function quarantineReasonOf(
  reason: string,
  incidents: readonly Pick<Incident, 'title' | 'titleVi'>[],
  language: Language,
): string {
  const [, playbook] = /^playbook: (.+)$/.exec(reason) ?? [];
  if (playbook === undefined) return visible(reason);
  const incident = incidents.find(({ title }) => title.startsWith(playbook));
  const about = incident?.title.slice(playbook.length) ?? '';
  const vi = incident?.titleVi?.endsWith(about) ? incident.titleVi : undefined;
  const named = choose(language, playbook, vi?.slice(0, vi.length - about.length));
  return translator(language)('device.byPlaybook', { playbook: named });
}

/** What a person does in a step; undefined where the playbook does not say. */
export const commandOf = (
  step: Pick<RunStep, 'command' | 'commandVi'>,
  language: Language,
): string | undefined =>
  step.command === undefined ? step.commandVi : choose(language, step.command, step.commandVi);

export const approvalNamesOf = (
  approval: Pick<WaitingApproval, 'stepName' | 'stepNameVi' | 'incidentTitle' | 'incidentTitleVi'>,
  language: Language,
): { readonly step: string; readonly incident: string } => ({
  step: choose(language, approval.stepName, approval.stepNameVi),
  incident: choose(language, approval.incidentTitle, approval.incidentTitleVi),
});

/** The names of the steps and playbooks of some runs in the reader's language, by those that their stories hold. */
export function glossary(runs: readonly PlaybookRun[], language: Language): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const run of runs) {
    // What asks for a run names the playbook by its id.
    names.set(run.playbookId, playbookNameOf(run, language));
    if (language === 'en') continue;
    if (run.playbookNameVi) names.set(run.playbookName, run.playbookNameVi);
    for (const step of run.steps) if (step.nameVi) names.set(step.name, step.nameVi);
  }
  return names;
}
