import type { Detection, Event } from '@kydai/contracts';
import type { CorrelationRule, EntityField, RuleHead, SigmaRule } from '../rules/rule.ts';
import type { Match } from './correlator.ts';
import { detectionId } from './detection-id.ts';
import { EntityList } from './entities.ts';

/** What is found where a rule holds of an event. `detected` is the time of now. */
export function plainDetection(
  rule: SigmaRule,
  event: Event,
  fields: readonly EntityField[],
  detected: number,
): Detection {
  const entities = new EntityList();
  entities.addFields(event, rule.entities ?? fields);
  return {
    ...commonParts(rule),
    id: detectionId(event.received, rule.id, event.id),
    time: event.time,
    firstEventTime: event.time,
    detected,
    eventIds: [event.id],
    eventCount: 1,
    entities: entities.toArray(),
    drill: isDrill(event),
  };
}

/** What is found where a correlation is satisfied. `detected` is the time of now. */
export function correlatedDetection(
  rule: CorrelationRule,
  match: Match,
  defaultFields: readonly EntityField[],
  detected: number,
): Detection {
  const fields = rule.entities ?? defaultFields;
  const typeOf = new Map(fields.map(({ field, type }) => [field, type]));
  const entities = new EntityList();
  for (const [field, value] of match.group) {
    const type = typeOf.get(field);
    if (type) entities.add(type, value);
  }
  const counted = rule.valueFields.length === 1 ? typeOf.get(rule.valueFields[0]!.name) : undefined;
  if (counted) entities.add(counted, match.values);
  if (match.event) entities.addFields(match.event, fields);
  const group = Object.fromEntries(match.group);
  return {
    ...commonParts(rule),
    id: detectionId(
      match.event?.received ?? match.time,
      rule.id,
      match.event?.id ?? '',
      JSON.stringify(group),
    ),
    time: match.event?.time ?? match.time,
    firstEventTime: match.first,
    detected,
    eventIds: match.ids,
    eventCount: match.count,
    entities: entities.toArray(),
    group,
    drill: match.event ? isDrill(match.event) : false,
  };
}

type CommonParts = Pick<Detection, 'rule' | 'level' | 'techniques' | 'tags'>;
const common = new WeakMap<RuleHead, CommonParts>();

/** What all detections of a rule share, made once. */
function commonParts(rule: RuleHead): CommonParts {
  const known = common.get(rule);
  if (known !== undefined) return known;
  const made = {
    rule: {
      id: rule.id,
      title: rule.title,
      ...(rule.titleVi === undefined ? {} : { titleVi: rule.titleVi }),
    },
    level: rule.level,
    techniques: rule.techniques,
    tags: rule.tags,
  };
  common.set(rule, made);
  return made;
}

function isDrill(event: Event): boolean {
  const mark = event.fields.get('kydai.drill');
  return mark === true || mark === 'true';
}
