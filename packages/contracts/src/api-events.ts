import { z } from 'zod';

/** What the API answers about stored events: rows, counts in time, fields and their values. */

export const EventRow = z.object({
  id: z.string(),
  time: z.string(),
  received: z.string(),
  source: z.string(),
  dataset: z.string(),
  fields: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())])),
  raw: z.string(),
});
export const EventPageView = z.object({ events: z.array(EventRow), next: z.string().optional() });
export type EventPageView = z.infer<typeof EventPageView>;

export const HistogramView = z.object({
  interval: z.number(),
  buckets: z.array(z.object({ time: z.number(), count: z.number().int() })),
});
export type HistogramView = z.infer<typeof HistogramView>;

/** Which fields the newest matching events have: in how many of the sampled ones. */
export const EventFieldsView = z.object({
  sampled: z.number().int(),
  fields: z.array(z.object({ name: z.string(), count: z.number().int() })),
});
export type EventFieldsView = z.infer<typeof EventFieldsView>;

/** What the values of a field are like; see `FieldStatistics`. */
export const FieldStatisticsView = z.object({
  field: z.string(),
  events: z.number().int(),
  present: z.number().int(),
  distinct: z.number().int(),
  more: z.literal(true).optional(),
  numbers: z
    .object({
      count: z.number().int(),
      min: z.number(),
      max: z.number(),
      mean: z.number(),
      p50: z.number(),
      p95: z.number(),
      p99: z.number(),
    })
    .optional(),
});
export type FieldStatisticsView = z.infer<typeof FieldStatisticsView>;

/** How far a question is: `share` from 0 to 1, null where the store cannot tell; `elapsed` in milliseconds. */
export const RunningQueryView = z.object({ share: z.number().nullable(), elapsed: z.number().int() });
export type RunningQueryView = z.infer<typeof RunningQueryView>;

/** The most frequent values of a field; `present` of `events` matching events have it. */
export const EventValuesView = z.object({
  field: z.string(),
  events: z.number().int(),
  present: z.number().int(),
  values: z.array(z.object({ value: z.string(), count: z.number().int() })),
});
export type EventValuesView = z.infer<typeof EventValuesView>;
