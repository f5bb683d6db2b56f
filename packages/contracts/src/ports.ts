import type { AuditCheckpoint, AuditEntry, AuditLeaf, AuditVerdict } from './audit.ts';
import type { Event } from './event.ts';
import type {
  EventAggregation,
  EventBucket,
  EventPage,
  EventQuery,
  FieldQuery,
  FieldStatistics,
} from './event-query.ts';
import type {
  IndexSlice,
  IndexSliceQuery,
  RecordKind,
  RecordPage,
  RecordQuery,
  RecordWhere,
  StoredRecord,
  Write,
} from './record.ts';

/** Epoch milliseconds. Injected everywhere, so that tests own the time. */
export interface Clock {
  now(): number;
}

export interface EventStoreStats {
  readonly events: number;
  readonly bytes: number;
  /** Epoch ms of the oldest and newest event; absent when empty. */
  readonly oldest?: number;
  readonly newest?: number;
}

export interface EventStore {
  /**
   * Resolves once every event is durable. Rejects with nothing kept when the store refuses (disk full, closed).
   * An event whose id is already stored is not stored twice.
   */
  append(events: readonly Event[]): Promise<void>;
  search(query: EventQuery): Promise<EventPage>;
  aggregate(query: EventAggregation): Promise<readonly EventBucket[]>;
  statistics(query: FieldQuery): Promise<FieldStatistics>;
  get(id: string): Promise<Event | undefined>;
  stats(): Promise<EventStoreStats>;
  /** Deletes what is older; resolves to the number of events deleted. */
  retain(dataset: string | undefined, before: number): Promise<number>;
  close(): Promise<void>;
}

/**
 * Records and the audit log, which change together.
 *
 * INVARIANT: a commit is all or nothing, durable when it resolves, and its audit entries are in the log exactly when
 * its writes are in the tables.
 */
export interface RecordStore {
  get<T>(kind: RecordKind<T>, key: string): Promise<StoredRecord<T> | undefined>;
  find<T>(kind: RecordKind<T>, query?: RecordQuery): Promise<RecordPage<T>>;
  count<T>(kind: RecordKind<T>, where?: RecordWhere): Promise<number>;
  /** The texts at an index that hold a text, a bounded part of the index at a time; see `valuesHolding`. */
  slice<T>(kind: RecordKind<T>, index: string, query: IndexSliceQuery): Promise<IndexSlice>;
  /** Rejects with a `RecordConflict` (nothing written) when an insert finds the key taken or a version has moved. */
  commit(writes: readonly Write[], audit?: readonly AuditEntry[]): Promise<void>;
  close(): Promise<void>;
}

export interface AuditLog {
  size(): Promise<number>;
  entries(from: number, limit: number): Promise<readonly AuditLeaf[]>;
  /** Signs the log's present size and root, and keeps the statement. */
  checkpoint(): Promise<AuditCheckpoint>;
  /** Audit path of RFC 9162 section 2.1.3, hex hashes. */
  inclusionProof(index: number, size: number): Promise<readonly string[]>;
  /** Consistency proof of RFC 9162 section 2.1.4, hex hashes. */
  consistencyProof(from: number, to: number): Promise<readonly string[]>;
  /** Reads every leaf again, rehashes, and checks every signed checkpoint. */
  verify(): Promise<AuditVerdict>;
}
