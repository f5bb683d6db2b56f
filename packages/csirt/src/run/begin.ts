import { type AuditEntry, type Detection, type Incident, uuidv7 } from '@kydai/contracts';
import { setTimeOnce, tell } from '../incident/change.ts';
import type { Playbook } from '../playbook/load.ts';
import { initialVariables, passedVariables } from '../playbook/variables.ts';
import type { RunState } from './state.ts';

const maximumRunIds = 50;

/** The state with which a run begins, and the incident that has taken it in (opened by the playbook, if by no one yet). */
export function firstState(
  playbook: Playbook,
  digest: string,
  incident: Incident,
  detection: Detection,
  startKey: string,
  now: number,
): { readonly state: RunState; readonly incident: Incident; readonly audit: AuditEntry } {
  const id = uuidv7(now);
  const variables = initialVariables(playbook.cacao, passedVariables(detection.entities, incident));
  const drill = incident.drill || detection.drill;
  const nameVi = playbook.trigger?.title_vi;
  const state: RunState = {
    run: {
      id,
      playbookId: playbook.id,
      playbookName: playbook.name,
      ...(nameVi === undefined ? {} : { playbookNameVi: nameVi }),
      incidentId: incident.id,
      state: 'running',
      started: now,
      drill,
      variables,
      steps: [],
    },
    startKey,
    detection: { id: detection.id, entities: [...detection.entities], drill: detection.drill },
    playbook: digest,
    threads: [
      {
        id: 0,
        parent: null,
        at: playbook.cacao.workflow_start,
        invocation: '',
        phase: 'enter',
        notBefore: now,
        failed: false,
      },
    ],
    nextThread: 1,
    visits: {},
    effects: {},
    variables,
    exception: false,
    contained: { count: 0, at: 0, missed: false, said: false },
    active: true,
  };
  const source = `playbook:${playbook.id}`;
  // A playbook that begins on a contained incident has something more to contain.
  const { containmentAchieved: _, ...times } = incident.times;
  const again: Incident = incident.state === 'contained' ? { ...incident, state: 'open', times } : incident;
  const opened = setTimeOnce({ ...again, state: again.state === 'new' ? 'open' : again.state }, 'opened', {
    at: now,
    source: `run:${id}`,
    precision: 'millisecond',
    confidence: 'high',
  });
  const story = {
    at: now,
    kind: 'run',
    code: 'run.started',
    values: { playbook: playbook.name, run: id },
  } as const;
  return {
    state,
    incident: tell(
      { ...opened, runIds: opened.runIds.length < maximumRunIds ? [...opened.runIds, id] : opened.runIds },
      { ...story, actor: source },
    ),
    audit: {
      at: now,
      actor: source,
      action: 'run.start',
      target: `run:${id}`,
      detail: { incident: incident.id, detection: detection.id, playbook: playbook.id, drill },
    },
  };
}
