import { z } from 'zod';
import { Level } from './detection.ts';
import { EntityRef } from './entity.ts';
import { Phrase } from './phrase.ts';

/** The nine times of the STIX incident extension's time type, in the order in which they usually happen. */
export const incidentTimes = [
  'firstMaliciousAction',
  'initialCompromise',
  'firstDataExfiltration',
  'discovery',
  'opened',
  'containmentAchieved',
  'restorationAchieved',
  'reported',
  'closed',
] as const;
export const IncidentTimeName = z.enum(incidentTimes);
export type IncidentTimeName = z.infer<typeof IncidentTimeName>;

/** A time with where it came from and how far it can be trusted. */
export const IncidentTime = z
  .strictObject({
    /** Epoch milliseconds. */
    at: z.number(),
    /** What it was taken from: `event:<id>`, `detection:<id>`, `containment:<id>`, `user:<id>`, ... */
    source: z.string(),
    precision: z.enum(['millisecond', 'second', 'minute', 'hour', 'day']),
    confidence: z.enum(['low', 'medium', 'high']),
  })
  .readonly();
export type IncidentTime = z.infer<typeof IncidentTime>;

export const incidentStates = ['new', 'open', 'contained', 'restored', 'closed', 'false-positive'] as const;
export const IncidentState = z.enum(incidentStates);
export type IncidentState = z.infer<typeof IncidentState>;

/** One line of an incident's story. `code` and `values` let the console say it in the reader's language. */
export const TimelineEntry = z
  .strictObject({
    at: z.number(),
    kind: z.enum(['detection', 'state', 'run', 'step', 'approval', 'containment', 'comment', 'obligation']),
    code: z.string(),
    values: z.record(z.string(), z.string()).readonly(),
    /** Why, with what outcome or by what proof, for readers in their own language. */
    phrases: z.array(Phrase).readonly().optional(),
    /** `user:<id>`, `playbook:<id>`, `rule:<id>` or `system`. */
    actor: z.string(),
  })
  .readonly();
export type TimelineEntry = z.infer<typeof TimelineEntry>;

export const Incident = z
  .strictObject({
    /** UUIDv7. */
    id: z.string(),
    /** A short number that people say on the phone: `INC-2026-0007`. */
    number: z.string(),
    title: z.string(),
    /** The same title in Vietnamese, where the category has one. */
    titleVi: z.string().optional(),
    /** The playbook or category key that triage chose, such as `stolen-certificate`. */
    category: z.string(),
    state: IncidentState,
    severity: Level,
    drill: z.boolean(),
    entities: z.array(EntityRef).readonly(),
    detectionIds: z.array(z.string()).readonly(),
    /** How many detections were grouped; `detectionIds` holds the first 200. */
    detectionCount: z.number().int(),
    runIds: z.array(z.string()).readonly(),
    assignee: z.string().optional(),
    times: z.partialRecord(IncidentTimeName, IncidentTime).readonly(),
    timeline: z.array(TimelineEntry).readonly(),
  })
  .readonly();
export type Incident = z.infer<typeof Incident>;
