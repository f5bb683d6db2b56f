import type { Event } from './event.ts';

/**
 * What an event must satisfy. Names are dotted ECS names, or the event's own `id`, `source`, `dataset` and `raw`.
 * Text comparison folds case.
 */
export type EventFilter =
  | { readonly op: 'and' | 'or'; readonly filters: readonly EventFilter[] }
  | { readonly op: 'not'; readonly filter: EventFilter }
  | { readonly op: 'equals'; readonly field: string; readonly value: string | number | boolean }
  /** Equals one of at most 2,000 texts: asked once, where as many `equals` would be asked one after the other. */
  | { readonly op: 'among'; readonly field: string; readonly values: readonly string[] }
  /** `*` and `?` as in KQL. */
  | { readonly op: 'wildcard'; readonly field: string; readonly pattern: string }
  | {
      readonly op: 'range';
      readonly field: string;
      readonly gt?: number | string;
      readonly gte?: number | string;
      readonly lt?: number | string;
      readonly lte?: number | string;
    }
  | { readonly op: 'cidr'; readonly field: string; readonly network: string }
  | { readonly op: 'exists'; readonly field: string }
  /** The words anywhere in the raw line. */
  | { readonly op: 'text'; readonly text: string };

/** Told now and then how much of a query is done, from 0 to 1, by a store that knows. */
export type QueryProgress = (share: number) => void;

export interface EventQuery {
  /** Epoch milliseconds of the event's time, inclusive. */
  readonly from?: number;
  /** Epoch milliseconds, exclusive. */
  readonly to?: number;
  readonly filter?: EventFilter;
  /** At most 10,000; 100 unless told. Newest first unless `order` says otherwise. */
  readonly limit?: number;
  readonly order?: 'newest' | 'oldest';
  /** The `next` of the page before. */
  readonly cursor?: string;
  readonly signal?: AbortSignal;
  readonly progress?: QueryProgress;
}

export interface EventPage {
  readonly events: readonly Event[];
  /** Pass as `cursor` for the next page; absent on the last one. */
  readonly next?: string;
}

/** Counts per time bucket (when `interval` is set) and per value of `by` (when set). */
export interface EventAggregation {
  readonly from: number;
  readonly to: number;
  readonly filter?: EventFilter;
  readonly by?: string;
  /** Bucket width in milliseconds. */
  readonly interval?: number;
  /** How many values of `by`, most frequent first; 10 unless told. */
  readonly top?: number;
  readonly signal?: AbortSignal;
  readonly progress?: QueryProgress;
}

export interface EventBucket {
  /** Start of the bucket, epoch milliseconds; absent without an interval. */
  readonly time?: number;
  /** The value of `by`; absent without one. */
  readonly value?: string;
  readonly count: number;
}

/** What is asked about one field. */
export interface FieldQuery {
  readonly from: number;
  readonly to: number;
  readonly filter?: EventFilter;
  readonly field: string;
  readonly signal?: AbortSignal;
  readonly progress?: QueryProgress;
}

export interface FieldStatistics {
  /** Events that match. */
  readonly events: number;
  /** How many of them have the field. */
  readonly present: number;
  /** Different values, those of lists one by one. */
  readonly distinct: number;
  /** There are more different values than were counted; `numbers` is then absent. */
  readonly more?: true;
  /** Of the values that are numbers, or texts that spell one; absent where there is none. */
  readonly numbers?: NumberStatistics;
}

export interface NumberStatistics {
  readonly count: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** The smallest value that half, 95 and 99 of 100 do not exceed. */
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}
