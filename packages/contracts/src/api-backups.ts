import { z } from 'zod';

/**
 * How a city stands with its backups: `none` was made, the newest is `unproven` or `failed` its proof, the newest proven one
 * is `overdue` (of more than 35 days ago) or `due` (of more than 7), or it is `proven` and young.
 */
export const BackupStanding = z.enum(['none', 'failed', 'overdue', 'unproven', 'due', 'proven']);
export type BackupStanding = z.infer<typeof BackupStanding>;

/** The backups that were made or proven here. Times: epoch ms; null: never. `at` is now. */
export const BackupsView = z.object({
  at: z.number(),
  standing: BackupStanding,
  /** When the newest was made, and when a restore of one was last opened and read. */
  created: z.number().nullable(),
  proven: z.number().nullable(),
  /** When the newest one was made that is proven to restore: what was done since would be lost. */
  covers: z.number().nullable(),
  /** The newest first. */
  items: z.array(
    z.object({
      id: z.string(),
      made: z.number(),
      file: z.string(),
      bytes: z.number().int(),
      /** Whether the file lies on the disk of the data, on another one, or is not seen there any more. */
      place: z.enum(['beside', 'elsewhere', 'away']),
      /** What the restore held when it was last proven; `keys` is null where their passphrase was not given. */
      proven: z
        .object({
          at: z.number(),
          entries: z.number().int(),
          checkpoints: z.number().int(),
          events: z.number().int(),
          keys: z.number().int().nullable(),
        })
        .nullable(),
      failed: z.object({ at: z.number(), why: z.string() }).nullable(),
    }),
  ),
  /** What no backup of ours holds: the token, or the data stream. */
  notInIt: z.array(
    z.object({ what: z.enum(['keys-in-token', 'events-in-elasticsearch']), name: z.string() }),
  ),
  /** Commands for a shell on the machine of the program; `verify` is null where there is nothing to prove. */
  commands: z.object({ create: z.string(), verify: z.string().nullable(), nightly: z.string() }),
});
export type BackupsView = z.infer<typeof BackupsView>;
