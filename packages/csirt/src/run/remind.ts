import { type Draft, nameOf, said } from './draft.ts';

/**
 * Says in the incident's story which approvals have waited for `after` milliseconds since they were asked for or last
 * said, so that the next shift sees them. True where something was said.
 */
export function remind(draft: Draft, now: number, after: number): boolean {
  let any = false;
  for (const thread of draft.state.threads) {
    const effect = draft.state.effects[thread.invocation];
    if (thread.phase !== 'waiting' || effect === undefined) continue;
    if (now - (effect.reminded ?? effect.since) < after) continue;
    effect.reminded = now;
    any = true;
    const minutes = String(Math.floor((now - effect.since) / 60_000));
    draft.story.push(
      said(draft, { now }, 'approval', 'approval.unanswered', { step: nameOf(draft, thread), minutes }),
    );
  }
  return any;
}
