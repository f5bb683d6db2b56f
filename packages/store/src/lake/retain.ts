import type { DuckDBConnection } from '@duckdb/node-api';
import { literal } from '../filter/columns.ts';
import { inheritIndex } from './gram-files.ts';
import type { LegalHold, Manifest, ParquetFile } from './manifest.ts';
import { level } from './merge.ts';
import { parquetRows, writeParquet } from './parquet.ts';
import type { Place } from './seal.ts';

export interface Retained {
  readonly manifest: Manifest;
  readonly removed: number;
  /** Paths of the files that the new manifest no longer names. */
  readonly dropped: readonly string[];
}

/** An event with a time in the future is as old as its receipt: a device's wrong clock does not keep it for ever. */
const age = 'least(time, received)';

/** The events that a legal hold keeps, as SQL. */
function held({ dataset, from, to }: LegalHold): string {
  const parts = ['true'];
  if (dataset !== undefined) parts.push(`dataset = ${literal(dataset)}`);
  if (from !== undefined) parts.push(`time >= ${from}`);
  if (to !== undefined) parts.push(`time < ${to}`);
  return parts.join(' and ');
}

/**
 * Leaves out the events of a dataset (of every one, without) that are older than `before` and under no legal hold. A file that is old as a
 * whole is dropped, one that is old in part is written again without its old rows. Nothing changes until the returned
 * manifest is written.
 */
export async function removeOld(
  connection: DuckDBConnection,
  place: Place,
  manifest: Manifest,
  dataset: string | undefined,
  before: number,
): Promise<Retained> {
  const { folder } = place;
  let { nextFile } = manifest;
  let removed = 0;
  const dropped: string[] = [];
  const files: ParquetFile[] = [];
  const old = [
    Number.isFinite(before) ? `${age} < ${Math.ceil(before)}` : before > 0 ? 'true' : 'false',
    ...(dataset === undefined ? [] : [`dataset = ${literal(dataset)}`]),
    ...manifest.holds.map((hold) => `not (${held(hold)})`),
  ].join(' and ');
  for (const file of manifest.files) {
    const concerned = dataset === undefined || file.dataset === null || file.dataset === dataset;
    const rows = parquetRows(folder, [file]);
    const count = concerned
      ? Number(
          (
            await connection.runAndReadAll(`select count(*) as n from ${rows} where ${old}`)
          ).getRowObjectsJS()[0]!['n'],
        )
      : 0;
    if (count === 0) {
      files.push(file);
      continue;
    }
    removed += count;
    dropped.push(file.path);
    if (count === file.rows) continue;
    const kept = `(select * from ${rows} where not (${old}) order by time, id)`;
    const next = { ...file, number: nextFile++, level, encrypted: place.seal !== undefined };
    files.push(await inheritIndex(place, await writeParquet(connection, folder, kept, next), [file]));
  }
  return { manifest: { ...manifest, nextFile, files }, removed, dropped };
}
