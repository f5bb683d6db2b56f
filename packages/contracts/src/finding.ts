import { z } from 'zod';

export const FindingSeverity = z.enum(['none', 'low', 'medium', 'high', 'critical', 'unknown']);
export type FindingSeverity = z.infer<typeof FindingSeverity>;

/** A component of a system that an advisory speaks of, with the proof. */
export const Finding = z
  .strictObject({
    /** The system or build that holds the component. */
    system: z.string(),
    component: z.strictObject({ name: z.string(), version: z.string(), purl: z.string() }).readonly(),
    advisory: z.string(),
    aliases: z.array(z.string()).readonly(),
    summary: z.string(),
    severity: FindingSeverity,
    /** CVSS base score where one could be computed. */
    score: z.number().nullable(),
    knownExploited: z.boolean(),
    malicious: z.boolean(),
    /** EPSS: how likely it is to be exploited within 30 days, 0 to 1. Absent where no score was imported. */
    epss: z.number().min(0).max(1).optional(),
    /** When the oldest of its records was published, RFC 3339; absent where no source says. */
    published: z.string().optional(),
    fixedVersions: z.array(z.string()).readonly(),
    direct: z.boolean(),
    /** Epoch ms when it was first found in this system; absent before the server keeps it. */
    found: z.number().optional(),
    /** Which range of which record matched, and against which database. */
    proof: z
      .strictObject({ record: z.string(), range: z.string(), comparator: z.string(), database: z.string() })
      .readonly(),
  })
  .readonly();
export type Finding = z.infer<typeof Finding>;
