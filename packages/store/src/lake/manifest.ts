import { join } from 'node:path';
import { z } from 'zod';
import { StoreError } from '../error.ts';
import { readIfThere, replaceFile } from './disk.ts';

/** One Parquet file, with what is needed to leave it out of a query without opening it. */
export const ParquetFile = z
  .object({
    /** Relative to the lake's folder. */
    path: z.string(),
    /** UTC day under which it is filed, `2026-11-21`. */
    day: z.string(),
    /** Null where the file holds several datasets. */
    dataset: z.string().nullable(),
    rows: z.number().int(),
    bytes: z.number().int(),
    minTime: z.number(),
    maxTime: z.number(),
    minId: z.string(),
    maxId: z.string(),
    /** Which columns it has besides those that every file has; a column without a value is not written. */
    columns: z.array(z.string()).readonly(),
    encrypted: z.boolean().default(false),
  })
  .readonly();
export type ParquetFile = z.infer<typeof ParquetFile>;

/** Events that must not be deleted, whatever their age, until the hold is released. */
export const LegalHold = z
  .strictObject({
    id: z.string().min(1).max(200),
    /** Why, and by whose order. */
    reason: z.string().max(2_000),
    /** Of one dataset; of every one where absent. */
    dataset: z.string().max(1_024).optional(),
    /** Epoch milliseconds of the event's time: from, inclusive, and to, exclusive. */
    from: z.number().int().optional(),
    to: z.number().int().optional(),
  })
  .readonly();
export type LegalHold = z.infer<typeof LegalHold>;

/**
 * What the lake consists of. INVARIANT: replaced as a whole. An event is in the lake exactly when its Parquet file is
 * listed here, or when its write-ahead segment has a number above `converted`. Files that are not listed and segments
 * up to `converted` are leftovers of an interrupted step, and are deleted when the lake is opened.
 */
export const Manifest = z
  .object({
    version: z.literal(1),
    /** The highest write-ahead segment whose events are all in Parquet files. */
    converted: z.number().int(),
    /** Numbers the Parquet files. */
    nextFile: z.number().int(),
    files: z.array(ParquetFile).readonly(),
    holds: z.array(LegalHold).readonly().default([]),
    /** Which secret the lake is encrypted with, since there is one. */
    key: z.string().optional(),
  })
  .readonly();
export type Manifest = z.infer<typeof Manifest>;

const name = 'manifest.json';

export async function readManifest(folder: string): Promise<Manifest> {
  const text = await readIfThere(join(folder, name));
  if (text === undefined) return { version: 1, converted: 0, nextFile: 1, files: [], holds: [] };
  try {
    return Manifest.parse(JSON.parse(text));
  } catch (error) {
    throw new StoreError(
      'damaged',
      "the event store's manifest.json cannot be read; restore it from a backup",
      {
        cause: error,
      },
    );
  }
}

export async function writeManifest(folder: string, manifest: Manifest): Promise<void> {
  await replaceFile(join(folder, name), JSON.stringify(manifest));
}
