import {
  type Detection,
  type EntityRef,
  formatEntityRef,
  type Incident,
  type IncidentTime,
  levels,
  type TimelineEntry,
  uuidv7,
} from '@kydai/contracts';
import { setTime, setTimeOnce, tell } from '../incident/change.ts';
import type { Category } from './categorise.ts';

export const maximumDetectionIds = 200;
export const maximumEntities = 100;
const toldDetections = 20;
/** ATT&CK tactic Exfiltration: these say that data has left. */
const exfiltration = ['T1011', 'T1020', 'T1029', 'T1030', 'T1041', 'T1048', 'T1052', 'T1537', 'T1567'];

/** What people recognise first. */
const telling: readonly EntityRef['type'][] = ['device', 'user', 'host', 'build', 'address'];

function mostTelling(entities: readonly EntityRef[]): EntityRef | undefined {
  for (const type of telling) {
    const found = entities.find((ref) => ref.type === type);
    if (found) return found;
  }
  return entities[0];
}

/** A new incident from its first detection. */
export function openedBy(detection: Detection, category: Category, number: string, now: number): Incident {
  const title = category.playbook?.name ?? detection.rule.title;
  const titleVi =
    category.playbook === undefined ? detection.rule.titleVi : category.playbook.trigger?.title_vi;
  const subject = mostTelling(detection.entities);
  const about = subject === undefined ? '' : `: ${subject.id}`;
  return joinedBy(
    {
      id: uuidv7(now),
      number,
      title: title + about,
      ...(titleVi === undefined ? {} : { titleVi: titleVi + about }),
      category: category.name,
      state: 'new',
      severity: detection.level,
      drill: detection.drill,
      entities: [],
      detectionIds: [],
      detectionCount: 0,
      runIds: [],
      times: {},
      timeline: [],
    },
    detection,
  );
}

/**
 * The incident with one more detection: entities and severity grow, the times of the first malicious action and of the
 * discovery move to the earliest.
 */
export function joinedBy(incident: Incident, detection: Detection): Incident {
  const known = new Set(incident.entities.map(formatEntityRef));
  const added: EntityRef[] = [];
  for (const ref of detection.entities) {
    if (known.size < maximumEntities && !known.has(formatEntityRef(ref))) {
      known.add(formatEntityRef(ref));
      added.push(ref);
    }
  }
  const raised = levels.indexOf(detection.level) > levels.indexOf(incident.severity);
  const story: TimelineEntry[] = [];
  if (incident.detectionCount < toldDetections || raised || added.length > 0) {
    story.push({
      at: detection.detected,
      kind: 'detection',
      code: 'detection',
      values: {
        rule: detection.rule.title,
        ...(detection.rule.titleVi === undefined ? {} : { ruleVi: detection.rule.titleVi }),
        level: detection.level,
        detection: detection.id,
      },
      actor: `rule:${detection.rule.id}`,
    });
  }
  if (raised) {
    story.push({
      at: detection.detected,
      kind: 'state',
      code: 'severity.raised',
      values: { from: incident.severity, to: detection.level },
      actor: 'system',
    });
  }
  const next: Incident = {
    ...incident,
    severity: raised ? detection.level : incident.severity,
    entities: [...incident.entities, ...added],
    detectionIds:
      incident.detectionIds.length < maximumDetectionIds
        ? [...incident.detectionIds, detection.id]
        : incident.detectionIds,
    detectionCount: incident.detectionCount + 1,
  };
  return tell(timed(next, detection), ...story);
}

function timed(incident: Incident, detection: Detection): Incident {
  let next = incident;
  const first = firstEvent(detection);
  if (next.times.firstMaliciousAction === undefined || first.at < next.times.firstMaliciousAction.at) {
    next = setTime(next, 'firstMaliciousAction', first);
  }
  if (next.times.discovery === undefined || detection.detected < next.times.discovery.at) {
    next = setTime(next, 'discovery', {
      at: detection.detected,
      source: `detection:${detection.id}`,
      precision: 'millisecond',
      confidence: 'high',
    });
  }
  if (detection.techniques.some((id) => exfiltration.includes(id.slice(0, 5)))) {
    next = setTimeOnce(next, 'firstDataExfiltration', { ...first, confidence: 'low' });
  }
  return next;
}

/**
 * The earliest event's time, by the source's clock: to the second where the source gave no more (RFC 3164), and of low
 * confidence where that clock runs ahead of ours.
 */
function firstEvent(detection: Detection): IncidentTime {
  const event = detection.eventIds[0];
  return {
    at: detection.firstEventTime,
    source: event === undefined ? `detection:${detection.id}` : `event:${event}`,
    precision: detection.firstEventTime % 1000 === 0 ? 'second' : 'millisecond',
    confidence: detection.firstEventTime > detection.detected ? 'low' : 'medium',
  };
}
