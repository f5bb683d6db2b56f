import { copyFile, cp, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type PostgresPlace, snapshotLake, snapshotPostgresRecords, snapshotRecords } from '@kydai/store';
import { dataPaths } from '../boot/data-folder.ts';

/** What belongs to one run of the program alone, or is copied in its own way. */
const notCopied = new Set([
  'lock',
  'operator.json',
  'records.sqlite',
  'events',
  'keys',
  'detection.json',
  'audit-checkpoint.json',
  'backup.json',
]);

/** What must not be younger than the records: the log begins with what a kept checkpoint was signed over. */
const before = ['detection.json', 'audit-checkpoint.json'];

/**
 * Copies a data folder to `to`, also while the program works on it.
 *
 * INVARIANT: what is in the copy fits together. The kept checkpoint and the state of the detection are copied first: events
 * after it are judged again by the restored program, and none is taken for judged whose incident is missing. Then the
 * records with the audit log, in one transaction; then the events. Every act that was acknowledged before the call is in
 * the copy.
 */
export async function snapshotDataFolder(
  data: string,
  to: string,
  /** Where the records are, if not in the folder; in the copy they are a file in any case. */
  postgres?: PostgresPlace,
): Promise<void> {
  const { path, keys, events, recordsFile } = dataPaths(data);
  await mkdir(to, { recursive: true, mode: 0o700 });
  for (const name of before) await copyFile(join(path, name), join(to, name)).catch(ignoreMissing);
  const records = join(to, 'records.sqlite');
  await (postgres ? snapshotPostgresRecords(postgres, records) : snapshotRecords(recordsFile, records));
  // After the records: a key is on disk before a record speaks of it.
  await cp(keys, join(to, 'keys'), { recursive: true });
  for (const name of await readdir(path)) {
    const partial = name.startsWith('records.sqlite') || name.endsWith('.new') || name.startsWith('.');
    if (!partial && !notCopied.has(name)) await cp(join(path, name), join(to, name), { recursive: true });
  }
  await snapshotLake(events, join(to, 'events'));
}

function ignoreMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
}
