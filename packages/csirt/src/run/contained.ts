import type { Incident, IncidentTime } from '@kydai/contracts';
import { contains } from '../contain/step.ts';
import { setTime, tell } from '../incident/change.ts';
import { reachable } from '../playbook/read.ts';
import { audit, type Draft } from './draft.ts';

/** True where a containment is under way, or still to come on the regular path of some branch. */
function containmentAhead({ state, playbook }: Draft): boolean {
  const open = state.threads.filter(({ phase }) => phase !== 'ended').map(({ at }) => at);
  for (const id of reachable(playbook, open, (property) => property !== 'on_failure')) {
    const begun = state.threads.some((thread) => thread.at === id && thread.phase !== 'ended');
    if (contains(playbook.workflow[id]!) && (begun || state.visits[id] === undefined)) return true;
  }
  return false;
}

/**
 * What the run's proofs make of its incident.
 *
 * INVARIANT: an incident is contained only when containments of the run were proven or confirmed by a person, none failed
 * or was refused without a person making up for it, and none is still to come (a person's tasks that are part of it
 * included). Its time is that of the last proof; where a person's word came later or alone, it is theirs, and of medium
 * confidence.
 */
export function contained(
  draft: Draft,
  state: Incident['state'],
  now: number,
): ((incident: Incident) => Incident) | undefined {
  const { count, at: proven, missed, said, byHand } = draft.state.contained;
  if (state !== 'new' && state !== 'open' && state !== 'contained') return undefined;
  if (said || (count === 0 && byHand === undefined) || missed || containmentAhead(draft)) return undefined;
  draft.state.contained.said = true;
  const runId = draft.state.run.id;
  const hand = byHand !== undefined && byHand.at > proven ? byHand : undefined;
  const at = hand?.at ?? proven;
  const actor = `playbook:${draft.state.run.playbookId}`;
  audit(draft, { now }, 'incident.contained', '', { at });
  return (incident) => {
    const earlier = incident.times.containmentAchieved;
    const own: IncidentTime =
      hand === undefined
        ? { at, source: `run:${runId}`, precision: 'millisecond', confidence: 'high' }
        : { at, source: hand.by, precision: 'second', confidence: 'medium' };
    const time = earlier !== undefined && earlier.at > at ? earlier : own;
    const next = setTime({ ...incident, state: 'contained' }, 'containmentAchieved', time);
    const story = { at: now, kind: 'state', actor } as const;
    return hand === undefined
      ? tell(next, { ...story, code: 'state.contained', values: { run: runId } })
      : tell(next, { ...story, code: 'state.contained-by-hand', values: { run: runId, by: hand.by } });
  };
}
