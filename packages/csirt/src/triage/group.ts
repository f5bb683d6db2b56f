import { type Detection, type EntityRef, formatEntityRef, recordKind } from '@kydai/contracts';
import { z } from 'zod';
import type { Category } from './categorise.ts';

/**
 * The key under which detections of one category and one entity find their incident. A record and not an index over
 * incidents, so that two processes that open an incident for the same thing at the same moment conflict.
 */
export const TriageGroup = z
  .strictObject({
    key: z.string(),
    incidentId: z.string(),
    /** Time of the newest detection under this key. */
    last: z.number(),
  })
  .readonly();
export type TriageGroup = z.infer<typeof TriageGroup>;
export const triageGroups = recordKind<TriageGroup>({
  name: 'triage_groups',
  schema: TriageGroup,
  key: (group) => group.key,
  indexes: { last: (group) => group.last, incident: (group) => group.incidentId },
});

/** Too general to say that two detections are about the same thing. */
const general = new Set<EntityRef['type']>(['zone', 'service', 'playbook']);
const maximumKeys = 20;

/** The group keys of a detection, at most 20; a detection without a usable entity groups by its rule. */
export function groupKeys(detection: Detection, category: Category): readonly string[] {
  const wanted = category.playbook?.trigger?.group_by;
  const prefix = `${category.name}|${detection.drill ? 'drill' : 'live'}|`;
  const of = (test: (ref: EntityRef) => boolean): string[] =>
    detection.entities.filter(test).map(formatEntityRef);
  const chosen = of(({ type }) => (wanted === undefined ? !general.has(type) : wanted.includes(type)));
  const references = chosen.length > 0 ? chosen : of(({ type }) => !general.has(type));
  const names = references.length > 0 ? references : [`rule:${detection.rule.id}`];
  return [...new Set(names)].slice(0, maximumKeys).map((name) => prefix + name);
}
