import type {
  AuditEntry,
  Decide,
  EntityRef,
  Incident,
  RunStep,
  StepState,
  TimelineEntry,
} from '@kydai/contracts';
import { actOf, contains, describe, needsPerson, targetsOf, unattendedRequest } from '../contain/step.ts';
import { evaluateCondition, parseCondition } from '../playbook/condition.ts';
import { stepExtension } from '../playbook/extension.ts';
import type { StepOf, WorkflowStep } from '../playbook/schema.ts';
import { substitute } from '../playbook/variables.ts';
import type { RunState, Thread } from './state.ts';

const maximumInvocations = 500;
const maximumLoops = 100;
/** For a step that names no timeout of its own, in milliseconds. */
export const defaultTimeout = 60_000;

/** Facts that the machine decides by; all of them pure. */
export interface Facts {
  readonly now: number;
  readonly incident: Incident;
  readonly decide: Decide;
  readonly operationalTechnology: (target: EntityRef) => boolean;
}

/** A run in memory between a read and a commit: its state, and what the commit must also say. */
export interface Draft {
  readonly state: RunState;
  readonly steps: RunStep[];
  readonly audit: AuditEntry[];
  readonly story: TimelineEntry[];
}

/** Opens a state for change; the state itself is copied. */
export function draftOf(state: RunState): Draft {
  const copy = structuredClone(state);
  return { state: copy, steps: [...copy.run.steps], audit: [], story: [] };
}

/** The state to write after the change. */
export function closeDraft({ state, steps }: Draft): RunState {
  const phases = new Set(state.threads.map(({ phase }) => phase));
  const running = state.run.state === 'done' || state.run.state === 'failed';
  const waits = phases.has('waiting') && !phases.has('enter') && !phases.has('effect');
  return {
    ...state,
    run: {
      ...state.run,
      variables: { ...state.variables },
      steps,
      state: running ? state.run.state : waits ? 'waiting-approval' : 'running',
    },
  };
}

/**
 * Moves every branch on until each has an effect to carry out, waits for a person or a time, or has ended. Conditions,
 * notices and branches need no effect and are passed in one go; all of it lands in one commit with its audit entries.
 */
export function advance(draft: Draft, facts: Facts): void {
  for (let turn = 0; draft.state.active; turn += 1) {
    const thread = draft.state.threads.find(
      ({ phase, notBefore }) => phase === 'enter' && notBefore <= facts.now,
    );
    if (thread === undefined) return;
    if (turn > maximumInvocations * 2 || draft.steps.length >= maximumInvocations) {
      finish(draft, facts, 'failed', 'the run took more steps than allowed');
      return;
    }
    enter(draft, thread, facts);
  }
}

function enter(draft: Draft, thread: Thread, facts: Facts): void {
  const step = draft.state.playbook.workflow[thread.at]!;
  if (thread.invocation === '') {
    const visits = (draft.state.visits[thread.at] ?? 0) + 1;
    draft.state.visits[thread.at] = visits;
    thread.invocation = visits === 1 ? thread.at : `${thread.at}#${visits}`;
    const delay = step.delay ?? 0;
    const name = substitute(step.name ?? step.type, draft.state.variables, step);
    const nameVi = vietnameseName(step);
    draft.steps.push({
      id: thread.invocation,
      name,
      ...(nameVi === undefined ? {} : { nameVi: substitute(nameVi, draft.state.variables, step) }),
      type: step.type,
      state: 'pending',
      evidence: [],
    });
    if (delay > 0) {
      thread.notBefore = facts.now + delay;
      return;
    }
  }
  const begun = draft.steps.find(({ id }) => id === thread.invocation)?.started ?? facts.now;
  change(draft, thread.invocation, { state: 'running', started: begun });
  switch (step.type) {
    case 'start':
      succeed(draft, thread, facts, 'the playbook began');
      return;
    case 'end':
      change(draft, thread.invocation, { state: 'done', ended: facts.now });
      end(draft, thread, facts, false);
      return;
    case 'action':
      act(draft, thread, step, facts);
      return;
    case 'playbook-action':
      fail(draft, thread, facts, 'playbook-action does not run here');
      return;
    case 'parallel':
      branch(draft, thread, step.next_steps);
      return;
    case 'if-condition': {
      const holds = evaluateCondition(parseCondition(step.condition), values(draft, step));
      const next = holds ? step.on_true : step.on_false;
      if (next === undefined) {
        succeed(draft, thread, facts, 'the condition is false');
        return;
      }
      branch(draft, thread, [next]);
      return;
    }
    case 'while-condition':
      loop(draft, thread, step, facts);
      return;
    case 'switch-condition': {
      const name = step.switch.replace(/:value$/, '');
      const value = values(draft, step)[name] ?? '';
      const chosen = Object.hasOwn(step.cases, value) ? step.cases[value] : step.cases['default'];
      if (chosen === undefined) {
        succeed(draft, thread, facts, `no case for \`${value}\``);
        return;
      }
      branch(draft, thread, [chosen]);
      return;
    }
  }
}

function values(draft: Draft, step: WorkflowStep): Readonly<Record<string, string>> {
  const local = Object.entries(step.step_variables ?? {}).flatMap(([name, { value }]) =>
    typeof value === 'string' ? [[name, value] as const] : [],
  );
  return { ...draft.state.variables, ...Object.fromEntries(local) };
}

function act(draft: Draft, thread: Thread, step: StepOf<'action'>, facts: Facts): void {
  const { state } = draft;
  const meaning = actOf(step);
  if (meaning.kind === 'notice') {
    const texts = {
      audience: meaning.audience,
      vi: substitute(meaning.vi, state.variables, step),
      en: substitute(meaning.en, state.variables, step),
    };
    draft.story.push(said(draft, facts, 'step', 'notice', texts));
    succeed(draft, thread, facts, `told ${meaning.audience} in the incident's story`);
    return;
  }
  const deadline = facts.now + (step.timeout ?? defaultTimeout);
  if (meaning.kind === 'task') {
    const task = substitute(meaning.text, state.variables, step);
    wait(draft, thread, facts, [], deadline, `a person carries this out: ${task}`.slice(0, 1000));
    return;
  }
  const targets = targetsOf(meaning, state.detection.entities);
  if (targets.length === 0) {
    const none = `the detection names no ${meaning.target} to act on`;
    if (meaning.whenMissing === 'skip') {
      succeed(draft, thread, facts, none, 'skipped');
      return;
    }
    state.contained.missed ||= contains(step);
    fail(draft, thread, facts, none);
    return;
  }
  const reasons = targets.flatMap((target) => {
    const request = unattendedRequest(state.run.playbookId, meaning.action, target, {
      severity: facts.incident.severity,
      operationalTechnology: meaning.operationalTechnology || facts.operationalTechnology(target),
      drill: state.run.drill,
    });
    return needsPerson(facts.decide, request) ?? [];
  });
  if (reasons.length > 0) {
    wait(draft, thread, facts, targets, deadline, [...new Set(reasons)].join('; ').slice(0, 1000));
    return;
  }
  begin(draft, thread, facts, targets, deadline);
  change(draft, thread.invocation, { outcome: describe(meaning.action, targets) });
  audit(draft, facts, 'step.start', thread.invocation, { what: describe(meaning.action, targets) });
}

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

function wait(
  draft: Draft,
  thread: Thread,
  facts: Facts,
  targets: readonly EntityRef[],
  deadline: number,
  reason: string,
): void {
  thread.phase = 'waiting';
  draft.state.effects[thread.invocation] = {
    targets: [...targets],
    failures: 0,
    deadline,
    reason,
    since: facts.now,
  };
  change(draft, thread.invocation, { state: 'waiting-approval', outcome: reason });
  audit(draft, facts, 'step.wait', thread.invocation, { reason });
  draft.story.push(said(draft, facts, 'step', 'step.waiting', { step: nameOf(draft, thread), reason }));
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
  const step = draft.state.playbook.workflow[thread.at]!;
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
  const { playbook } = draft.state;
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
  const step = draft.state.playbook.workflow[thread.at]!;
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

function branch(draft: Draft, thread: Thread, firsts: readonly string[]): void {
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

function loop(draft: Draft, thread: Thread, step: StepOf<'while-condition'>, facts: Facts): void {
  const key = `${thread.invocation}:loops`;
  const loops = (draft.state.visits[key] ?? 0) + 1;
  if (!evaluateCondition(parseCondition(step.condition), values(draft, step))) {
    succeed(draft, thread, facts, `the condition is false after ${loops - 1} rounds`);
    return;
  }
  if (loops > maximumLoops) {
    fail(draft, thread, facts, `still true after ${maximumLoops} rounds`);
    return;
  }
  draft.state.visits[key] = loops;
  branch(draft, thread, [step.on_true]);
}

/** A branch came to its end; when its brothers have too, the step that opened them goes on. */
function end(draft: Draft, thread: Thread, facts: { readonly now: number }, failed: boolean): void {
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
  if (draft.state.playbook.workflow[parent.at]!.type === 'while-condition') parent.phase = 'enter';
  else succeed(draft, parent, facts, 'its branches are done');
}

function finish(draft: Draft, facts: { readonly now: number }, state: 'done' | 'failed', why?: string): void {
  draft.state.active = false;
  for (const thread of draft.state.threads) thread.phase = 'ended';
  draft.state.run = { ...draft.state.run, state, ended: facts.now };
  audit(draft, facts, `run.${state}`, '', { playbook: draft.state.run.playbookId, why: why ?? null });
  draft.story.push(said(draft, facts, 'run', `run.${state}`, { playbook: draft.state.run.playbookName }));
}

/**
 * What an action step gives back to the playbook (section 4.4, out_args): its first out_arg takes the evidence of a
 * containment or a person's comment. A constant keeps its value.
 */
export function setOutput(draft: Draft, thread: Thread, value: string): void {
  const step = draft.state.playbook.workflow[thread.at];
  const name = step?.type === 'action' ? step.out_args?.[0] : undefined;
  if (name === undefined || draft.state.playbook.playbook_variables?.[name]?.constant === true) return;
  draft.state.variables[name] = value.slice(0, 4000);
}

/** Changes what people see of a step. */
export function change(draft: Draft, invocation: string, fields: Partial<RunStep>): void {
  const index = draft.steps.findIndex(({ id }) => id === invocation);
  if (index >= 0) draft.steps[index] = { ...draft.steps[index]!, ...fields };
}

export function nameOf(draft: Draft, thread: Thread): string {
  return draft.steps.find(({ id }) => id === thread.invocation)?.name ?? thread.at;
}

/** One line for the audit log, by the playbook. */
export function audit(
  draft: Draft,
  facts: { readonly now: number },
  action: string,
  invocation: string,
  detail: AuditEntry['detail'],
  actor = `playbook:${draft.state.run.playbookId}`,
): void {
  const { id, incidentId } = draft.state.run;
  const target = invocation === '' ? `run:${id}` : `step:${id}/${invocation}`;
  draft.audit.push({ at: facts.now, actor, action, target, detail: { incident: incidentId, ...detail } });
}

/** One line for the incident's story. */
export function said(
  draft: Draft,
  facts: { readonly now: number },
  kind: TimelineEntry['kind'],
  code: string,
  texts: Readonly<Record<string, string>>,
  actor = `playbook:${draft.state.run.playbookId}`,
): TimelineEntry {
  return { at: facts.now, kind, code, values: { ...texts, run: draft.state.run.id }, actor };
}

/** The Vietnamese name of a step, where its playbook gives one. */
function vietnameseName(step: WorkflowStep): string | undefined {
  const name = step.step_extensions?.[stepExtension]?.['name_vi'];
  return typeof name === 'string' ? name : undefined;
}
