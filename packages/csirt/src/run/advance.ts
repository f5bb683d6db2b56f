import type { EntityRef, RunStep } from '@kydai/contracts';
import { outcome } from '../contain/outcome.ts';
import {
  actOf,
  commandOf,
  contains,
  describe,
  joinReasons,
  needsPerson,
  ownReason,
  type Reason,
  targetsOf,
  typesOf,
  unattendedRequest,
} from '../contain/step.ts';
import { evaluateCondition, parseCondition } from '../playbook/condition.ts';
import { stepExtension } from '../playbook/extension.ts';
import type { StepOf, WorkflowStep } from '../playbook/schema.ts';
import { substitute } from '../playbook/variables.ts';
import { audit, change, type Draft, type Facts, miss, nameOf, said } from './draft.ts';
import { begin, branch, end, fail, finish, shownAs, stop, succeed } from './move.ts';
import type { Thread } from './state.ts';

const maximumInvocations = 500;

const maximumLoops = 100;

const cutsOff: ReadonlySet<string> = new Set(['quarantine-device', 'revoke-certificate']);

const uncorroborated = 'reason.uncorroborated';

/** Takes up again what waits for a second source, once there is one. */
export function corroborate(draft: Draft, facts: Facts): void {
  if (!facts.corroborated) return;
  for (const thread of draft.state.threads) {
    const reasons = draft.state.effects[thread.invocation]?.reasonPhrases ?? [];
    if (thread.phase !== 'waiting' || !reasons.some(({ code }) => code === uncorroborated)) continue;
    thread.phase = 'enter';
    audit(draft, facts, 'step.corroborate', thread.invocation, {});
    const step = nameOf(draft, thread);
    draft.story.push(said(draft, facts, 'step', 'step.corroborated', { step }));
  }
}

/** For a step that names no timeout of its own, in milliseconds. */
export const defaultTimeout = 60_000;

/**
 * Moves every branch on until each has an effect to carry out, waits for a person or a time, or has ended. Conditions,
 * notices and branches need no effect and are passed in one go; all of it lands in one commit with its audit entries.
 */
export function advance(draft: Draft, facts: Facts): void {
  const { state } = facts.incident;
  if (draft.state.active && (state === 'closed' || state === 'false-positive')) {
    stop(draft, facts, outcome(`the incident is ${state}`, `outcome.incident-${state}`));
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
      ...shownCommand(draft, step),
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
      succeed(draft, thread, facts, outcome('the playbook began', 'outcome.began'));
      return;
    case 'end':
      change(draft, thread.invocation, { state: 'done', ended: facts.now });
      end(draft, thread, facts, false);
      return;
    case 'action':
      act(draft, thread, step, facts);
      return;
    case 'playbook-action':
      fail(draft, thread, facts, outcome('playbook-action does not run here', 'outcome.not-supported'));
      return;
    case 'parallel':
      branch(draft, thread, step.next_steps);
      return;
    case 'if-condition': {
      const holds = evaluateCondition(parseCondition(step.condition), values(draft, step));
      const next = holds ? step.on_true : step.on_false;
      if (next === undefined) {
        succeed(draft, thread, facts, outcome('the condition is false', 'outcome.condition-false'));
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
        succeed(draft, thread, facts, outcome(`no case for \`${value}\``, 'outcome.no-case', { value }));
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
    const { audience } = meaning;
    const told = outcome(`told ${audience} in the incident's story`, 'outcome.told', { audience });
    succeed(draft, thread, facts, told);
    return;
  }
  const deadline = facts.now + (step.timeout ?? defaultTimeout);
  const strange = strangers(draft, step, facts);
  if (strange !== undefined) {
    // Nothing of ours is there to contain, and no person could say more.
    const { id } = strange;
    if (contains(step) && !(meaning.kind === 'contain' && meaning.whenMissing === 'skip'))
      miss(draft, thread);
    const none = outcome(`not in the register: ${id}`, 'outcome.not-registered', { id });
    succeed(draft, thread, facts, none, 'skipped');
    return;
  }
  if (meaning.kind === 'task') {
    const task = substitute(commandOf(step).en, state.variables, step);
    const reason = ownReason(`a person carries this out: ${task}`.slice(0, 1000), 'reason.task');
    wait(draft, thread, facts, [], deadline, reason);
    return;
  }
  const targets = targetsOf(meaning, state.detection.entities).filter(facts.known);
  if (targets.length === 0) {
    const { target: type } = meaning;
    const none = outcome(`the detection names no ${type} to act on`, 'outcome.no-target', { type });
    if (meaning.whenMissing === 'skip') {
      succeed(draft, thread, facts, none, 'skipped');
      return;
    }
    if (contains(step)) miss(draft, thread);
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
    wait(draft, thread, facts, targets, deadline, joinReasons(reasons));
    return;
  }
  if (facts.doubtful && cutsOff.has(meaning.action)) {
    const strange = 'the certificate of the detection is none of the device: a person must look';
    wait(draft, thread, facts, targets, deadline, ownReason(strange, 'reason.foreign-certificate'));
    return;
  }
  if (!facts.corroborated && cutsOff.has(meaning.action)) {
    const alone = 'only senders that prove no identity say so: a second source or a person must confirm';
    wait(draft, thread, facts, targets, deadline, ownReason(alone, uncorroborated));
    return;
  }
  if (draft.unattended + targets.length > facts.unattendedLeft) {
    const many = 'unusually many containments ran within an hour: a person must look';
    wait(draft, thread, facts, targets, deadline, ownReason(many, 'reason.unusually-many'));
    return;
  }
  draft.unattended += targets.length;
  begin(draft, thread, facts, targets, deadline);
  const what = describe(meaning.action, targets);
  change(draft, thread.invocation, shownAs(what));
  audit(draft, facts, 'step.start', thread.invocation, { what: what.line });
}

/**
 * The first of the things that a step acts on, where none of them exists for us. A person's task is about all that the
 * playbook's steps act on.
 */
function strangers({ state, playbook }: Draft, step: StepOf<'action'>, facts: Facts): EntityRef | undefined {
  const meaning = actOf(step);
  const types = typesOf(playbook);
  const named =
    meaning.kind === 'contain'
      ? targetsOf(meaning, state.detection.entities)
      : state.detection.entities.filter(({ type }) => types.has(type));
  return named.some(facts.known) ? undefined : named[0];
}

function wait(
  draft: Draft,
  thread: Thread,
  facts: Facts,
  targets: readonly EntityRef[],
  deadline: number,
  reason: Reason,
): void {
  thread.phase = 'waiting';
  draft.state.effects[thread.invocation] = {
    targets: [...targets],
    failures: 0,
    deadline,
    reason: reason.line,
    reasonEn: reason.lineEn,
    reasonPhrases: [...reason.phrases],
    since: facts.now,
  };
  change(draft, thread.invocation, { state: 'waiting-approval', ...shownAs(reason) });
  audit(draft, facts, 'step.wait', thread.invocation, { reason: reason.line });
  const texts = { step: nameOf(draft, thread), reason: reason.line };
  draft.story.push(said(draft, facts, 'step', 'step.waiting', texts, reason.phrases));
}

function loop(draft: Draft, thread: Thread, step: StepOf<'while-condition'>, facts: Facts): void {
  const key = `${thread.invocation}:loops`;
  const loops = (draft.state.visits[key] ?? 0) + 1;
  if (!evaluateCondition(parseCondition(step.condition), values(draft, step))) {
    const rounds = String(loops - 1);
    const over = outcome(`the condition is false after ${rounds} rounds`, 'outcome.rounds', { n: rounds });
    succeed(draft, thread, facts, over);
    return;
  }
  if (loops > maximumLoops) {
    const n = String(maximumLoops);
    fail(draft, thread, facts, outcome(`still true after ${n} rounds`, 'outcome.endless', { n }));
    return;
  }
  draft.state.visits[key] = loops;
  branch(draft, thread, [step.on_true]);
}

/** What a person does in a step, in both languages, where it is for people to do or to approve. */
function shownCommand(draft: Draft, step: WorkflowStep): Pick<RunStep, 'command' | 'commandVi'> {
  if (step.type !== 'action' || actOf(step).kind === 'notice') return {};
  const { en, vi } = commandOf(step);
  const filled = (text: string): string => substitute(text, draft.state.variables, step).slice(0, 2000);
  return { command: filled(en), ...(vi === undefined ? {} : { commandVi: filled(vi) }) };
}

/** The Vietnamese name of a step, where its playbook gives one. */
function vietnameseName(step: WorkflowStep): string | undefined {
  const name = step.step_extensions?.[stepExtension]?.['name_vi'];
  return typeof name === 'string' ? name : undefined;
}
