import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { BackupStanding, BackupsView } from '@kydai/contracts';
import { dataPaths } from '../boot/data-folder.ts';
import type { Config } from '../config/schema.ts';
import { keysElsewhere } from './elsewhere.ts';
import { backupCommands } from './ready.ts';
import { type Backup, backupTimes, readBackups } from './state.ts';

const day = 86_400_000;
/** A proven backup that is older than this should be followed by another, and one older than that is as good as none. */
const dueAfter = 7 * day;
const overdueAfter = 35 * day;

/** How a city stands with its backups: not when the last one was made, but of when the last one is that restores. */
export function standingOf(backups: readonly Backup[], now: number): BackupStanding {
  const [newest] = backups;
  if (newest === undefined) return 'none';
  if (newest.failed !== undefined) return 'failed';
  const { covers, created } = backupTimes(backups);
  if (covers === undefined) return now - created! > dueAfter ? 'overdue' : 'unproven';
  if (now - covers > overdueAfter) return 'overdue';
  return now - covers > dueAfter ? 'due' : 'proven';
}

/** All that the program knows of the backups of its data folder, and the commands to run next. */
export function backupsView(config: Config, now: number): BackupsView {
  const { path, keys } = dataPaths(config.data);
  const backups = readBackups(config.data);
  const { created, proven, covers } = backupTimes(backups);
  const disk = diskOf(path);
  return {
    at: now,
    standing: standingOf(backups, now),
    created: created ?? null,
    proven: proven ?? null,
    covers: covers ?? null,
    items: backups.map(({ id, made, file, bytes, proven, failed }) => ({
      id,
      made,
      file,
      bytes,
      place: placeOf(file, disk),
      proven: proven === undefined ? null : { ...proven, keys: proven.keys ?? null },
      failed: failed ?? null,
    })),
    notInIt: [
      ...tokensOf(keys).map((name) => ({ what: 'keys-in-token' as const, name })),
      ...(config.events.store === 'elasticsearch'
        ? [{ what: 'events-in-elasticsearch' as const, name: config.events.elasticsearch.stream }]
        : []),
    ],
    commands: backupCommands({ workingFolder: process.cwd(), data: config.data, newest: backups[0] }),
  };
}

function tokensOf(keysFolder: string): readonly string[] {
  return [...new Set(keysElsewhere(keysFolder).map(({ token }) => token))];
}

/** Whether a backup would be lost together with the disk of the data. */
function placeOf(file: string, dataDisk: number | undefined): BackupsView['items'][number]['place'] {
  const disk = diskOf(file) === undefined ? undefined : diskOf(dirname(resolve(file)));
  if (disk === undefined) return 'away';
  return disk === dataDisk ? 'beside' : 'elsewhere';
}

function diskOf(path: string): number | undefined {
  try {
    return statSync(path).dev;
  } catch {
    // Not there, or not for the eyes of the program: unseen, either way.
    return undefined;
  }
}
