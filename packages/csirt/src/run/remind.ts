import { audit, type Draft, nameOf, said } from './draft.ts';

/**
 * Says in the incident's story which approvals have waited for `after` milliseconds since they were asked for or last
 * said, so that the next shift sees them; from `escalateAfter` on as one for the next level, once with an audit entry.
 * True where something was said.
 */
export function remind(draft: Draft, now: number, after: number, escalateAfter: number): boolean {
  let any = false;
  for (const thread of draft.state.threads) {
    const effect = draft.state.effects[thread.invocation];
    if (thread.phase !== 'waiting' || effect === undefined) continue;
    if (now - (effect.reminded ?? effect.since) < after) continue;
    const late = now - effect.since >= escalateAfter;
    const first = late && (effect.reminded === undefined || effect.reminded - effect.since < escalateAfter);
    effect.reminded = now;
    any = true;
    const minutes = String(Math.floor((now - effect.since) / 60_000));
    const texts = { step: nameOf(draft, thread), minutes, ...(late ? { escalated: 'yes' } : {}) };
    draft.story.push(said(draft, { now }, 'approval', 'approval.unanswered', texts));
    if (first) audit(draft, { now }, 'approval.escalate', thread.invocation, { minutes: Number(minutes) });
  }
  return any;
}
