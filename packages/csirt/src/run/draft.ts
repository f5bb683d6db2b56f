import type {
  AuditEntry,
  Decide,
  EntityRef,
  Incident,
  Phrase,
  RunStep,
  TimelineEntry,
} from '@kydai/contracts';
import type { CacaoPlaybook } from '../playbook/schema.ts';
import type { RunState, Thread } from './state.ts';

/** Facts that the machine decides by; all of them pure. */
export interface Facts {
  readonly now: number;
  readonly incident: Incident;
  readonly decide: Decide;
  readonly operationalTechnology: (target: EntityRef) => boolean;
  readonly known: (target: EntityRef) => boolean;
  /** Whether the detection's devices and certificates don't belong together. */
  readonly doubtful: boolean;
  /** Whether a source that is to be believed alone, or two independent ones, speak against the devices. */
  readonly corroborated: boolean;
  /** How many containments may still begin without a person. */
  readonly unattendedLeft: number;
}

/** A run in memory between a read and a commit: its state, and what the commit must also say. */
export interface Draft {
  readonly state: RunState;
  readonly playbook: CacaoPlaybook;
  readonly steps: RunStep[];
  readonly audit: AuditEntry[];
  readonly story: TimelineEntry[];
  /** Containments that this change begins without a person. */
  unattended: number;
}

/** Opens a state for change; the state itself is copied. */
export function draftOf(state: RunState, playbook: CacaoPlaybook): Draft {
  const copy = structuredClone(state);
  return { state: copy, playbook, steps: [...copy.run.steps], audit: [], story: [], unattended: 0 };
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
 * What an action step gives back to the playbook (section 4.4, out_args): its first out_arg takes the evidence of a
 * containment or a person's comment. A constant keeps its value.
 */
export function setOutput(draft: Draft, thread: Thread, value: string): void {
  const step = draft.playbook.workflow[thread.at];
  const name = step?.type === 'action' ? step.out_args?.[0] : undefined;
  if (name === undefined || draft.playbook.playbook_variables?.[name]?.constant === true) return;
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
  phrases: readonly Phrase[] = [],
  actor = `playbook:${draft.state.run.playbookId}`,
): TimelineEntry {
  const values = { ...texts, run: draft.state.run.id };
  return { at: facts.now, kind, code, values, actor, ...(phrases.length === 0 ? {} : { phrases }) };
}

/** Notes that a containment of this branch failed, was refused, or had nothing to act on. */
export function miss(draft: Draft, thread: Thread): void {
  const { contained } = draft.state;
  contained.missed = true;
  contained.missedIn = [...new Set([...(contained.missedIn ?? []), thread.id])];
}
