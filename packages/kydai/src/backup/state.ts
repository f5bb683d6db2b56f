import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { dataPaths } from '../boot/data-folder.ts';

/** What a restore of a backup was found to hold, when it was opened and read. */
const Proof = z.object({
  at: z.number(),
  entries: z.number(),
  checkpoints: z.number(),
  events: z.number(),
  /** Authorities whose key signed; absent where nobody gave the passphrase of the keys. */
  keys: z.number().optional(),
});

const Backup = z.object({
  /** Made with the backup and carried in it. */
  id: z.uuid(),
  /** Epoch milliseconds: what was done before is in it. */
  made: z.number(),
  /** Where it was seen last, absolute. */
  file: z.string(),
  bytes: z.number(),
  /** The file that its passphrase was read from, absolute; absent where it came from the environment. */
  passphraseFile: z.string().optional(),
  proven: Proof.optional(),
  /** The newest attempt to prove it, where that failed. */
  failed: z.object({ at: z.number(), why: z.string() }).optional(),
});
export type Backup = z.infer<typeof Backup>;

const State = z.object({ backups: z.array(Backup) });

/** Backups that are remembered: a year of daily ones. */
const most = 400;
const name = 'backup.json';

/** The backups of a data folder that were made or proven here, the newest first. */
export function readBackups(data: string): readonly Backup[] {
  try {
    return State.parse(JSON.parse(readFileSync(join(dataPaths(data).path, name), 'utf8'))).backups;
  } catch {
    // Never backed up, or unreadable, which is the same to who must act on it.
    return [];
  }
}

/** Remembers a backup, in place of what was known of it. */
export function noteBackup(data: string, backup: Backup): void {
  const others = readBackups(data).filter(({ id }) => id !== backup.id);
  const backups = [backup, ...others].sort((a, b) => b.made - a.made).slice(0, most);
  const file = join(dataPaths(data).path, name);
  writeFileSync(`${file}.new`, JSON.stringify({ backups }), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

/** Remembers that the backup in a file could not be restored, where the file is a backup that is known. */
export function noteFailure(data: string, file: string, failed: { at: number; why: string }): void {
  const known = readBackups(data).find((backup) => backup.file === file);
  if (known !== undefined) noteBackup(data, { ...known, failed });
}

export interface BackupTimes {
  /** When the newest backup was made. */
  readonly created: number | undefined;
  /** When a restore was last proven. */
  readonly proven: number | undefined;
  /** When the newest backup was made that is proven to restore: what was done since would be lost. */
  readonly covers: number | undefined;
}

/** The times by which the backups of a folder are judged; undefined: never. */
export function backupTimes(backups: readonly Backup[]): BackupTimes {
  const whole = backups.filter(({ proven, failed }) => proven !== undefined && failed === undefined);
  const newest = (times: number[]) => (times.length === 0 ? undefined : Math.max(...times));
  return {
    created: newest(backups.map(({ made }) => made)),
    proven: newest(whole.map(({ proven }) => proven!.at)),
    covers: newest(whole.map(({ made }) => made)),
  };
}
