import { type Outcome, outcome } from '../contain/outcome.ts';
import { actOf, contains } from '../contain/step.ts';
import { CsirtError } from '../error.ts';
import { defaultTimeout } from './advance.ts';
import { audit, change, type Draft, type Facts, miss, nameOf, said, setOutput } from './draft.ts';
import { begin, fail, shownAs, succeed } from './move.ts';
import type { Approval } from './ports.ts';
import type { Thread } from './state.ts';

/**
 * Applies a person's answer to a waiting step: an approved containment is handed over, an approved task is done, and a
 * refusal takes the step's failure path. Who may answer is decided before this is called.
 */
export function decided(draft: Draft, facts: Facts, approval: Approval): void {
  const thread = draft.state.threads.find(
    ({ invocation, phase }) => phase === 'waiting' && invocation === approval.stepId,
  );
  const step = thread && draft.playbook.workflow[thread.at];
  if (thread === undefined || step?.type !== 'action') {
    throw new CsirtError('step-not-waiting', `step \`${approval.stepId}\` does not wait for an answer`);
  }
  const { approved, by } = approval;
  const comment = approval.comment.slice(0, 4000);
  const name = nameOf(draft, thread);
  const effect = draft.state.effects[thread.invocation]!;
  change(draft, thread.invocation, { approval: { by, at: facts.now, approved, comment } });
  audit(draft, facts, approved ? 'approval.grant' : 'approval.refuse', thread.invocation, { comment }, by);
  const granted = actOf(step).kind === 'task' ? 'approval.done' : 'approval.granted';
  const code = approved ? granted : 'approval.refused';
  draft.story.push(said(draft, facts, 'approval', code, { step: name, comment }, [], by));
  if (!approved) {
    if (contains(step)) miss(draft, thread);
    fail(draft, thread, facts, answered('refused', by, comment), 'refused');
    return;
  }
  const meaning = actOf(step);
  if (meaning.kind === 'contain') {
    // The step's time begins now: the time that a person took is not the containment's.
    begin(draft, thread, facts, effect.targets, facts.now + (step.timeout ?? defaultTimeout));
    change(draft, thread.invocation, { state: 'running', ...shownAs(answered('approved', by, '')) });
    return;
  }
  setOutput(draft, thread, comment);
  if (contains(step)) confirmed(draft, thread, facts.now, by);
  succeed(draft, thread, facts, answered('done', by, comment));
}

/** `done by user:lan: comment`; people read the comment beside the approval. */
function answered(what: 'refused' | 'approved' | 'done', by: string, comment: string): Outcome {
  const line = `${what} by ${by}${comment === '' ? '' : `: ${comment}`}`;
  return outcome(line, `outcome.${what}-by`, { by: by.replace(/^user:/, '') });
}

/**
 * A person has contained by hand. It makes up for what the same branch could not contain before, as when the switch port
 * is shut because the device's certificates could not be revoked.
 */
function confirmed(draft: Draft, thread: Thread, at: number, by: string): void {
  const { contained } = draft.state;
  contained.byHand = { at, by };
  if (contained.missedIn === undefined) return;
  contained.missedIn = contained.missedIn.filter((id) => id !== thread.id);
  contained.missed = contained.missedIn.length > 0;
}
