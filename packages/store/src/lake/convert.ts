import { readFile } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { StoreError } from '../error.ts';
import { scanFrames } from './frame.ts';
import { writeIndex } from './gram-files.ts';
import { GramCollector } from './grams.ts';
import { idBytes, type PackedIds, packIds } from './ids.ts';
import type { ParquetFile } from './manifest.ts';
import { type Facts, writeParquet } from './parquet.ts';
import { type Part, partition, type ReadSegment, type Rows } from './partition.ts';
import { record } from './record.ts';
import { appendRows, createStaging, TextMemory } from './staging.ts';

/** Converted files are nearly as small at the quickest level as at any other. */
const quick = 1;

/** A write-ahead segment to convert. */
export interface SealedSegment {
  readonly path: string;
  readonly marker: Uint8Array;
}

export interface Converted {
  readonly files: readonly ParquetFile[];
  readonly nextFile: number;
  /** Of each event. */
  readonly ids: PackedIds;
}

/**
 * Turns write-ahead segments into Parquet files, one for each day and dataset, with their indexes. The files are
 * durable afterwards, but count only once the manifest names them. Rejects with `damaged` when the segments do not hold
 * `expected` events.
 */
export async function convertSegments(
  connection: DuckDBConnection,
  folder: string,
  segments: readonly SealedSegment[],
  expected: number,
  nextFile: number,
): Promise<Converted> {
  const read: ReadSegment[] = [];
  for (const { path, marker } of segments) {
    const content = await readFile(path);
    read.push({ content, frames: scanFrames(content, Buffer.from(marker)).frames });
  }
  const rows = partition(read);
  if (rows.count !== expected) {
    throw new StoreError(
      'damaged',
      `write-ahead segments hold ${rows.count} events where ${expected} were written; they are kept as they are`,
    );
  }
  const memory = new TextMemory(read.map(({ content }) => content));
  try {
    const files: ParquetFile[] = [];
    let number = nextFile;
    for (const part of rows.parts)
      files.push(await convertPart(connection, folder, rows, part, memory, number++));
    return { files, nextFile: number, ids: idsOf(rows) };
  } finally {
    memory.release();
    await connection.run('drop table if exists staging');
  }
}

async function convertPart(
  connection: DuckDBConnection,
  folder: string,
  rows: Rows,
  part: Part,
  memory: TextMemory,
  number: number,
): Promise<ParquetFile> {
  const grams = new GramCollector();
  const textIds = part.rows.some((row) => rows.isUuid[row] === 0);
  const staging = await createStaging(connection, part.used, textIds);
  const { minId, maxId } = await appendRows(connection, staging, rows, part.rows, memory, grams);
  const facts: Facts = {
    rows: part.rows.length,
    minTime: rows.time[part.rows[0]!]!,
    maxTime: rows.time[part.rows.at(-1)!]!,
    minId,
    maxId,
  };
  const day = new Date(part.day * 86_400_000).toISOString().slice(0, 10);
  const file = { day, dataset: part.dataset, number, columns: staging.columns, level: quick };
  const written = await writeParquet(connection, folder, 'staging', file, facts);
  return writeIndex(folder, written, [grams.finish()]);
}

function idsOf({ count, ids, isUuid, records, frame, start }: Rows): PackedIds {
  const others: string[] = [];
  for (let row = 0; row < count; row++)
    if (isUuid[row] === 0) others.push(records[frame[row]!]!.textAt(start[row]! + record.id));
  if (others.length === 0) return packIds(ids, others);
  const uuids = Array.from(isUuid.entries()).flatMap(([row, is]) =>
    is === 1 ? [ids.subarray(row * idBytes, (row + 1) * idBytes)] : [],
  );
  return packIds(Buffer.concat(uuids), others);
}
