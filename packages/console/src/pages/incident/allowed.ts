import type { Incident } from '@kydai/contracts';

export type IncidentAct = 'open' | 'restore' | 'report' | 'close' | 'false-positive' | 'comment';

const live: readonly Incident['state'][] = ['new', 'open', 'contained', 'restored'];

/** From which states the server allows each action, the most likely next one first. */
const from: Readonly<Record<IncidentAct, readonly Incident['state'][]>> = {
  open: ['new'],
  restore: ['open', 'contained'],
  close: ['restored', 'open', 'contained'],
  comment: [...live, 'closed', 'false-positive'],
  report: [...live, 'closed'],
  'false-positive': live,
};

/** Actions that say nothing without a word of why. */
export const needsComment: ReadonlySet<IncidentAct> = new Set(['close', 'false-positive', 'comment']);

/** What can be done to an incident in its state, the most likely first. The server has the last word. */
export function actionsFor(incident: Pick<Incident, 'state' | 'times'>): readonly IncidentAct[] {
  return (Object.keys(from) as IncidentAct[]).filter(
    (action) => from[action].includes(incident.state) && !(action === 'report' && incident.times.reported),
  );
}
