import { z } from 'zod';
import { Phrase } from './phrase.ts';

export const StepState = z.enum([
  'pending',
  'running',
  'waiting-approval',
  'done',
  'failed',
  'skipped',
  'refused',
]);
export type StepState = z.infer<typeof StepState>;

export const RunStep = z
  .strictObject({
    /** CACAO step id. */
    id: z.string(),
    name: z.string(),
    /** The same name in Vietnamese, where the playbook gives one. */
    nameVi: z.string().optional(),
    type: z.string(),
    state: StepState,
    started: z.number().optional(),
    ended: z.number().optional(),
    /** What it did or why it failed, one line. */
    outcome: z.string().optional(),
    /** The same for readers in their own language. */
    outcomePhrases: z.array(Phrase).readonly().optional(),
    /** What a person does in this step, or would do in Kỳ Đài's place; the playbook's manual command, variables filled. */
    command: z.string().optional(),
    commandVi: z.string().optional(),
    /** For a step that waited: who decided, and what. */
    approval: z
      .strictObject({ by: z.string(), at: z.number(), approved: z.boolean(), comment: z.string() })
      .optional(),
    evidence: z.array(z.string()).readonly(),
    evidencePhrases: z.array(Phrase).readonly().optional(),
  })
  .readonly();
export type RunStep = z.infer<typeof RunStep>;

/** One execution of a CACAO v2 playbook for one incident. */
export const PlaybookRun = z
  .strictObject({
    id: z.string(),
    playbookId: z.string(),
    playbookName: z.string(),
    playbookNameVi: z.string().optional(),
    incidentId: z.string(),
    state: z.enum(['running', 'waiting-approval', 'done', 'failed']),
    started: z.number(),
    ended: z.number().optional(),
    drill: z.boolean(),
    variables: z.record(z.string(), z.string()).readonly(),
    /** In the order in which they are reached. */
    steps: z.array(RunStep).readonly(),
  })
  .readonly();
export type PlaybookRun = z.infer<typeof PlaybookRun>;
