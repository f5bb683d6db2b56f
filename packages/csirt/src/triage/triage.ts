import { setTimeout as pause } from 'node:timers/promises';
import { type Detection, type Incident, RecordConflict, write } from '@kydai/contracts';
import { CsirtError } from '../error.ts';
import { Batch, defaultWindow, type TriageOptions } from './batch.ts';
import { triageGroups } from './group.ts';

export interface Triaged {
  /** Absent where the detection is kept and makes no incident. */
  readonly incident?: Incident;
  readonly created: boolean;
  /** The playbook to start for this detection, with `executor.start`. */
  readonly start?: string;
}

export interface Triage {
  /**
   * Keeps the detection and puts it into an incident: one commit, durable when it resolves. The same detection twice
   * has one effect. Publishes `detection` and `incident` signals.
   */
  ingest(detection: Detection): Promise<Triaged>;
}

const largestBatch = 256;
const attempts = 20;
/** How often old group keys are forgotten, and how many at a time. */
const forgetEvery = 3_600_000;
const forgetAtOnce = 1000;

interface Pending {
  readonly detection: Detection;
  readonly resolve: (triaged: Triaged) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Triage: detections become incidents.
 *
 * INVARIANT: within the window, detections of one category that share a grouping entity are in one incident, however
 * many come at once and from however many processes. Detections that wait while a commit is under way share the next
 * commit, so that a storm costs one write of an incident for up to 256 detections.
 */
export function createTriage(options: TriageOptions): Triage {
  const queue: Pending[] = [];
  let working = false;
  let forgot = options.clock.now();

  const work = async (): Promise<void> => {
    if (working) return;
    working = true;
    while (queue.length > 0) {
      const batch = queue.splice(0, largestBatch);
      try {
        const done = await settle(options, batch);
        for (const [index, pending] of batch.entries()) pending.resolve(done[index]!);
      } catch (error) {
        // One bad detection must not take its neighbours with it: alone, each fails or passes for itself.
        if (batch.length === 1) batch[0]!.reject(error);
        else {
          for (const pending of batch) {
            await settle(options, [pending]).then(
              ([triaged]) => pending.resolve(triaged!),
              (cause: unknown) => pending.reject(cause),
            );
          }
        }
      }
    }
    working = false;
    const now = options.clock.now();
    if (now - forgot < forgetEvery) return;
    forgot = now;
    // What fails here is done an hour later.
    await forgetGroups(options, now).catch(() => undefined);
  };

  return {
    ingest: (detection) =>
      new Promise((resolve, reject) => {
        queue.push({ detection, resolve, reject });
        void work();
      }),
  };
}

/** Deletes the group keys that no detection can join any more, so that they don't grow for ever. */
async function forgetGroups({ records, window }: TriageOptions, now: number): Promise<void> {
  // A day beyond the window: detections about the past come late.
  const before = now - (window ?? defaultWindow) - 86_400_000;
  const old = await records.find(triageGroups, { where: { last: { lt: before } }, limit: forgetAtOnce });
  if (old.records.length === 0) return;
  await records.commit(old.records.map(({ value }) => write.delete(triageGroups, value.key)));
}

async function settle(options: TriageOptions, pending: readonly Pending[]): Promise<Triaged[]> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const batch = new Batch(options);
    const places: { readonly incidentId?: string; readonly created: boolean; readonly start?: string }[] = [];
    for (const { detection } of pending) places.push(await batch.take(detection));
    try {
      await options.records.commit(batch.writes(), batch.audit);
    } catch (error) {
      if (!(error instanceof RecordConflict)) throw error;
      await pause(attempt);
      continue;
    }
    for (const { detection } of pending) {
      if (batch.fresh.has(detection.id)) options.signals.publish({ type: 'detection', detection });
    }
    for (const incident of batch.changed()) options.signals.publish({ type: 'incident', incident });
    return places.map(({ incidentId, created, start }) => ({
      created,
      ...(incidentId === undefined ? {} : { incident: batch.incident(incidentId)! }),
      ...(start === undefined ? {} : { start }),
    }));
  }
  throw new CsirtError('busy', 'the incident records kept changing; send the detection again');
}
