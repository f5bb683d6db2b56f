import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { EventStoreStats } from '@kydai/contracts';
import { StoreError } from '../error.ts';
import { removeFile } from './disk.ts';
import type { LakeLimits } from './limits.ts';
import type { LiveSegment } from './live.ts';
import type { Manifest, ParquetFile } from './manifest.ts';

/** How many events there are, and the times of the oldest and the newest. */
export function extent(
  files: readonly ParquetFile[],
  live: readonly LiveSegment[],
): Omit<EventStoreStats, 'bytes'> {
  const parts = [
    ...files,
    ...live.map(({ events, minTime, maxTime }) => ({ rows: events, minTime, maxTime })),
  ];
  let events = 0;
  let oldest = Number.POSITIVE_INFINITY;
  let newest = Number.NEGATIVE_INFINITY;
  for (const { rows, minTime, maxTime } of parts) {
    events += rows;
    oldest = Math.min(oldest, minTime);
    newest = Math.max(newest, maxTime);
  }
  return events === 0 ? { events } : { events, oldest, newest };
}

/** Files of one day and dataset that are worth merging. */
export function smallFiles(
  files: readonly ParquetFile[],
  limits: LakeLimits,
): readonly ParquetFile[] | undefined {
  const groups = new Map<string, ParquetFile[]>();
  for (const file of files) {
    if (file.bytes >= limits.mergeBelowBytes) continue;
    // Files of like size together, so that a large one is not rewritten for each small one.
    const size = Math.floor(Math.log2(Math.max(1, file.bytes)) / 3);
    const key = JSON.stringify([file.day, file.dataset, size]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [file]);
    else group.push(file);
    if ((group?.length ?? 0) >= limits.mergeCount) return group;
  }
  return undefined;
}

/** Deletes what an interrupted step left behind. */
export async function removeLeftovers(folder: string, { files }: Manifest): Promise<void> {
  for (const name of await readdir(join(folder, 'tmp'))) {
    await rm(join(folder, 'tmp', name), { recursive: true, force: true });
  }
  const listed = new Set(files.map(({ path }) => path));
  const found = new Set<string>();
  for (const entry of await readdir(join(folder, 'parquet'), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name).slice(folder.length + 1);
    if (listed.has(path)) found.add(path);
    else if (path.endsWith('.grams') && listed.has(path.replace(/\.grams$/, '.parquet'))) continue;
    else await removeFile(join(folder, path));
  }
  const missing = files.find(({ path }) => !found.has(path));
  if (missing !== undefined) {
    throw new StoreError(
      'damaged',
      `the event store lacks \`${missing.path}\` with ${missing.rows} events; restore it from a backup`,
    );
  }
}
