import type { Event } from '@kydai/contracts';
import { frameShape } from './frame.ts';
import { Records, StoredEvent } from './stored.ts';

interface LiveFrame {
  readonly records: Records;
  readonly minTime: number;
  readonly maxTime: number;
}

/** Between what the events of a frame lie. */
export interface Extent {
  readonly minTime: number;
  readonly maxTime: number;
  /** The ids that sort first and last. */
  readonly lowest: string;
  readonly highest: string;
  /** Each id is above the one before. */
  readonly rising: boolean;
}

/** Of at least one event. */
export function extentOf(events: Iterable<Pick<Event, 'id' | 'time'>>): Extent {
  let minTime = Number.POSITIVE_INFINITY;
  let maxTime = Number.NEGATIVE_INFINITY;
  let lowest: string | undefined;
  let highest = '';
  let rising = true;
  for (const event of events) {
    const time = Math.round(event.time);
    const { id } = event;
    if (time < minTime) minTime = time;
    if (time > maxTime) maxTime = time;
    lowest ??= id;
    if (id > highest) highest = id;
    else {
      rising = false;
      if (id < lowest) lowest = id;
    }
  }
  return { minTime, maxTime, lowest: lowest ?? '', highest, rising };
}

/** The events of one write-ahead segment that is not in Parquet yet, in the order in which they became durable. */
export class LiveSegment {
  readonly number: number;
  readonly path: string;
  readonly marker: Buffer;
  readonly frames: LiveFrame[] = [];
  events = 0;
  /** Bytes on disk that are known to be good. */
  bytes = 0;
  /** Clock time of its first event. */
  began = 0;
  /** Times of its earliest and latest event. */
  minTime = Number.POSITIVE_INFINITY;
  maxTime = Number.NEGATIVE_INFINITY;
  /** Nothing is added any more: ready for conversion. */
  sealed = false;
  #lowest: string | undefined;
  /** The id that sorts last. */
  highest = '';
  #ids: Set<string> | undefined;
  #idsUntil = 0;

  constructor(number: number, path: string, marker: Buffer) {
    this.number = number;
    this.path = path;
    this.marker = marker;
  }

  /** Adds a frame that is durable, and says what is in it. */
  add(frame: Buffer, { minTime, maxTime, lowest, highest }: Extent): void {
    const shape = frameShape(frame);
    const records = new Records(frame, { ...shape, start: 0, end: frame.length });
    this.frames.push({ records, minTime, maxTime });
    this.events += shape.events;
    if (minTime < this.minTime) this.minTime = minTime;
    if (maxTime > this.maxTime) this.maxTime = maxTime;
    if (highest > this.highest) this.highest = highest;
    if (this.#lowest === undefined || lowest < this.#lowest) this.#lowest = lowest;
  }

  /**
   * Whether an event with this id is here. Ids that arrive in rising order, as UUIDs of version 7 do, cost next to
   * nothing: the set of ids is made only when one within their range has to be looked up.
   */
  has(id: string): boolean {
    if (this.#lowest === undefined || id > this.highest || id < this.#lowest) return false;
    this.#ids ??= new Set();
    for (; this.#idsUntil < this.frames.length; this.#idsUntil++) {
      const { records } = this.frames[this.#idsUntil]!;
      for (const start of records.starts()) this.#ids.add(new StoredEvent(records, start).id);
    }
    return this.#ids.has(id);
  }
}

/** Frames of live events as they were when a query began; what is appended later is not seen. */
export interface LiveView {
  readonly frames: readonly LiveFrame[];
}

export function liveView(segments: readonly LiveSegment[]): LiveView {
  return { frames: segments.flatMap(({ frames }) => frames) };
}

/** The parts of a view that can hold events of a time span. */
export function liveBetween({ frames }: LiveView, from: number, to: number): LiveView {
  return { frames: frames.filter(({ minTime, maxTime }) => maxTime >= from && minTime < to) };
}

const slice = 2_000;

/**
 * Visits every event of a view but those of frames that are not `needed` when their turn comes, and lets the event loop
 * run in between so that ingestion goes on.
 */
export async function visitLive(
  { frames }: LiveView,
  visit: (event: StoredEvent) => void,
  proceed: () => void,
  needed?: (frame: LiveFrame) => boolean,
): Promise<void> {
  let visited = 0;
  for (const frame of frames) {
    if (needed?.(frame) === false) continue;
    const { records } = frame;
    for (const start of records.starts()) {
      if (++visited % slice === 0) {
        await new Promise((resolve) => setImmediate(resolve));
        proceed();
      }
      visit(new StoredEvent(records, start));
    }
  }
}
