import type { Event } from './event.ts';

/**
 * What an event must satisfy. Names are dotted ECS names, or the event's own `id`, `source`, `dataset` and `raw`.
 * Text comparison folds case.
 */
export type EventFilter =
  | { readonly op: 'and' | 'or'; readonly filters: readonly EventFilter[] }
  | { readonly op: 'not'; readonly filter: EventFilter }
  | { readonly op: 'equals'; readonly field: string; readonly value: string | number | boolean }
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
}

export interface EventBucket {
  /** Start of the bucket, epoch milliseconds; absent without an interval. */
  readonly time?: number;
  /** The value of `by`; absent without one. */
  readonly value?: string;
  readonly count: number;
}
