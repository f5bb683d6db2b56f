import { z } from 'zod';

/** A legal duty with a deadline, as data in `policies/obligations`. */
export const Obligation = z
  .strictObject({
    id: z.string(),
    title: z.strictObject({ vi: z.string(), en: z.string() }).readonly(),
    /** The incident time at which the clock starts. */
    clockStart: z.enum(['discovery', 'opened']),
    hours: z.number().positive(),
    recipient: z.strictObject({ vi: z.string(), en: z.string() }).readonly(),
    citation: z.string(),
    /** ISO date. */
    inForce: z.string(),
    /** `text`: the law was read; `secondary`: by a secondary source; `memory`: not checked. */
    verified: z.enum(['text', 'secondary', 'memory']),
    /** Which incidents it applies to. */
    applies: z
      .strictObject({ minimumSeverity: z.string(), categories: z.array(z.string()).readonly().optional() })
      .readonly(),
  })
  .readonly();
export type Obligation = z.infer<typeof Obligation>;

/** An obligation running for one incident. */
export const ObligationClock = z
  .strictObject({
    obligation: Obligation,
    incidentId: z.string(),
    started: z.number(),
    due: z.number(),
    /** When it was reported, where it was. */
    met: z.number().optional(),
  })
  .readonly();
export type ObligationClock = z.infer<typeof ObligationClock>;
