import { z } from 'zod';
import { EntityRef } from './entity.ts';

/** Sigma's levels, in rising order. */
export const levels = ['informational', 'low', 'medium', 'high', 'critical'] as const;
export const Level = z.enum(levels);
export type Level = z.infer<typeof Level>;

/** A rule that fired: one for each event of a plain rule, one for each satisfied window of a correlation. */
export const Detection = z
  .strictObject({
    /** UUIDv7. */
    id: z.string(),
    /** `titleVi`: the rule's `title_vi`, where it has one. */
    rule: z.strictObject({ id: z.string(), title: z.string(), titleVi: z.string().optional() }).readonly(),
    level: Level,
    /** Epoch ms of the event that decided it. */
    time: z.number(),
    /** Epoch ms of the earliest event that it rests on. */
    firstEventTime: z.number(),
    /** Epoch ms at which the rule fired, by our clock. */
    detected: z.number(),
    eventIds: z.array(z.string()).readonly(),
    /** How many events it rests on; `eventIds` may hold fewer of them (at most 100). */
    eventCount: z.number().int(),
    entities: z.array(EntityRef).readonly(),
    /** ATT&CK technique ids, Enterprise and ICS: `T1110.001`, `T0855`. */
    techniques: z.array(z.string()).readonly(),
    tags: z.array(z.string()).readonly(),
    /** For correlations: the group-by fields and their values. */
    group: z.record(z.string(), z.string()).optional(),
    /** True where the events were marked as a drill's. */
    drill: z.boolean(),
  })
  .readonly();
export type Detection = z.infer<typeof Detection>;
