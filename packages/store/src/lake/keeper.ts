// One file because segments, conversions and the manifest take turns under one lock.
// One file because each step changes the manifest, the live segments and what may be deleted together.
import { join } from 'node:path';
import type { Clock, Event, EventStoreStats } from '@kydai/contracts';
import { StoreError } from '../error.ts';
import { Converter } from './converter.ts';
import { diskError, freeBytes, removeFile, syncFolder } from './disk.ts';
import type { Duck } from './duck.ts';
import { extent, removeLeftovers, smallFiles } from './files.ts';
import { GramIndex, gramPath, inheritIndex } from './gram-files.ts';
import { holdsId, type PackedIds } from './ids.ts';
import type { LakeLimits } from './limits.ts';
import { type LiveSegment, liveView } from './live.ts';
import { type LegalHold, type Manifest, readManifest, writeManifest } from './manifest.ts';
import { recoverSegments } from './recover.ts';
import { removeOld } from './retain.ts';
import type { Place } from './seal.ts';
import type { View } from './search.ts';
import { Wal } from './wal.ts';

export interface KeeperParts {
  readonly place: Place;
  /** From which the keys of an encrypted lake come. */
  readonly secret: Uint8Array | undefined;
  readonly clock: Clock;
  readonly limits: LakeLimits;
  readonly duck: Duck;
  readonly kept: (events: readonly Event[]) => void;
}

/** Conversions whose ids are still recognised as repeats. */
const remembered = 2;
const retryAfter = 5_000;

/**
 * Keeps the lake: which segments are live, which Parquet files count, and what happens in the background. Changes of
 * the manifest happen one at a time; queries see the state in which they began, and files that a query may still read
 * stay until it has ended.
 */
export class Keeper {
  readonly #parts: KeeperParts;
  readonly #live: LiveSegment[];
  readonly #grams: GramIndex;
  readonly #wal: Wal;
  readonly #converter: Converter;
  #manifest: Manifest;
  #recent: PackedIds[] = [];
  #chores: Promise<unknown> = Promise.resolve();
  #working = false;
  #failure: StoreError | undefined;
  #retryAt = 0;
  #convertedAt = Number.NEGATIVE_INFINITY;
  /** Nothing is left to merge. */
  #merged = false;
  #progress: (() => void)[] = [];
  /** Counts the changes of the manifest. */
  #generation = 0;
  /** By generation: how many queries that began in it still run. */
  readonly #reading = new Map<number, number>();
  #garbage: { readonly path: string; readonly generation: number }[] = [];
  #checkedAt = 0;
  #closed = false;
  readonly #timer: NodeJS.Timeout;

  static async open(parts: KeeperParts): Promise<Keeper> {
    const { place } = parts;
    const { folder } = place;
    const manifest = await withKey(place, await readManifest(folder));
    await removeLeftovers(folder, manifest);
    const live = await recoverSegments(place, manifest.converted, parts.clock.now());
    return new Keeper(parts, manifest, live);
  }

  private constructor(parts: KeeperParts, manifest: Manifest, live: LiveSegment[]) {
    this.#parts = parts;
    this.#manifest = manifest;
    this.#live = live;
    this.#grams = new GramIndex(parts.place);
    this.#converter = new Converter(parts.duck, parts.place, parts.secret, parts.limits);
    this.#wal = new Wal({
      folder: join(parts.place.folder, 'wal'),
      seal: parts.place.seal,
      now: () => parts.clock.now(),
      segmentBytes: parts.limits.segmentBytes,
      pendingBytes: parts.limits.pendingBytes,
      next: Math.max(manifest.converted, ...live.map(({ number }) => number)) + 1,
      highest: live.reduce((most, { highest }) => (highest > most ? highest : most), ''),
      admit: () => this.#admit(),
      seen: (id) =>
        this.#live.some((segment) => segment.has(id)) || this.#recent.some((ids) => holdsId(ids, id)),
      opened: (segment) => this.#live.push(segment),
      sealed: () => this.#wake(),
      kept: parts.kept,
    });
    this.#timer = setInterval(() => this.#tick(), Math.min(1_000, parts.limits.segmentAge));
    this.#timer.unref();
    this.#wake();
  }

  append(events: readonly Event[]): Promise<void> {
    return this.#wal.append(events);
  }

  /** Runs a query on the lake as it is now. */
  async view<T>(query: (view: View) => Promise<T>): Promise<T> {
    const view = {
      folder: this.#parts.place.folder,
      files: this.#manifest.files,
      live: liveView(this.#live),
      grams: this.#grams,
    };
    const generation = this.#generation;
    this.#reading.set(generation, (this.#reading.get(generation) ?? 0) + 1);
    try {
      return await query(view);
    } finally {
      const left = this.#reading.get(generation)! - 1;
      if (left > 0) this.#reading.set(generation, left);
      else this.#reading.delete(generation);
      this.#sweep();
    }
  }

  stats(): EventStoreStats {
    return { ...extent(this.#manifest.files, this.#live), bytes: this.#bytes() };
  }

  #bytes(): number {
    return (
      this.#manifest.files.reduce((sum, { bytes }) => sum + bytes, 0) +
      this.#live.reduce((sum, { bytes }) => sum + bytes, 0)
    );
  }

  async retain(dataset: string | undefined, before: number): Promise<number> {
    if (typeof before !== 'number' || Number.isNaN(before)) {
      throw new StoreError('query', '`before` must be a time in epoch milliseconds');
    }
    await this.flush().catch((error) => {
      // Deleting is what makes room again.
      if (!(error instanceof StoreError && error.code === 'disk-full')) throw error;
    });
    return this.#chore(async () => {
      const result = await this.#parts.duck.work((connection) =>
        removeOld(connection, this.#parts.place, this.#manifest, dataset, before),
      );
      if (result.removed > 0) await this.#replace(result.manifest, result.dropped);
      return result.removed;
    });
  }

  get holds(): readonly LegalHold[] {
    return this.#manifest.holds;
  }

  /** Replaces the legal holds; durable when it resolves. */
  setHolds(change: (holds: readonly LegalHold[]) => readonly LegalHold[]): Promise<void> {
    return this.#chore(() => this.#replace({ ...this.#manifest, holds: change(this.#manifest.holds) }, []));
  }

  async flush(): Promise<void> {
    await this.#wal.seal();
    await this.#chore(() => this.#convertAll({ merge: false }));
  }

  async compact(): Promise<void> {
    await this.flush();
    while (!this.#closed && (await this.#chore(() => this.#mergeSome(true)))) this.#tell();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#wal.close();
    await this.#chores.catch(() => undefined);
    await this.#converter.close();
    this.#sweep();
  }

  /** Work that changes the manifest, one at a time and in order. */
  #chore<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#chores.then(work);
    this.#chores = done.catch(() => undefined);
    return done;
  }

  #tick(): void {
    const { clock, limits } = this.#parts;
    const now = clock.now();
    const old = this.#live.some(
      ({ sealed, events, began }) => !sealed && events > 0 && now - began >= limits.segmentAge,
    );
    if (old) void this.#wal.seal().catch(() => undefined);
    if (this.#failure === undefined ? !this.#merged : performance.now() >= this.#retryAt) this.#wake();
  }

  /** Starts the background conversion, unless it runs already. */
  #wake(): void {
    if (this.#working || this.#closed) return;
    this.#working = true;
    void this.#chore(() => this.#convertAll({ merge: true }))
      .catch(() => undefined)
      .finally(() => {
        this.#working = false;
        if (this.#failure === undefined && this.#live.some(({ sealed }) => sealed)) this.#wake();
      });
  }

  async #convertAll({ merge }: { readonly merge: boolean }): Promise<void> {
    try {
      // Conversion before merging, each time: appends wait for the one and nothing waits for the other.
      while (!this.#closed && ((await this.#convertSome()) || (merge && (await this.#mergeSome()))))
        this.#tell();
      this.#failure = undefined;
    } catch (error) {
      this.#failure = diskError(error);
      this.#retryAt = performance.now() + retryAfter;
      throw this.#failure;
    } finally {
      this.#tell();
    }
  }

  #tell(): void {
    for (const go of this.#progress.splice(0)) go();
  }

  async #convertSome(): Promise<boolean> {
    const segments = this.#sealedSegments();
    if (segments.length === 0) return false;
    const { folder } = this.#parts.place;
    const { files, nextFile, ids } = await this.#converter.convert(segments, this.#manifest.nextFile);
    const manifest = {
      ...this.#manifest,
      converted: segments.at(-1)!.number,
      nextFile,
      files: [...this.#manifest.files, ...files],
    };
    await writeManifest(folder, manifest);
    // From here the Parquet files count and the segments do not, in one step for every query.
    this.#manifest = manifest;
    this.#live.splice(0, segments.length);
    this.#convertedAt = performance.now();
    this.#merged = false;
    this.#recent = [...this.#recent, ids].slice(-remembered);
    for (const { path } of segments) await removeFile(path);
    await syncFolder(join(folder, 'wal'));
    return true;
  }

  /** The oldest that are ready for conversion, about two segments, because they are read whole. */
  #sealedSegments(): readonly LiveSegment[] {
    let bytes = 0;
    return this.#live
      .filter(({ sealed }) => sealed)
      .filter((segment, at) => {
        bytes += segment.bytes;
        return at === 0 || bytes <= 2.5 * this.#parts.limits.segmentBytes;
      });
  }

  async #mergeSome(now = false): Promise<boolean> {
    const { place, limits } = this.#parts;
    // Merging can wait for a quiet moment, unless the files become too many for queries.
    const quiet = now || performance.now() - this.#convertedAt >= limits.mergeQuiet;
    if (this.#merged || !(quiet || this.#manifest.files.length > limits.manyFiles)) return false;
    const group = smallFiles(this.#manifest.files, limits);
    this.#merged = group === undefined;
    if (group === undefined) return false;
    const merged = await this.#converter.merge(group, this.#manifest.nextFile);
    const indexed = await inheritIndex(place, merged, group);
    const rest = this.#manifest.files.filter((file) => !group.includes(file));
    await this.#replace(
      { ...this.#manifest, nextFile: this.#manifest.nextFile + 1, files: [...rest, indexed] },
      group.map(({ path }) => path),
    );
    return true;
  }

  async #replace(manifest: Manifest, dropped: readonly string[]): Promise<void> {
    await writeManifest(this.#parts.place.folder, manifest);
    this.#manifest = manifest;
    for (const path of dropped) {
      for (const old of [path, gramPath(path)]) {
        this.#garbage.push({ path: join(this.#parts.place.folder, old), generation: this.#generation });
      }
    }
    this.#generation++;
    this.#sweep();
  }

  /** Deletes files that no manifest names and no query reads. What fails here is a leftover for the next start. */
  #sweep(): void {
    const oldest = Math.min(...this.#reading.keys());
    const free = this.#garbage.filter(({ generation }) => generation < oldest);
    this.#garbage = this.#garbage.filter(({ generation }) => generation >= oldest);
    for (const { path } of free) void removeFile(path).catch(() => undefined);
  }

  /** Whether the write-ahead log may take more now; waits while the conversion is behind. */
  async #admit(): Promise<void> {
    const { place, limits } = this.#parts;
    while (this.#live.filter(({ sealed }) => sealed).length >= limits.backlog) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#closed) throw new StoreError('closed', 'the event store is closed');
      await new Promise<void>((resolve) => this.#progress.push(resolve));
    }
    if (this.#bytes() >= limits.maxBytes) {
      throw new StoreError(
        'disk-full',
        'the event store has reached its size limit: nothing was kept; delete old events',
      );
    }
    if (performance.now() - this.#checkedAt < 200) return;
    if ((await freeBytes(place.folder)) < limits.reserveBytes) {
      throw new StoreError(
        'disk-full',
        'the disk of the event store is nearly full: nothing was kept; free some space',
      );
    }
    this.#checkedAt = performance.now();
  }
}

/**
 * Notes the key of a lake that gets one. From then on everything new is encrypted; what is there stays as it is until it
 * is merged or deleted. Rejects with `key` where the lake has another, or none is given.
 */
async function withKey({ folder, seal }: Place, manifest: Manifest): Promise<Manifest> {
  if (manifest.key === seal?.id) return manifest;
  if (manifest.key !== undefined) {
    const why =
      seal === undefined
        ? 'the event store is encrypted; give its key'
        : 'the key is not that of the event store';
    throw new StoreError('key', why);
  }
  const noted = { ...manifest, key: seal!.id };
  await writeManifest(folder, noted);
  return noted;
}
