import { z } from 'zod';

export const indicatorNames = ['mttd', 'mtta', 'mttc', 'mttr-recover', 'mttr-respond'] as const;
export const IndicatorName = z.enum(indicatorNames);
export type IndicatorName = z.infer<typeof IndicatorName>;

/** One indicator over confirmed incidents, drills excluded. Milliseconds. Never shown without `n`. */
export const Indicator = z
  .strictObject({
    name: IndicatorName,
    n: z.number().int(),
    mean: z.number().nullable(),
    median: z.number().nullable(),
    p90: z.number().nullable(),
    /** Incidents whose start is not known. */
    unknownStart: z.number().int(),
    /** Incidents that have not reached the end point yet. */
    stillOpen: z.number().int(),
    /** The incidents that the figure came from. */
    incidentIds: z.array(z.string()).readonly(),
  })
  .readonly();
export type Indicator = z.infer<typeof Indicator>;
