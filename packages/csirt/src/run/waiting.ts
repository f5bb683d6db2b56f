import type { Incident, WaitingApproval } from '@kydai/contracts';
import { actOf } from '../contain/step.ts';
import type { CacaoPlaybook } from '../playbook/schema.ts';
import type { Effect, RunState, Thread } from './state.ts';

/** The steps of a run that wait for a person, with what the person needs to decide. */
export function waitingOf(state: RunState, playbook: CacaoPlaybook, incident: Incident): WaitingApproval[] {
  return state.threads.flatMap((thread) => {
    const effect = state.effects[thread.invocation];
    const shown = state.run.steps.find(({ id }) => id === thread.invocation);
    const step = playbook.workflow[thread.at];
    if (thread.phase !== 'waiting' || effect === undefined || shown === undefined) return [];
    return {
      runId: state.run.id,
      group: groupOf(state, thread, effect),
      targets: effect.targets,
      stepId: thread.invocation,
      stepName: shown.name,
      ...(shown.nameVi === undefined ? {} : { stepNameVi: shown.nameVi }),
      task: step?.type === 'action' && actOf(step).kind === 'task',
      incidentId: incident.id,
      incidentNumber: incident.number,
      incidentTitle: incident.title,
      ...(incident.titleVi === undefined ? {} : { incidentTitleVi: incident.titleVi }),
      severity: incident.severity,
      since: effect.since,
      reason: effect.reason ?? '',
      ...(effect.reasonEn === undefined ? {} : { reasonEn: effect.reasonEn }),
      ...(effect.reasonPhrases === undefined ? {} : { reasonPhrases: effect.reasonPhrases }),
      ...(shown.command === undefined ? {} : { command: shown.command }),
      ...(shown.commandVi === undefined ? {} : { commandVi: shown.commandVi }),
      drill: state.run.drill,
    };
  });
}

/** Steps that ask the same for the same reason: of one playbook's one step, drills apart from the rest. */
function groupOf({ run }: RunState, { at }: Thread, { reasonPhrases = [] }: Effect): string {
  const reasons = reasonPhrases.map(({ code, values }) => `${code}:${values['policy'] ?? ''}`);
  return [run.drill ? 'drill' : 'live', run.playbookId, at, ...new Set(reasons)].join('|');
}
