import type { IncidentView, PlaybookRun, Signal } from '@kydai/contracts';
import type { Subject } from './queries.ts';

/** The queries that a signal makes old: a subject, or a subject and an id. */
export type Affected = readonly [Subject] | readonly [Subject, string];

/** Which queries a signal touches. Pure, so that it can be read and tested as a table. */
export function affected(signal: Signal): readonly Affected[] {
  switch (signal.type) {
    case 'detection':
      return [['overview'], ['detections'], ['rules'], ['rule', signal.detection.rule.id]];
    case 'incident':
      return [
        ['overview'],
        ['incidents'],
        ['incident', signal.incident.id],
        ...signal.incident.entities
          .filter((entity) => entity.type === 'device')
          .map((entity) => ['device', entity.id] as const),
      ];
    case 'run':
      return [['overview'], ['incident', signal.run.incidentId]];
    case 'containment':
      return [
        ['overview'],
        ['devices'],
        ['certificates'],
        ...(signal.containment.incidentId ? [['incident', signal.containment.incidentId] as const] : []),
        ...(signal.containment.target.type === 'device'
          ? [['device', signal.containment.target.id] as const]
          : []),
      ];
    case 'device':
      return [['overview'], ['devices'], ['device', signal.device.id]];
    case 'certificate':
      return [['overview'], ['certificates'], ['device', signal.certificate.subject]];
    case 'decision':
      return [['decisions']];
    case 'ledger':
      return [['overview'], ['sources']];
  }
}

/** An incident page with a newer state of one of its runs put in, at once and without asking the server. */
export function withRun(view: IncidentView | undefined, run: PlaybookRun): IncidentView | undefined {
  if (!view || view.incident.id !== run.incidentId) return view;
  const known = view.runs.some((one) => one.id === run.id);
  return {
    ...view,
    runs: known ? view.runs.map((one) => (one.id === run.id ? run : one)) : [...view.runs, run],
  };
}

/** Collects keys and hands them over together at most once per `wait` milliseconds; the same key counts once. */
export function gather(
  flush: (keys: readonly Affected[]) => void,
  wait: number,
  after: (milliseconds: number, act: () => void) => unknown,
): (keys: readonly Affected[]) => void {
  const waiting = new Map<string, Affected>();
  let scheduled = false;
  return (keys) => {
    for (const key of keys) waiting.set(key.join('\u0000'), key);
    if (scheduled || waiting.size === 0) return;
    scheduled = true;
    after(wait, () => {
      scheduled = false;
      const all = [...waiting.values()];
      waiting.clear();
      flush(all);
    });
  };
}
