import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFile } from './disk.ts';
import { decodeGrams, encodeGrams, type Grams, joinGrams, mayHold } from './grams.ts';
import type { ParquetFile } from './manifest.ts';
import type { Place } from './seal.ts';

const cachedBytes = 64 * 1024 * 1024;
const mostRanges = 64;

/** The index file beside a Parquet file. */
export function gramPath(path: string): string {
  return path.replace(/\.parquet$/, '.grams');
}

/** Writes the index beside a Parquet file. INVARIANT: an index speaks for every row of its file, or there is none. */
export async function writeIndex(
  { folder, seal }: Place,
  file: ParquetFile,
  stretches: readonly Grams[],
): Promise<ParquetFile> {
  const plain = encodeGrams(stretches);
  const bytes = seal === undefined ? plain : seal.grams.seal(plain);
  const path = join(folder, gramPath(file.path));
  await writeFile(path, bytes);
  await syncFile(path);
  return { ...file, bytes: file.bytes + bytes.length };
}

/** Gives a file that was made out of others their indexes, where all of them have one. */
export async function inheritIndex(
  place: Place,
  file: ParquetFile,
  from: readonly ParquetFile[],
): Promise<ParquetFile> {
  const stretches: Grams[] = [];
  for (const one of from) {
    const found = await readIndex(place, one);
    if (found === undefined) return file;
    stretches.push(...found);
  }
  return writeIndex(place, file, joinGrams(stretches));
}

async function readIndex(
  { folder, seal }: Place,
  { path, encrypted }: ParquetFile,
): Promise<readonly Grams[] | undefined> {
  try {
    const bytes = await readFile(join(folder, gramPath(path)));
    const plain = encrypted ? seal?.grams.open(bytes) : bytes;
    return plain && decodeGrams(plain);
  } catch {
    return undefined;
  }
}

export interface Range {
  readonly from: number;
  readonly to: number;
}

export interface Candidates {
  readonly files: readonly ParquetFile[];
  /** Where in time the texts can be, at most 64 ranges; absent where they can be anywhere. */
  readonly ranges?: readonly Range[];
}

/** Says in which files, and when, some texts can occur. Keeps the indexes that it read last in memory. */
export class GramIndex {
  readonly #place: Place;
  readonly #cache = new Map<string, readonly Grams[]>();
  #bytes = 0;

  constructor(place: Place) {
    this.#place = place;
  }

  async candidates(files: readonly ParquetFile[], texts: readonly string[]): Promise<Candidates> {
    if (texts.length === 0) return { files };
    const kept: ParquetFile[] = [];
    const ranges: Range[] = [];
    for (const file of files) {
      const stretches = await this.#read(file);
      if (stretches === undefined) {
        kept.push(file);
        ranges.push({ from: file.minTime, to: file.maxTime });
        continue;
      }
      const hits = stretches.filter((stretch) => texts.every((text) => mayHold(stretch, text)));
      if (hits.length === 0) continue;
      kept.push(file);
      for (const { minTime, maxTime } of hits) ranges.push({ from: minTime, to: maxTime });
    }
    const joined = joinRanges(ranges);
    return joined.length > mostRanges ? { files: kept } : { files: kept, ranges: joined };
  }

  async #read(file: ParquetFile): Promise<readonly Grams[] | undefined> {
    const { path } = file;
    const cached = this.#cache.get(path);
    if (cached !== undefined) {
      this.#cache.delete(path);
      this.#cache.set(path, cached);
      return cached;
    }
    const found = await readIndex(this.#place, file);
    if (found === undefined) return undefined;
    this.#cache.set(path, found);
    this.#bytes += size(found);
    for (const [oldest, grams] of this.#cache) {
      if (this.#bytes <= cachedBytes) break;
      this.#cache.delete(oldest);
      this.#bytes -= size(grams);
    }
    return found;
  }
}

function size(stretches: readonly Grams[]): number {
  return stretches.reduce((sum, { bits }) => sum + bits.byteLength, 0);
}

function joinRanges(ranges: readonly Range[]): readonly Range[] {
  const joined: Range[] = [];
  for (const range of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = joined.at(-1);
    if (last !== undefined && range.from <= last.to + 1) {
      joined[joined.length - 1] = { from: last.from, to: Math.max(last.to, range.to) };
    } else {
      joined.push(range);
    }
  }
  return joined;
}
