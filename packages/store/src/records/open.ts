import type { AuditLog, Clock, RecordStore } from '@kydai/contracts';
import { type AuditKey, checkpointSigner } from '../audit/key.ts';
import { openPostgres } from './postgres.ts';
import { openSqlite } from './sqlite.ts';
import { recordStore } from './store.ts';
import { openSqliteWithThread } from './worker.ts';

export interface Records {
  readonly records: RecordStore;
  readonly audit: AuditLog;
}

export interface RecordsOptions {
  /** The database file; made where it is missing. */
  readonly file: string;
  readonly clock: Clock;
  readonly auditKey: AuditKey;
  /**
   * Where commits are written: on the calling thread, or on one of their own, which costs some memory and lets a busy
   * program go on while the disk syncs. `here` unless told.
   */
  readonly commits?: 'here' | 'thread';
}

/**
 * Opens the embedded record store and the audit log that changes with it, in one SQLite file. Closing the records closes
 * both. Rejects with `disk-failed`, `damaged` or `audit-key`.
 */
export async function openRecords(options: RecordsOptions): Promise<Records> {
  const { file, clock, auditKey, commits = 'here' } = options;
  checkpointSigner(auditKey);
  const engine = commits === 'thread' ? openSqliteWithThread(file) : openSqlite(file);
  return recordStore(engine, clock, auditKey);
}

export interface PostgresRecordsOptions {
  /** `postgres://user:password@host:port/database`; TLS by its `sslmode`. */
  readonly url: string;
  /** The schema that holds the tables; `public` unless told. It must exist. */
  readonly schema?: string;
  /** Connections that may be open at once; 8 unless told. */
  readonly connections?: number;
  readonly clock: Clock;
  readonly auditKey: AuditKey;
}

/**
 * Opens the same store on PostgreSQL 13 or later, for cities that outgrow one file or run several processes: commits of
 * all of them are serialised by an advisory lock, so that the audit log stays one chain. Rejects with `unavailable`
 * when the server cannot be reached.
 */
export async function openPostgresRecords(options: PostgresRecordsOptions): Promise<Records> {
  checkpointSigner(options.auditKey);
  const engine = openPostgres(options.url, options.schema ?? 'public', options.connections ?? 8);
  try {
    return await recordStore(engine, options.clock, options.auditKey);
  } catch (error) {
    await engine.close();
    throw error;
  }
}
