import type { EntityRef } from '@kydai/contracts';
import { actOf, contains, describe, needsPerson, targetsOf, unattendedRequest } from '../contain/step.ts';
import { evaluateCondition, parseCondition } from '../playbook/condition.ts';
import { stepExtension } from '../playbook/extension.ts';
import type { StepOf, WorkflowStep } from '../playbook/schema.ts';
import { substitute } from '../playbook/variables.ts';
import { audit, change, type Draft, type Facts, nameOf, said } from './draft.ts';
import { begin, branch, end, fail, finish, stop, succeed } from './move.ts';
import type { Thread } from './state.ts';

const maximumInvocations = 500;

const maximumLoops = 100;

/** For a step that names no timeout of its own, in milliseconds. */
export const defaultTimeout = 60_000;

/**
 * Moves every branch on until each has an effect to carry out, waits for a person or a time, or has ended. Conditions,
 * notices and branches need no effect and are passed in one go; all of it lands in one commit with its audit entries.
 */
export function advance(draft: Draft, facts: Facts): void {
  const { state } = facts.incident;
  if (draft.state.active && (state === 'closed' || state === 'false-positive')) {
    stop(draft, facts, `the incident is ${state}`);
  }
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
  const step = draft.playbook.workflow[thread.at]!;
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
  if (draft.unattended + targets.length > facts.unattendedLeft) {
    wait(
      draft,
      thread,
      facts,
      targets,
      deadline,
      'unusually many containments ran within an hour: a person must look',
    );
    return;
  }
  draft.unattended += targets.length;
  begin(draft, thread, facts, targets, deadline);
  change(draft, thread.invocation, { outcome: describe(meaning.action, targets) });
  audit(draft, facts, 'step.start', thread.invocation, { what: describe(meaning.action, targets) });
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

/** The Vietnamese name of a step, where its playbook gives one. */
function vietnameseName(step: WorkflowStep): string | undefined {
  const name = step.step_extensions?.[stepExtension]?.['name_vi'];
  return typeof name === 'string' ? name : undefined;
}
