import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { dataPaths } from '../boot/data-folder.ts';

const State = z.object({
  /** Epoch milliseconds of the newest backup, and of the newest restore that was opened and read. */
  created: z.number().optional(),
  proven: z.number().optional(),
});
export type BackupState = z.infer<typeof State>;

/** When this data folder was last backed up, and when a restore of it was last proven. */
export function readBackupState(data: string): BackupState {
  try {
    return State.parse(JSON.parse(readFileSync(join(dataPaths(data).path, 'backup.json'), 'utf8')));
  } catch {
    // Never backed up, or unreadable, which is the same to who must act on it.
    return {};
  }
}

export function noteBackup(data: string, change: BackupState): void {
  const file = join(dataPaths(data).path, 'backup.json');
  writeFileSync(`${file}.new`, JSON.stringify({ ...readBackupState(data), ...change }), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
