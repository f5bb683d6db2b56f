import type { EntityRef, RunStep, StepState } from '@kydai/contracts';
import { type Outcome, outcome } from '../contain/outcome.ts';
import { audit, change, type Draft, nameOf, said } from './draft.ts';
import type { Thread } from './state.ts';

/** Hands an effect over to be carried out. */
export function begin(
  draft: Draft,
  thread: Thread,
  facts: { readonly now: number },
  targets: readonly EntityRef[],
  deadline: number,
): void {
  thread.phase = 'effect';
  draft.state.effects[thread.invocation] = { targets: [...targets], failures: 0, deadline, since: facts.now };
}

/** The step is over and went well. */
export function succeed(
  draft: Draft,
  thread: Thread,
  facts: { readonly now: number },
  what: Outcome,
  state: StepState = 'done',
): void {
  close(draft, thread, facts, state, what);
  const step = draft.playbook.workflow[thread.at]!;
  const next = step.on_success ?? step.on_completion;
  if (next === undefined) end(draft, thread, facts, false);
  else go(thread, next, facts);
}

/**
 * The step is over and went wrong (or a person refused it): on_failure, else the playbook's exception handler
 * (section 4.1), else this branch has failed.
 */
export function fail(
  draft: Draft,
  thread: Thread,
  facts: { readonly now: number },
  what: Outcome,
  state: 'failed' | 'refused' = 'failed',
): void {
  close(draft, thread, facts, state, what);
  const { playbook } = draft;
  const next = playbook.workflow[thread.at]!.on_failure;
  if (next !== undefined) {
    go(thread, next, facts);
    return;
  }
  if (playbook.workflow_exception === undefined || draft.state.exception) {
    end(draft, thread, facts, true);
    return;
  }
  draft.state.exception = true;
  movedMisses(draft, () => true, thread.id);
  for (const other of draft.state.threads) {
    if (other === thread || other.phase === 'ended') continue;
    if (other.phase !== 'enter' || other.invocation !== '') {
      change(draft, other.invocation, {
        state: 'skipped',
        ended: facts.now,
        ...shownAs(outcome('the playbook met an exception', 'outcome.exception')),
      });
    }
    other.phase = 'ended';
  }
  thread.parent = null;
  go(thread, playbook.workflow_exception, facts);
}

function close(
  draft: Draft,
  thread: Thread,
  facts: { readonly now: number },
  state: StepState,
  what: Outcome,
): void {
  const step = draft.playbook.workflow[thread.at]!;
  change(draft, thread.invocation, { state, ended: facts.now, ...shownAs(what) });
  if (step.type !== 'action') return;
  audit(draft, facts, `step.${state}`, thread.invocation, { outcome: what.line });
  const texts = { step: nameOf(draft, thread), outcome: what.line };
  draft.story.push(said(draft, facts, 'step', `step.${state}`, texts, what.phrases));
}

/** An outcome as people see it on its step. */
export function shownAs({ line, phrases }: Outcome): Pick<RunStep, 'outcome' | 'outcomePhrases'> {
  return { outcome: line, outcomePhrases: phrases };
}

/**
 * What a branch could not contain becomes its parent's (or the exception handler's) to make up for, when the branch
 * goes up in it.
 */
function movedMisses(draft: Draft, of: (thread: number) => boolean, to: number): void {
  const { contained } = draft.state;
  if (contained.missedIn === undefined) return;
  contained.missedIn = [...new Set(contained.missedIn.map((id) => (of(id) ? to : id)))];
}

function go(thread: Thread, next: string, facts: { readonly now: number }): void {
  thread.at = next;
  thread.invocation = '';
  thread.phase = 'enter';
  thread.notBefore = facts.now;
}

export function branch(draft: Draft, thread: Thread, firsts: readonly string[]): void {
  thread.phase = 'children';
  for (const at of firsts) {
    const id = draft.state.nextThread++;
    draft.state.threads.push({
      id,
      parent: thread.id,
      at,
      invocation: '',
      phase: 'enter',
      notBefore: 0,
      failed: false,
    });
  }
}

/** A branch came to its end; when its brothers have too, the step that opened them goes on. */
export function end(draft: Draft, thread: Thread, facts: { readonly now: number }, failed: boolean): void {
  thread.phase = 'ended';
  thread.failed = failed;
  const { threads } = draft.state;
  const parent = threads.find(({ id }) => id === thread.parent);
  if (parent === undefined) {
    finish(draft, facts, failed || draft.state.exception ? 'failed' : 'done');
    return;
  }
  const brothers = threads.filter(({ parent: id }) => id === parent.id);
  if (brothers.some(({ phase }) => phase !== 'ended')) return;
  const ids = new Set(brothers.map(({ id }) => id));
  movedMisses(draft, (id) => ids.has(id), parent.id);
  draft.state.threads.splice(0, threads.length, ...threads.filter(({ parent: id }) => id !== parent.id));
  if (brothers.some((brother) => brother.failed)) {
    fail(draft, parent, facts, outcome('a branch failed', 'outcome.branch-failed'));
    return;
  }
  if (draft.playbook.workflow[parent.at]!.type === 'while-condition') parent.phase = 'enter';
  else succeed(draft, parent, facts, outcome('its branches are done', 'outcome.branches-done'));
}

/** Ends a run whose incident people have closed: what was still to come is skipped. */
export function stop(draft: Draft, facts: { readonly now: number }, why: Outcome): void {
  for (const thread of draft.state.threads) {
    if (thread.phase === 'ended' || thread.invocation === '') continue;
    change(draft, thread.invocation, { state: 'skipped', ended: facts.now, ...shownAs(why) });
  }
  finish(draft, facts, 'done', why.line);
}

export function finish(
  draft: Draft,
  facts: { readonly now: number },
  state: 'done' | 'failed',
  why?: string,
): void {
  draft.state.active = false;
  for (const thread of draft.state.threads) thread.phase = 'ended';
  draft.state.run = { ...draft.state.run, state, ended: facts.now };
  audit(draft, facts, `run.${state}`, '', { playbook: draft.state.run.playbookId, why: why ?? null });
  draft.story.push(said(draft, facts, 'run', `run.${state}`, { playbook: draft.state.run.playbookName }));
}
