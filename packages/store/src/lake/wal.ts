import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Event } from '@kydai/contracts';
import { StoreError } from '../error.ts';
import { diskError, syncFolder, writeAll } from './disk.ts';
import { encodeFrame } from './encode.ts';
import { markFrame } from './frame.ts';
import { type Extent, extentOf, LiveSegment } from './live.ts';
import type { Seal } from './seal.ts';
import { newSegment, sealFrame } from './segment.ts';

interface Append {
  readonly events: readonly Event[];
  /** All of them as one frame. */
  readonly frame: Buffer;
  readonly extent: Extent;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** What goes to disk for some of a group: a frame, and its events. */
type Part = Pick<Append, 'frame' | 'events' | 'extent'>;

export interface WalParts {
  readonly folder: string;
  readonly seal: Seal | undefined;
  readonly now: () => number;
  readonly segmentBytes: number;
  readonly pendingBytes: number;
  /** The number of the next segment. */
  readonly next: number;
  /** The highest id of the segments that are there. */
  readonly highest: string;
  /** Called before each group; rejects where nothing may be written now. */
  readonly admit: () => Promise<void>;
  /** Whether an event with this id is in the window in which repeats are recognised. */
  readonly seen: (id: string) => boolean;
  readonly opened: (segment: LiveSegment) => void;
  readonly sealed: (segment: LiveSegment) => void;
  /** Events that are durable now and were not before. */
  readonly kept: (events: readonly Event[]) => void;
}

const groupBytes = 4 * 1024 * 1024;
/** Appends of fewer events share a frame with their neighbours. */
const fewEvents = 64;

/**
 * The write-ahead log. What waits while a group is being made durable goes to disk as the next group: one write, one
 * fdatasync.
 *
 * INVARIANT: an append resolves only after its events are on disk, and when it rejects none of them are.
 */
export class Wal {
  readonly #parts: WalParts;
  #waiting: Append[] = [];
  #waitingBytes = 0;
  #running: Promise<void> | undefined;
  #closed = false;
  #next: number;
  #handle: FileHandle | undefined;
  #segment: LiveSegment | undefined;
  /** No id of the segments, or of those in which repeats are recognised, is above it. */
  #highest: string;
  /** Bytes after the good ones may be on disk: they must go before anything else is written. */
  #dirty = false;

  constructor(parts: WalParts) {
    this.#parts = parts;
    this.#next = parts.next;
    this.#highest = parts.highest;
  }

  append(events: readonly Event[]): Promise<void> {
    if (this.#closed) return Promise.reject(new StoreError('closed', 'the event store is closed'));
    if (events.length === 0) return Promise.resolve();
    if (this.#waitingBytes >= this.#parts.pendingBytes) {
      return Promise.reject(
        new StoreError('busy', 'too many events wait to be written; send them again later'),
      );
    }
    let frame: Buffer;
    try {
      frame = encodeFrame(events);
    } catch (error) {
      return Promise.reject(error);
    }
    this.#waitingBytes += frame.length;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ events, frame, extent: extentOf(events), resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Ends the segment that is being written, if it holds anything; resolves once that is so. */
  async seal(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    await this.#endSegment();
  }

  async close(): Promise<void> {
    this.#closed = true;
    while (this.#running !== undefined) await this.#running;
    if (this.#dirty) await this.#clean().catch(() => undefined);
    await this.#handle?.close();
    this.#handle = undefined;
  }

  async #run(): Promise<void> {
    // Let everything that arrives in this turn of the event loop join the first group.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) {
      const group = this.#take();
      try {
        await this.#parts.admit();
        await this.#write(group);
        for (const { resolve } of group) resolve();
      } catch (error) {
        const failure = diskError(error);
        for (const { reject } of group) reject(failure);
      }
    }
    this.#running = undefined;
  }

  #take(): Append[] {
    let count = 0;
    let size = 0;
    while (
      count < this.#waiting.length &&
      (count === 0 || size + this.#waiting[count]!.frame.length <= groupBytes)
    ) {
      size += this.#waiting[count++]!.frame.length;
    }
    this.#waitingBytes -= size;
    return this.#waiting.splice(0, count);
  }

  async #write(group: readonly Append[]): Promise<void> {
    const parts = this.#fresh(group);
    if (parts.length === 0) return;
    if (this.#dirty) await this.#clean();
    const segment = this.#segment ?? (await this.#openSegment());
    for (const { frame } of parts) markFrame(frame, segment.marker);
    const box = this.#parts.seal?.segment(segment.marker);
    const frames = parts.map(({ frame }) => (box === undefined ? frame : sealFrame(frame, box)));
    this.#dirty = true;
    try {
      await writeAll(this.#handle!, frames, segment.bytes);
      await this.#handle!.datasync();
    } catch (error) {
      await this.#clean().catch(() => undefined);
      throw error;
    }
    this.#dirty = false;
    if (segment.events === 0) segment.began = this.#parts.now();
    for (const frame of frames) segment.bytes += frame.length;
    for (const { frame, extent } of parts) segment.add(frame, extent);
    for (const { events } of parts) this.#parts.kept(events);
    if (segment.bytes >= this.#parts.segmentBytes) await this.#endSegment();
  }

  /** What of a group is not stored already, each id once. */
  #fresh(group: readonly Append[]): readonly Part[] {
    let ids: Set<string> | undefined;
    const isNew = (id: string) => {
      if (id > this.#highest) {
        this.#highest = id;
        ids?.add(id);
        return true;
      }
      ids ??= new Set(
        [...parts.flatMap(({ events }) => events), ...shared, ...taken].map((event) => event.id),
      );
      if (ids.has(id) || this.#parts.seen(id)) return false;
      ids.add(id);
      return true;
    };
    const parts: Part[] = [];
    let shared: Event[] = [];
    let taken: readonly Event[] = [];
    const share = () => {
      if (shared.length > 0)
        parts.push({ frame: encodeFrame(shared), events: shared, extent: extentOf(shared) });
      shared = [];
    };
    for (const part of group) {
      const { events, extent } = part;
      // Ids arrive in rising order, as UUIDs of version 7 do: those above all others need no looking up.
      if (ids === undefined && extent.rising && extent.lowest > this.#highest) {
        this.#highest = extent.highest;
        taken = events;
      } else {
        const some: Event[] = [];
        taken = some;
        for (const event of events) if (isNew(event.id)) some.push(event);
      }
      const whole = taken.length === events.length;
      if (whole && (group.length === 1 || taken.length >= fewEvents)) {
        share();
        parts.push(part);
      } else for (const event of taken) shared.push(event);
    }
    share();
    return parts;
  }

  async #openSegment(): Promise<LiveSegment> {
    const { name, marker } = newSegment(this.#next, this.#parts.seal !== undefined);
    const path = join(this.#parts.folder, name);
    const handle = await open(path, 'w');
    try {
      await syncFolder(this.#parts.folder);
    } catch (error) {
      await handle.close();
      throw error;
    }
    this.#handle = handle;
    this.#segment = new LiveSegment(this.#next++, path, marker);
    this.#parts.opened(this.#segment);
    return this.#segment;
  }

  /** Cuts off what a failed write may have left. */
  async #clean(): Promise<void> {
    await this.#handle?.truncate(this.#segment!.bytes);
    await this.#handle?.datasync();
    this.#dirty = false;
  }

  async #endSegment(): Promise<void> {
    const segment = this.#segment;
    if (segment === undefined || segment.events === 0 || this.#dirty) return;
    this.#segment = undefined;
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
    segment.sealed = true;
    this.#parts.sealed(segment);
  }
}
