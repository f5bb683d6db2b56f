import {
  type AuditEntry,
  type Clock,
  type Incident,
  type IncidentState,
  type IncidentTimeName,
  RecordConflict,
  type RecordStore,
  type Signals,
  write,
} from '@kydai/contracts';
import { CsirtError } from '../error.ts';
import { setTimeOnce, tell } from './change.ts';
import { incidents } from './kinds.ts';

/** What people do with an incident; containment is not among them, for it needs proof. */
export const incidentActions = ['open', 'restore', 'report', 'close', 'false-positive', 'comment'] as const;
export type IncidentAction = (typeof incidentActions)[number];

interface Transition {
  readonly from: readonly IncidentState[];
  /** Absent where the state stays. */
  readonly to?: IncidentState;
  readonly time?: IncidentTimeName;
  readonly needsComment?: boolean;
}

const live: readonly IncidentState[] = ['new', 'open', 'contained', 'restored'];

/** From which states each action is allowed, the state after it, and the time that it sets. */
export const transitions: Readonly<Record<IncidentAction, Transition>> = {
  open: { from: ['new'], to: 'open', time: 'opened' },
  restore: { from: ['open', 'contained'], to: 'restored', time: 'restorationAchieved' },
  report: { from: [...live, 'closed'], time: 'reported' },
  close: { from: ['open', 'contained', 'restored'], to: 'closed', time: 'closed', needsComment: true },
  'false-positive': { from: live, to: 'false-positive', needsComment: true },
  comment: { from: [...live, 'closed', 'false-positive'], needsComment: true },
};

/** The actions that an incident's state allows, for buttons. */
export function allowedActions(incident: Incident): readonly IncidentAction[] {
  return incidentActions.filter((action) => transitions[action].from.includes(incident.state));
}

export interface IncidentActionRequest {
  readonly incidentId: string;
  readonly action: IncidentAction;
  readonly comment: string;
  /** `user:<id>`. */
  readonly by: string;
}

/**
 * The incident after a person's action. Pure. Throws `transition-refused` where its state does not allow the action, or
 * where closing, calling it a false positive or commenting comes without a word. Whoever acts first on a new incident
 * becomes its assignee.
 */
export function applyAction(
  incident: Incident,
  request: Omit<IncidentActionRequest, 'incidentId'>,
  now: number,
): Incident {
  const { action, by } = request;
  const comment = request.comment.trim().slice(0, 4000);
  const transition = transitions[action];
  if (!transition.from.includes(incident.state)) {
    throw new CsirtError(
      'transition-refused',
      `incident \`${incident.number}\` is \`${incident.state}\`; \`${action}\` needs ${transition.from.join(', ')}`,
    );
  }
  if (transition.needsComment === true && comment === '') {
    throw new CsirtError('transition-refused', `\`${action}\` needs a comment; say why`);
  }
  let next = incident;
  if (transition.time !== undefined) {
    next = setTimeOnce(next, transition.time, {
      at: now,
      source: by,
      precision: 'second',
      confidence: 'high',
    });
  }
  if (incident.assignee === undefined && action === 'open')
    next = { ...next, assignee: by.replace(/^user:/, '') };
  if (transition.to !== undefined) next = { ...next, state: transition.to };
  const values = { ...(comment === '' ? {} : { comment }), from: incident.state, to: next.state };
  const story = { at: now, values, actor: by };
  return transition.to === undefined && action === 'comment'
    ? tell(next, { ...story, kind: 'comment', code: 'comment' })
    : tell(next, { ...story, kind: action === 'report' ? 'obligation' : 'state', code: `action.${action}` });
}

/** Applies the action to the stored incident, with its audit entry in the same commit, and publishes the change. */
export async function actOnIncident(
  ports: { readonly records: RecordStore; readonly clock: Clock; readonly signals: Signals },
  request: IncidentActionRequest,
): Promise<Incident> {
  for (let turn = 0; turn < 12; turn += 1) {
    const stored = await ports.records.get(incidents, request.incidentId);
    if (stored === undefined) {
      throw new CsirtError('incident-unknown', `there is no incident \`${request.incidentId}\``);
    }
    const now = ports.clock.now();
    const incident = applyAction(stored.value, request, now);
    const entry: AuditEntry = {
      at: now,
      actor: request.by,
      action: `incident.${request.action}`,
      target: `incident:${incident.id}`,
      detail: { number: incident.number, state: incident.state, comment: request.comment.slice(0, 4000) },
    };
    try {
      await ports.records.commit([write.update(incidents, incident, stored.version)], [entry]);
    } catch (error) {
      if (error instanceof RecordConflict) continue;
      throw error;
    }
    ports.signals.publish({ type: 'incident', incident });
    return incident;
  }
  throw new CsirtError('busy', 'the incident kept changing; try again');
}
