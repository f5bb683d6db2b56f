import { type FileHandle, mkdir, open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Event } from '@kydai/contracts';
import { StoreError } from '../error.ts';
import { diskError, freeBytes, removeFile, syncFolder, writeAll } from '../lake/disk.ts';
import { encodeFrame } from '../lake/encode.ts';
import { frameShape, markFrame, scanFrames } from '../lake/frame.ts';
import { newSegment, segmentsIn } from '../lake/segment.ts';
import { eventsOf } from '../lake/stored.ts';

const segmentBytes = 8 * 1024 * 1024;
const pendingBytes = 64 * 1024 * 1024;
const reserveBytes = 64 * 1024 * 1024;

interface Append {
  readonly frame: Buffer;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** One file of the spool, oldest first. */
interface Segment {
  readonly path: string;
  readonly marker: Buffer;
  events: number;
  bytes: number;
}

/**
 * A queue of events on disk: write-ahead segments in the lake's format, in the order in which they came, with nothing
 * of them in memory.
 *
 * INVARIANT: an append resolves once its events are on disk, and a segment is deleted only after all its events were
 * taken. After a kill the oldest segment is handed out again from its beginning.
 */
export class Spool {
  readonly #folder: string;
  readonly #segments: Segment[];
  #next: number;
  #handle: FileHandle | undefined;
  #waiting: Append[] = [];
  #waitingBytes = 0;
  #running: Promise<void> | undefined;
  #closed = false;

  static async open(folder: string): Promise<Spool> {
    await mkdir(folder, { recursive: true });
    const names = segmentsIn(await readdir(folder));
    const segments: Segment[] = [];
    for (const { name, marker } of names) {
      const path = join(folder, name);
      const content = await readFile(path);
      const { frames } = scanFrames(content, marker);
      if (frames.length === 0) await removeFile(path);
      else
        segments.push({
          path,
          marker,
          events: frames.reduce((sum, { events }) => sum + events, 0),
          bytes: content.length,
        });
    }
    return new Spool(folder, segments, (names.at(-1)?.number ?? 0) + 1);
  }

  private constructor(folder: string, segments: Segment[], next: number) {
    this.#folder = folder;
    this.#segments = segments;
    this.#next = next;
  }

  /** Events that wait. */
  get size(): number {
    return this.#segments.reduce((sum, { events }) => sum + events, 0);
  }

  get empty(): boolean {
    return this.#segments.length === 0 && this.#waiting.length === 0 && this.#running === undefined;
  }

  /** Rejects with `busy`, `disk-full`, `invalid-event` or `closed`, and nothing kept. */
  append(events: readonly Event[]): Promise<void> {
    if (this.#closed) return Promise.reject(new StoreError('closed', 'the event store is closed'));
    if (events.length === 0) return Promise.resolve();
    if (this.#waitingBytes >= pendingBytes)
      return Promise.reject(
        new StoreError('busy', 'too many events wait to be written; send them again later'),
      );
    let frame: Buffer;
    try {
      frame = encodeFrame(events);
    } catch (error) {
      return Promise.reject(error);
    }
    this.#waitingBytes += frame.length;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ frame, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /**
   * Hands out the oldest segment's events in order, and deletes it once `take` has resolved for all of them. Resolves to
   * false when there is none. What `take` rejects with leaves the segment as it is.
   */
  async drain(take: (events: readonly Event[]) => Promise<void>): Promise<boolean> {
    while (this.#running !== undefined) await this.#running;
    const segment = this.#segments[0];
    if (segment === undefined) return false;
    if (this.#segments.length === 1) await this.#seal();
    const content = await readFile(segment.path);
    for (const frame of scanFrames(content, segment.marker).frames) await take(eventsOf(content, frame));
    await removeFile(segment.path);
    await syncFolder(this.#folder);
    this.#segments.shift();
    return true;
  }

  /** What waits now, oldest first, without taking it. */
  async *peek(): AsyncGenerator<readonly Event[], void, undefined> {
    while (this.#running !== undefined) await this.#running;
    for (const { path, marker } of [...this.#segments]) {
      const content = await readFile(path).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return Buffer.alloc(0);
        throw error;
      });
      for (const frame of scanFrames(content, marker).frames) yield eventsOf(content, frame);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    while (this.#running !== undefined) await this.#running;
    await this.#seal();
  }

  async #seal(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  async #run(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const group = this.#waiting;
      this.#waiting = [];
      this.#waitingBytes = 0;
      try {
        await this.#write(group);
        for (const { resolve } of group) resolve();
      } catch (error) {
        // What a failed write left is behind the last intact frame or is cut off with the segment.
        await this.#seal().catch(() => undefined);
        const failure = diskError(error);
        for (const { reject } of group) reject(failure);
      }
    }
    this.#running = undefined;
  }

  async #write(group: readonly Append[]): Promise<void> {
    if ((await freeBytes(this.#folder)) < reserveBytes)
      throw new StoreError(
        'disk-full',
        'the disk of the event spool is nearly full: nothing was kept; free some space',
      );
    let segment = this.#segments.at(-1);
    if (this.#handle === undefined || segment === undefined || segment.bytes >= segmentBytes) {
      await this.#seal();
      const { name, marker } = newSegment(this.#next++, false);
      const path = join(this.#folder, name);
      this.#handle = await open(path, 'wx');
      await syncFolder(this.#folder);
      segment = { path, marker, events: 0, bytes: 0 };
      this.#segments.push(segment);
    }
    for (const { frame } of group) markFrame(frame, segment.marker);
    const frames = Buffer.concat(group.map(({ frame }) => frame));
    try {
      await writeAll(this.#handle, [frames], segment.bytes);
      await this.#handle.datasync();
    } catch (error) {
      await this.#handle.truncate(segment.bytes).catch(() => undefined);
      if (segment.events === 0) this.#segments.pop();
      throw error;
    }
    segment.bytes += frames.length;
    for (const { frame } of group) segment.events += frameShape(frame).events;
  }
}
