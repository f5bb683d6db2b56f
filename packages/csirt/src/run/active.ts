import type { RecordStore, Signals } from '@kydai/contracts';
import type { CacaoPlaybook } from '../playbook/schema.ts';
import { type RunState, runStates } from './state.ts';
import type { PlaybookTexts } from './texts.ts';

/** The runs that have not ended, with their playbooks; a run whose playbook is lost is left to people. */
export async function everyActive(
  records: RecordStore,
  texts: PlaybookTexts,
): Promise<{ readonly state: RunState; readonly playbook: CacaoPlaybook }[]> {
  const found: { state: RunState; playbook: CacaoPlaybook }[] = [];
  for (let offset = 0; ; offset += 500) {
    const page = await records.find(runStates, { where: { active: true }, limit: 500, offset });
    for (const { value: state } of page.records) {
      const playbook = await texts.get(state.playbook).catch(() => undefined);
      if (playbook !== undefined) found.push({ state, playbook });
    }
    if (page.records.length < 500) return found;
  }
}

/** The runs of an incident that have not ended. */
export async function activeOf(records: RecordStore, incidentId: string): Promise<readonly RunState[]> {
  const where = { incident: incidentId, active: true };
  const found = await records.find(runStates, { where, limit: 1000 });
  return found.records.map(({ value }) => value);
}

/** An incident that people close, or call a false positive, needs no further response. Returns what ends the watch. */
export function whenIncidentEnds(signals: Signals, stop: (incidentId: string) => void): () => void {
  return signals.subscribe((signal) => {
    if (signal.type !== 'incident' || !['closed', 'false-positive'].includes(signal.incident.state)) return;
    if (signal.incident.runIds.length > 0) stop(signal.incident.id);
  });
}
