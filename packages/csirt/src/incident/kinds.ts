import { Detection, Incident, levels, PlaybookRun, recordKind } from '@kydai/contracts';
import { z } from 'zod';

/** Every detection, whether or not it made an incident. */
export const detections = recordKind<Detection>({
  name: 'detections',
  schema: Detection,
  key: (detection) => detection.id,
  indexes: {
    rule: (detection) => detection.rule.id,
    level: (detection) => levels.indexOf(detection.level),
    time: (detection) => detection.time,
    detected: (detection) => detection.detected,
    drill: (detection) => detection.drill,
  },
});

export const incidents = recordKind<Incident>({
  name: 'incidents',
  schema: Incident,
  key: (incident) => incident.id,
  indexes: {
    number: (incident) => incident.number,
    category: (incident) => incident.category,
    state: (incident) => incident.state,
    severity: (incident) => levels.indexOf(incident.severity),
    drill: (incident) => incident.drill,
    discovery: (incident) => incident.times.discovery?.at ?? 0,
  },
});

/** Playbook runs as people see them. What the executor needs beyond that is its own. */
export const runs = recordKind<PlaybookRun>({
  name: 'runs',
  schema: PlaybookRun,
  key: (run) => run.id,
  indexes: {
    incident: (run) => run.incidentId,
    playbook: (run) => run.playbookId,
    state: (run) => run.state,
    started: (run) => run.started,
    drill: (run) => run.drill,
  },
});

/**
 * A playbook that triage decided to start. It is written in triage's own commit and deleted in the executor's first,
 * so that a kill between the two loses no response.
 */
export const StartRequest = z
  .strictObject({
    key: z.string(),
    playbookId: z.string(),
    incidentId: z.string(),
    detectionId: z.string(),
    at: z.number(),
  })
  .readonly();
export type StartRequest = z.infer<typeof StartRequest>;
export const startRequests = recordKind<StartRequest>({
  name: 'start_requests',
  schema: StartRequest,
  key: (request) => request.key,
  indexes: { at: (request) => request.at },
});

/** One playbook starts once for one detection of one incident. */
export function startKey(playbookId: string, incidentId: string, detectionId: string): string {
  return `${incidentId}/${playbookId}/${detectionId}`;
}
