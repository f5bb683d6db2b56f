import type { EntityRef, StepState } from '@kydai/contracts';
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
  outcome: string,
  state: StepState = 'done',
): void {
  close(draft, thread, facts, state, outcome);
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
  outcome: string,
  state: 'failed' | 'refused' = 'failed',
): void {
  close(draft, thread, facts, state, outcome);
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
  for (const other of draft.state.threads) {
    if (other === thread || other.phase === 'ended') continue;
    if (other.phase !== 'enter' || other.invocation !== '') {
      change(draft, other.invocation, {
        state: 'skipped',
        ended: facts.now,
        outcome: 'the playbook met an exception',
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
  outcome: string,
): void {
  const step = draft.playbook.workflow[thread.at]!;
  change(draft, thread.invocation, { state, ended: facts.now, outcome });
  if (step.type !== 'action') return;
  audit(draft, facts, `step.${state}`, thread.invocation, { outcome });
  draft.story.push(said(draft, facts, 'step', `step.${state}`, { step: nameOf(draft, thread), outcome }));
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
  draft.state.threads.splice(0, threads.length, ...threads.filter(({ parent: id }) => id !== parent.id));
  if (brothers.some((brother) => brother.failed)) {
    fail(draft, parent, facts, 'a branch failed');
    return;
  }
  if (draft.playbook.workflow[parent.at]!.type === 'while-condition') parent.phase = 'enter';
  else succeed(draft, parent, facts, 'its branches are done');
}

/** Ends a run whose incident people have closed: what was still to come is skipped. */
export function stop(draft: Draft, facts: { readonly now: number }, why: string): void {
  for (const thread of draft.state.threads) {
    if (thread.phase === 'ended' || thread.invocation === '') continue;
    change(draft, thread.invocation, { state: 'skipped', ended: facts.now, outcome: why });
  }
  finish(draft, facts, 'done', why);
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
