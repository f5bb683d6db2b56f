import { EntityRef, Phrase, PlaybookRun, recordKind } from '@kydai/contracts';
import { z } from 'zod';

/**
 * Where one branch of a run stands.
 *
 * - `enter`: the step at `at` is to be begun (not before `notBefore`);
 * - `effect`: its effect is under way, or has to be asked for again after a restart;
 * - `waiting`: a person has to decide;
 * - `children`: the branches that it opened are under way;
 * - `ended`: it came to an end step, or failed where no one catches it.
 */
export const Thread = z.strictObject({
  id: z.number().int(),
  parent: z.number().int().nullable(),
  at: z.string(),
  invocation: z.string(),
  phase: z.enum(['enter', 'effect', 'waiting', 'children', 'ended']),
  notBefore: z.number(),
  failed: z.boolean(),
});
export type Thread = z.infer<typeof Thread>;

/** What an invocation of an action step acts on; fixed when the step begins. */
export const Effect = z.strictObject({
  targets: z.array(EntityRef),
  /** Attempts that failed. */
  failures: z.number().int(),
  /** Epoch ms after which the step has failed. */
  deadline: z.number(),
  /** Why a person has to decide; absent where none has to. */
  reason: z.string().optional(),
  reasonEn: z.string().optional(),
  reasonPhrases: z.array(Phrase).optional(),
  since: z.number(),
  /** When a reminder went out that no one has answered. */
  reminded: z.number().optional(),
});
export type Effect = z.infer<typeof Effect>;

/** Everything that the executor must know to go on after a kill. */
export const RunState = z.strictObject({
  run: PlaybookRun,
  startKey: z.string(),
  detection: z.strictObject({ id: z.string(), entities: z.array(EntityRef), drill: z.boolean() }),
  /** Digest of the playbook as it was when the run began. */
  playbook: z.string(),
  threads: z.array(Thread),
  nextThread: z.number().int(),
  /** How often each step has been begun. */
  visits: z.record(z.string(), z.number().int()),
  effects: z.record(z.string(), Effect),
  variables: z.record(z.string(), z.string()),
  /** True once the playbook's exception handler runs. */
  exception: z.boolean(),
  /**
   * Containments that took effect, the newest one's time, whether one failed or was refused (and in which branches, where
   * a person may still make up for it), the newest one that a person confirmed, whether it was said.
   */
  contained: z.strictObject({
    count: z.number().int(),
    at: z.number(),
    missed: z.boolean(),
    missedIn: z.array(z.number().int()).optional(),
    byHand: z.strictObject({ at: z.number(), by: z.string() }).optional(),
    said: z.boolean(),
  }),
  active: z.boolean(),
});
export type RunState = z.infer<typeof RunState>;

export const runStates = recordKind<RunState>({
  name: 'run_states',
  schema: RunState,
  key: (state) => state.run.id,
  indexes: {
    start_key: (state) => state.startKey,
    active: (state) => state.active,
    incident: (state) => state.run.incidentId,
  },
});
