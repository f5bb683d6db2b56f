import {
  type Detection,
  type Incident,
  RecordConflict,
  type WaitingApproval,
  type Write,
  write,
} from '@kydai/contracts';
import { Breaker } from '../contain/breaker.ts';
import { sleep as realSleep } from '../contain/perform.ts';
import { CsirtError } from '../error.ts';
import { tell } from '../incident/change.ts';
import { detections, incidents, runs, startKey, startRequests } from '../incident/kinds.ts';
import type { CacaoPlaybook } from '../playbook/schema.ts';
import { activeOf, everyActive, whenIncidentEnds } from './active.ts';
import { advance, corroborate } from './advance.ts';
import { decided } from './approve.ts';
import { firstState } from './begin.ts';
import { contained } from './contained.ts';
import { closeDraft, type Draft, draftOf, type Facts } from './draft.ts';
import { performEffect } from './effect.ts';
import type { Executor, ExecutorOptions } from './ports.ts';
import { remind } from './remind.ts';
import { createSerial } from './serial.ts';
import { type RunState, runStates } from './state.ts';
import { PlaybookTexts } from './texts.ts';
import { createTogether } from './together.ts';
import { waitingOf } from './waiting.ts';

const attempts = 20;
/** A start that triage asked for and no one began within this time is taken up by `remind`, milliseconds. */
const forgotten = 10_000;

/**
 * Runs playbooks, durably.
 *
 * INVARIANTS: a run's state, what people see of it, the incident and the audit entries change in one commit. Nothing
 * has an effect before the state that says so is durable. An effect asked for again after a kill carries the same id.
 */
export function createExecutor(options: ExecutorOptions): Executor {
  const { records, clock, signals } = options;
  const wait = options.sleep ?? realSleep;
  const texts = new PlaybookTexts(records);
  const stopping = new AbortController();
  /** One change of a run at a time in this process; other processes are held off by versions. */
  const { serial, pending } = createSerial();
  const underWay = new Map<string, Promise<void>>();
  const breaker = new Breaker(options.unattendedPerHour ?? 1000, records);

  const everything = (): readonly Promise<unknown>[] => [...underWay.values(), ...pending()];

  const facts = async (
    incident: Incident,
    { id: detectionId, entities, drill }: Pick<Detection, 'id' | 'entities' | 'drill'>,
  ): Promise<Facts> => ({
    now: clock.now(),
    incident,
    decide: options.decide,
    operationalTechnology: options.operationalTechnology ?? (() => false),
    known: options.known ?? (() => true),
    doubtful: (await options.doubtful?.(entities)) ?? false,
    // What a drill touches is registered for drills.
    corroborated: drill || ((await options.corroborated?.({ incident, detectionId, entities })) ?? true),
    unattendedLeft: await breaker.left(clock.now()),
  });

  /** Reads a run, changes it, moves it on, writes it, and sets going what it then asks for. */
  const mutate = (runId: string, alter: (draft: Draft, facts: Facts) => void): Promise<RunState> =>
    serial(runId, async () => {
      for (let turn = 0; turn < attempts; turn += 1) {
        const stored = await records.get(runStates, runId);
        if (stored === undefined) throw new CsirtError('run-unknown', `there is no run \`${runId}\``);
        const incident = await records.get(incidents, stored.value.run.incidentId);
        if (incident === undefined) {
          throw new CsirtError('incident-unknown', `run \`${runId}\` belongs to no incident`);
        }
        const playbook = await texts.get(stored.value.playbook);
        const draft = draftOf(stored.value, playbook);
        const known = await facts(incident.value, stored.value.detection);
        alter(draft, known);
        advance(draft, known);
        const containing = contained(draft, incident.value.state, known.now);
        const state = closeDraft(draft);
        const told = draft.story.length === 0 ? incident.value : tell(incident.value, ...draft.story);
        const altered = containing?.(told) ?? told;
        const changed = altered !== incident.value;
        const writes: Write[] = [write.update(runStates, state, stored.version), write.put(runs, state.run)];
        if (changed) writes.push(write.update(incidents, altered, incident.version));
        const noted = breaker.note(draft.unattended, known.now);
        writes.push(...noted.writes);
        try {
          await records.commit(writes, draft.audit);
        } catch (error) {
          if (!(error instanceof RecordConflict)) throw error;
          await wait(turn, stopping.signal);
          continue;
        }
        noted.durable();
        signals.publish({ type: 'run', run: state.run });
        if (changed) signals.publish({ type: 'incident', incident: altered });
        launch(state, playbook);
        return state;
      }
      throw new CsirtError('busy', `run \`${runId}\` kept changing; try again`);
    });

  /** Sets going each effect and each delay that is not under way yet in this process. */
  const launch = (state: RunState, playbook: CacaoPlaybook): void => {
    for (const thread of state.threads) {
      if (stopping.signal.aborted || !state.active) return;
      const key = `${state.run.id}/${thread.id}/${thread.at}/${thread.invocation}/${thread.phase}`;
      if (underWay.has(key)) continue;
      let task: Promise<void> | undefined;
      if (thread.phase === 'effect') {
        task = performEffect(
          { ...options, sleep: wait, stop: stopping.signal },
          { state, playbook },
          thread.invocation,
          (apply) => mutate(state.run.id, apply),
        );
      } else if (thread.phase === 'enter') {
        const delay = Math.max(0, thread.notBefore - clock.now());
        task = wait(delay, stopping.signal)
          .then(() => mutate(state.run.id, () => undefined))
          .then(() => undefined);
      }
      if (task === undefined) continue;
      const held = task.then(
        () => void underWay.delete(key),
        () => {
          underWay.delete(key);
          if (!stopping.signal.aborted) recover(state.run.id);
        },
      );
      underWay.set(key, held);
    }
  };

  /**
   * What an effect did could not be written (the store refused). The run stands where it was; it is taken up again
   * until the store takes the change, and the effect, asked for again, carries the same id.
   */
  const recover = (runId: string): void => {
    const key = `${runId}/recover`;
    if (underWay.has(key)) return;
    const held = wait(options.retry?.longestMs ?? 5000, stopping.signal)
      .then(() => mutate(runId, () => undefined))
      .then(
        () => void underWay.delete(key),
        (error: unknown) => {
          underWay.delete(key);
          const gone = error instanceof CsirtError && error.code !== 'busy';
          if (!stopping.signal.aborted && !gone) recover(runId);
        },
      );
    underWay.set(key, held);
  };

  const start: Executor['start'] = (playbookId, incident, detection) =>
    serial(`start/${incident.id}`, async () => {
      const playbook = options.playbooks.find(({ id }) => id === playbookId);
      if (playbook === undefined) {
        throw new CsirtError('playbook-unknown', `there is no playbook \`${playbookId}\`; load it first`);
      }
      const key = startKey(playbookId, incident.id, detection.id);
      for (let turn = 0; turn < attempts; turn += 1) {
        const known = await records.find(runStates, { where: { start_key: key }, limit: 1 });
        if (known.records[0] !== undefined) return known.records[0].value.run;
        const stored = await records.get(incidents, incident.id);
        if (stored === undefined) {
          throw new CsirtError('incident-unknown', `there is no incident \`${incident.number}\``);
        }
        const begun = firstState(
          playbook,
          texts.digestOf(playbook.cacao),
          stored.value,
          detection,
          key,
          clock.now(),
        );
        const draft = draftOf(begun.state, playbook.cacao);
        draft.audit.push(begun.audit);
        advance(draft, await facts(begun.incident, detection));
        const state = closeDraft(draft);
        const altered = tell(begun.incident, ...draft.story);
        const noted = breaker.note(draft.unattended, clock.now());
        try {
          await records.commit(
            [
              ...(await texts.writes(playbook.cacao)),
              write.insert(runStates, state),
              write.insert(runs, state.run),
              write.update(incidents, altered, stored.version),
              write.delete(startRequests, key),
              ...noted.writes,
            ],
            draft.audit,
          );
        } catch (error) {
          if (!(error instanceof RecordConflict)) throw error;
          await wait(turn, stopping.signal);
          continue;
        }
        noted.durable();
        signals.publish({ type: 'run', run: state.run });
        signals.publish({ type: 'incident', incident: altered });
        launch(state, playbook.cacao);
        return state.run;
      }
      throw new CsirtError('busy', `incident \`${incident.number}\` kept changing; try again`);
    });

  /** Begins what triage asked for up to this time and no one has begun; resolves to how many. */
  const begin = async (until: number): Promise<number> => {
    const requests = await records.find(startRequests, {
      where: { at: { lte: until } },
      order: 'at',
      limit: 1000,
    });
    let begun = 0;
    for (const { value: request } of requests.records) {
      const incident = await records.get(incidents, request.incidentId);
      const detection = await records.get(detections, request.detectionId);
      const known = options.playbooks.some(({ id }) => id === request.playbookId);
      if (incident === undefined || detection === undefined || !known) continue;
      await start(request.playbookId, incident.value, detection.value);
      begun += 1;
    }
    return begun;
  };

  const unsubscribe = whenIncidentEnds(signals, (id) => {
    const over = () => void underWay.delete(`stop/${id}`);
    const stopped = activeOf(records, id)
      .then((active) => Promise.all(active.map(({ run }) => mutate(run.id, () => undefined))))
      .then(over, over);
    underWay.set(`stop/${id}`, stopped);
  });

  const approve: Executor['approve'] = async (approval) =>
    (await mutate(approval.runId, (draft, known) => decided(draft, known, approval))).run;
  const together = createTogether({
    approve,
    records,
    clock,
    sleep: wait,
    stopping: stopping.signal,
    perMinute: options.approvedPerMinute ?? 60,
  });

  return {
    start,
    approve,
    decideTogether: together.decide,
    decisions: together.progress,
    stopDecision: together.stop,
    reconsider: async (incidentId) => {
      for (const { run, threads } of await activeOf(records, incidentId)) {
        if (threads.some(({ phase }) => phase === 'waiting')) await mutate(run.id, corroborate);
      }
    },
    resume: async () => {
      const active = await everyActive(records, texts);
      // One run that cannot go on must not keep the others from it.
      for (const { state } of active) {
        await mutate(state.run.id, () => undefined).catch(() => recover(state.run.id));
      }
      return active.length + (await begin(Number.MAX_SAFE_INTEGER));
    },
    waiting: async () => {
      const found: WaitingApproval[] = [];
      for (const { state, playbook } of await everyActive(records, texts)) {
        const incident = await records.get(incidents, state.run.incidentId);
        if (incident !== undefined) found.push(...waitingOf(state, playbook, incident.value));
      }
      return found.sort((a, b) => a.since - b.since);
    },
    remind: async () => {
      const { remindAfter = 900_000, escalateAfter = 3_600_000 } = options;
      let said = 0;
      for (const { state, playbook } of await everyActive(records, texts)) {
        const draft = draftOf(state, playbook);
        if (!remind(draft, clock.now(), remindAfter, escalateAfter)) continue;
        await mutate(state.run.id, (fresh, known) => {
          if (remind(fresh, known.now, remindAfter, escalateAfter)) said += 1;
        });
      }
      return said + (await begin(clock.now() - forgotten));
    },
    settled: async () => {
      for (let open = everything(); open.length > 0; open = everything()) await Promise.race(open);
    },
    close: async () => {
      unsubscribe();
      stopping.abort(new Error('the executor is closing'));
      await together.settled();
      for (let open = everything(); open.length > 0; open = everything()) await Promise.all(open);
    },
  };
}
