import type { Event } from '@kydai/contracts';

/**
 * Ids, as a set that costs next to nothing while they arrive in rising order, as UUIDs of version 7 do: an id above the
 * highest is new, and the set itself is made only when another has to be looked up.
 */
export class IdSet {
  readonly #list: string[] = [];
  #set: Set<string> | undefined;
  #highest = '';
  #lowest: string | undefined;

  has(id: string): boolean {
    if (this.#lowest === undefined || id > this.#highest || id < this.#lowest) return false;
    this.#set ??= new Set(this.#list);
    return this.#set.has(id);
  }

  add(id: string): void {
    if (id > this.#highest) this.#highest = id;
    if (this.#lowest === undefined || id < this.#lowest) this.#lowest = id;
    if (this.#set === undefined) this.#list.push(id);
    else this.#set.add(id);
  }
}

/** The events of one write-ahead segment that is not in Parquet yet, in the order in which they became durable. */
export interface LiveSegment {
  readonly number: number;
  readonly path: string;
  readonly events: Event[];
  readonly ids: IdSet;
  /** Bytes on disk that are known to be good. */
  bytes: number;
  /** Clock time of its first event. */
  began: number;
  /** Times of its earliest and latest event. */
  minTime: number;
  maxTime: number;
  /** Nothing is added any more: ready for conversion. */
  sealed: boolean;
}

export function liveSegment(number: number, path: string): LiveSegment {
  return {
    number,
    path,
    events: [],
    ids: new IdSet(),
    bytes: 0,
    began: 0,
    minTime: Number.POSITIVE_INFINITY,
    maxTime: Number.NEGATIVE_INFINITY,
    sealed: false,
  };
}

/** Adds events that are durable. */
export function addLive(segment: LiveSegment, events: Iterable<Event>): void {
  for (const event of events) {
    segment.events.push(event);
    segment.ids.add(event.id);
    if (event.time < segment.minTime) segment.minTime = event.time;
    if (event.time > segment.maxTime) segment.maxTime = event.time;
  }
}

interface LivePart {
  readonly events: readonly Event[];
  readonly count: number;
  readonly minTime: number;
  readonly maxTime: number;
}

/** Stretches of live events as they were when a query began; what is appended later is not seen. */
export interface LiveView {
  readonly parts: readonly LivePart[];
}

export function liveView(segments: readonly LiveSegment[]): LiveView {
  return {
    parts: segments.map(({ events, minTime, maxTime }) => ({
      events,
      count: events.length,
      minTime,
      maxTime,
    })),
  };
}

const slice = 2_000;

/** The parts of a view that can hold events of a time span. */
export function liveBetween({ parts }: LiveView, from: number, to: number): LiveView {
  return { parts: parts.filter(({ minTime, maxTime }) => maxTime >= from && minTime < to) };
}

/** Visits every event of a view, and lets the event loop run in between so that ingestion goes on. */
export async function visitLive(
  { parts }: LiveView,
  visit: (event: Event) => void,
  proceed: () => void,
): Promise<void> {
  let visited = 0;
  for (const { events, count } of parts) {
    for (let at = 0; at < count; at++) {
      if (++visited % slice === 0) {
        await new Promise((resolve) => setImmediate(resolve));
        proceed();
      }
      visit(events[at]!);
    }
  }
}
