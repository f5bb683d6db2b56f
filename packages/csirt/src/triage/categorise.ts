import { type Detection, levels } from '@kydai/contracts';
import type { Trigger } from '../playbook/extension.ts';
import type { Playbook } from '../playbook/load.ts';

/** The category of serious detections that no playbook answers yet. */
export const uncategorised = 'uncategorised';

/** What triage makes of one detection. */
export interface Category {
  readonly name: string;
  /** The playbook that answers the category. */
  readonly playbook?: Playbook;
  /** False where the detection may only join an incident, not open one. */
  readonly opens: boolean;
}

const tagPrefix = 'kydai.category.';

/**
 * The category of a detection: by a rule tag (`kydai.category.<category>`, or one that a playbook lists), else by rule
 * id, else by ATT&CK technique (a sub-technique counts for its technique). A category that no playbook answers makes
 * incidents for people. Without any, a detection of level high or above is `uncategorised` and a lower one has none.
 * Informational detections never open an incident.
 */
export function categorise(detection: Detection, playbooks: readonly Playbook[]): Category | undefined {
  const level = levels.indexOf(detection.level);
  const opens = level >= levels.indexOf('low');
  const answer = (test: (trigger: Trigger) => boolean): Playbook | undefined =>
    playbooks.find(({ trigger }) => trigger !== undefined && test(trigger));
  const named = detection.tags.find((tag) => tag.startsWith(tagPrefix))?.slice(tagPrefix.length);
  const playbook =
    answer(({ category }) => category === named) ??
    (named === undefined
      ? answer(({ tags }) => detection.tags.some((tag) => tags.includes(tag)))
      : undefined) ??
    answer(({ rules }) => named === undefined && (rules?.includes(detection.rule.id) ?? false)) ??
    answer(
      ({ techniques }) =>
        named === undefined &&
        detection.techniques.some((technique) =>
          (techniques ?? []).some((wanted) => technique === wanted || technique.startsWith(`${wanted}.`)),
        ),
    );
  if (playbook !== undefined) return { name: playbook.trigger!.category, playbook, opens };
  if (named !== undefined && /^[a-z][a-z0-9-]{1,62}$/.test(named)) return { name: named, opens };
  return level >= levels.indexOf('high') ? { name: uncategorised, opens } : undefined;
}

/** Whether a detection is serious enough to start the playbook. */
export function startsPlaybook(detection: Detection, playbook: Playbook): boolean {
  return (
    playbook.trigger !== undefined &&
    levels.indexOf(detection.level) >= levels.indexOf(playbook.trigger.minimum_level)
  );
}
