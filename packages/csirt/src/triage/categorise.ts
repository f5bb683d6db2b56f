import { type Detection, levels } from '@kydai/contracts';
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

/**
 * The category of a detection: by a rule tag (`kydai.<category>` or one that the playbook lists), else by rule id, else
 * by ATT&CK technique (a sub-technique counts for its technique). Without any, a detection of level high or above is
 * `uncategorised` and a lower one has none. Informational detections never open an incident.
 */
export function categorise(detection: Detection, playbooks: readonly Playbook[]): Category | undefined {
  const answering = playbooks.filter((playbook) => playbook.trigger !== undefined);
  const has = (playbook: Playbook, test: (trigger: NonNullable<Playbook['trigger']>) => boolean): boolean =>
    test(playbook.trigger!);
  const playbook =
    answering.find((it) =>
      has(it, ({ category, tags }) =>
        detection.tags.some((tag) => tag === `kydai.${category}` || tags.includes(tag)),
      ),
    ) ??
    answering.find((it) => has(it, ({ rules }) => rules?.includes(detection.rule.id) ?? false)) ??
    answering.find((it) =>
      has(it, ({ techniques }) =>
        detection.techniques.some((technique) =>
          (techniques ?? []).some((wanted) => technique === wanted || technique.startsWith(`${wanted}.`)),
        ),
      ),
    );
  const level = levels.indexOf(detection.level);
  if (playbook !== undefined) {
    return { name: playbook.trigger!.category, playbook, opens: level >= levels.indexOf('low') };
  }
  return level >= levels.indexOf('high') ? { name: uncategorised, opens: true } : undefined;
}

/** Whether a detection is serious enough to start the playbook. */
export function startsPlaybook(detection: Detection, playbook: Playbook): boolean {
  return (
    playbook.trigger !== undefined &&
    levels.indexOf(detection.level) >= levels.indexOf(playbook.trigger.minimum_level)
  );
}
