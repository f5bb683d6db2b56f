import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { StoreError } from '../error.ts';
import { Chunks, shapeOf } from './chunks.ts';
import { writeIndex } from './gram-files.ts';
import { GramCollector } from './grams.ts';
import { idBytes, type PackedIds, packIds } from './ids.ts';
import type { ParquetFile } from './manifest.ts';
import { level } from './merge.ts';
import { type Facts, writeParquet } from './parquet.ts';
import { type Part, partition, type ReadSegment, type Rows } from './partition.ts';
import { record } from './record.ts';
import type { RowTable } from './row-table.ts';
import type { Place } from './seal.ts';
import { openSegment, readSegmentName } from './segment.ts';
import { TextMemory } from './text-memory.ts';

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
  place: Place,
  segments: readonly string[],
  expected: number,
  nextFile: number,
  rowTable: RowTable,
): Promise<Converted> {
  const read: ReadSegment[] = [];
  for (const path of segments)
    read.push(openSegment(await readFile(path), readSegmentName(basename(path))!, place.seal));
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
      files.push(await convertPart(connection, place, rows, part, memory, number++, rowTable));
    return { files, nextFile: number, ids: idsOf(rows) };
  } finally {
    memory.release();
  }
}

async function convertPart(
  connection: DuckDBConnection,
  place: Place,
  rows: Rows,
  part: Part,
  memory: TextMemory,
  number: number,
  rowTable: RowTable,
): Promise<ParquetFile> {
  const grams = new GramCollector();
  const textIds = part.rows.some((row) => rows.isUuid[row] === 0);
  const shape = shapeOf(part.used, textIds);
  const chunks = new Chunks(shape, rows, part.rows, memory, grams);
  const day = new Date(part.day * 86_400_000).toISOString().slice(0, 10);
  const file = {
    day,
    dataset: part.dataset,
    number,
    columns: shape.columns,
    level,
    encrypted: place.seal !== undefined,
  };
  const facts = (): Facts => ({
    rows: part.rows.length,
    minTime: rows.time[part.rows[0]!]!,
    maxTime: rows.time[part.rows.at(-1)!]!,
    ...chunks.ids,
  });
  const written = await rowTable(chunks, (table) =>
    writeParquet(connection, place.folder, table, file, facts),
  );
  return writeIndex(place, written, [grams.finish()]);
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
