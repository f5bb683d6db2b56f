import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Event } from '@kydai/contracts';
import { StoreError } from '../error.ts';
import { diskError, syncFolder } from './disk.ts';
import { encodeFrame } from './frame.ts';
import { encodeLine } from './line.ts';
import { addLive, IdSet, type LiveSegment, liveSegment } from './live.ts';
import { segmentName } from './recover.ts';

interface Append {
  readonly events: readonly Event[];
  /** Its lines, one after the other. */
  readonly text: string;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export interface WalParts {
  readonly folder: string;
  readonly now: () => number;
  readonly segmentBytes: number;
  readonly pendingBytes: number;
  /** The number of the next segment. */
  readonly next: number;
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
  /** Bytes after the good ones may be on disk: they must go before anything else is written. */
  #dirty = false;

  constructor(parts: WalParts) {
    this.#parts = parts;
    this.#next = parts.next;
  }

  append(events: readonly Event[]): Promise<void> {
    if (this.#closed) return Promise.reject(new StoreError('closed', 'the event store is closed'));
    if (events.length === 0) return Promise.resolve();
    if (this.#waitingBytes >= this.#parts.pendingBytes) {
      return Promise.reject(
        new StoreError('busy', 'too many events wait to be written; send them again later'),
      );
    }
    let text: string;
    try {
      text = encodeLines(events);
    } catch (error) {
      return Promise.reject(error);
    }
    this.#waitingBytes += text.length;
    return new Promise((resolve, reject) => {
      this.#waiting.push({ events, text, resolve, reject });
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
      (count === 0 || size + this.#waiting[count]!.text.length <= groupBytes)
    ) {
      size += this.#waiting[count++]!.text.length;
    }
    this.#waitingBytes -= size;
    return this.#waiting.splice(0, count);
  }

  async #write(group: readonly Append[]): Promise<void> {
    const { events, texts } = this.#fresh(group);
    if (events.length === 0) return;
    if (this.#dirty) await this.#clean();
    const segment = this.#segment ?? (await this.#openSegment());
    const frame = encodeFrame(texts, events.length);
    this.#dirty = true;
    try {
      await writeAll(this.#handle!, frame, segment.bytes);
      await this.#handle!.datasync();
    } catch (error) {
      await this.#clean().catch(() => undefined);
      throw error;
    }
    this.#dirty = false;
    if (segment.events.length === 0) segment.began = this.#parts.now();
    segment.bytes += frame.length;
    addLive(segment, events);
    this.#parts.kept(events);
    if (segment.bytes >= this.#parts.segmentBytes) await this.#endSegment();
  }

  /** The events of a group that are not stored already, each id once. */
  #fresh(group: readonly Append[]): { readonly events: Event[]; readonly texts: string[] } {
    const ids = new IdSet();
    const events: Event[] = [];
    const texts: string[] = [];
    for (const append of group) {
      const before = events.length;
      for (const event of append.events) {
        if (ids.has(event.id) || this.#parts.seen(event.id)) continue;
        ids.add(event.id);
        events.push(event);
      }
      const fresh = events.length - before;
      if (fresh === append.events.length) texts.push(append.text);
      else if (fresh > 0) texts.push(encodeLines(events.slice(before)));
    }
    return { events, texts };
  }

  async #openSegment(): Promise<LiveSegment> {
    const path = join(this.#parts.folder, segmentName(this.#next));
    const handle = await open(path, 'w');
    try {
      await syncFolder(this.#parts.folder);
    } catch (error) {
      await handle.close();
      throw error;
    }
    this.#handle = handle;
    this.#segment = liveSegment(this.#next++, path);
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
    if (segment === undefined || segment.events.length === 0 || this.#dirty) return;
    this.#segment = undefined;
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
    segment.sealed = true;
    this.#parts.sealed(segment);
  }
}

function encodeLines(events: readonly Event[]): string {
  let text = '';
  for (const event of events) text += encodeLine(event);
  return text;
}

async function writeAll(handle: FileHandle, bytes: Buffer, position: number): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
