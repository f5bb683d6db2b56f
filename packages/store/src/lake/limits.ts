import { availableParallelism } from 'node:os';

/** Bounds of the lake. All sizes are in bytes, all spans in milliseconds. */
export interface LakeLimits {
  /** A write-ahead segment of this size is turned into Parquet. */
  readonly segmentBytes: number;
  /** A write-ahead segment of this age is turned into Parquet whatever its size. */
  readonly segmentAge: number;
  /** Segments that may wait for conversion before appends have to wait for it. */
  readonly backlog: number;
  /** Bytes of appends that may wait to be written before further ones are refused as `busy`. */
  readonly pendingBytes: number;
  /** Appends are refused as `disk-full` while the disk has less than this free, so that conversion has room to work. */
  readonly reserveBytes: number;
  /** Appends are refused as `disk-full` while the lake is larger than this. */
  readonly maxBytes: number;
  /** Memory of the query engine; it spills to disk above. */
  readonly memoryBytes: number;
  /** Memory of the engine that converts; it spills to disk above. */
  readonly convertBytes: number;
  /** Threads of the query engine. */
  readonly threads: number;
  /** Queries that run at once; further ones wait. */
  readonly queries: number;
  /** A query that runs longer is cancelled. */
  readonly queryTime: number;
  /** Parquet files of one day and dataset below this size are merged once there are `mergeCount` of them. */
  readonly mergeBelowBytes: number;
  readonly mergeCount: number;
  /** Merging waits until no segment was converted for so long, or there are more than so many files. */
  readonly mergeQuiet: number;
  readonly manyFiles: number;
}

export const defaultLimits: LakeLimits = {
  segmentBytes: 32 * 1024 * 1024,
  segmentAge: 5 * 60_000,
  backlog: 3,
  pendingBytes: 64 * 1024 * 1024,
  reserveBytes: 64 * 1024 * 1024,
  maxBytes: Number.POSITIVE_INFINITY,
  memoryBytes: 384 * 1024 * 1024,
  convertBytes: 256 * 1024 * 1024,
  threads: Math.min(4, availableParallelism()),
  queries: 2,
  queryTime: 120_000,
  mergeBelowBytes: 16 * 1024 * 1024,
  mergeCount: 8,
  mergeQuiet: 10_000,
  manyFiles: 2_000,
};
