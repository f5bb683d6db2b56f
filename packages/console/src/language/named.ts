import type { Incident, PlaybookRun, RunStep } from '@kydai/contracts';
import type { Language } from './translate.ts';

/** Names that data carries in both languages; the English one where there is no Vietnamese one. */
const choose = (language: Language, name: string, vi: string | undefined): string =>
  language === 'vi' && vi ? vi : name;

export const titleOf = (incident: Pick<Incident, 'title' | 'titleVi'>, language: Language): string =>
  choose(language, incident.title, incident.titleVi);

export const stepNameOf = (step: Pick<RunStep, 'name' | 'nameVi'>, language: Language): string =>
  choose(language, step.name, step.nameVi);

export const playbookNameOf = (
  run: Pick<PlaybookRun, 'playbookName' | 'playbookNameVi'>,
  language: Language,
): string => choose(language, run.playbookName, run.playbookNameVi);

/** The Vietnamese names of the steps and playbooks of some runs, by their English names: stories hold only those. */
export function glossary(runs: readonly PlaybookRun[], language: Language): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  if (language === 'en') return names;
  for (const run of runs) {
    if (run.playbookNameVi) names.set(run.playbookName, run.playbookNameVi);
    for (const step of run.steps) if (step.nameVi) names.set(step.name, step.nameVi);
  }
  return names;
}
