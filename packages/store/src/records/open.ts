import type { AuditEntry, AuditLog, Clock, RecordStore, Write } from '@kydai/contracts';
import { encodeEntry } from '../audit/entry.ts';
import { type AuditKey, checkpointSigner } from '../audit/key.ts';
import { auditLog } from '../audit/log.ts';
import { appendLeaves } from '../audit/tree.ts';
import { quote, StoreError } from '../error.ts';
import { applyChanges, type Change, compileWrite } from './commit.ts';
import { sqliteDialect as dialect } from './dialect.ts';
import { GroupCommit } from './group.ts';
import { type AnyKind, checkKey, decode, type Table, tableOf } from './kind.ts';
import { createBase, createKind } from './migrate.ts';
import { countQuery, findQuery, getQuery } from './query.ts';
import { openSqlite } from './sqlite.ts';
import { ask } from './steps.ts';

export interface RecordsOptions {
  /** The database file; made where it is missing. */
  readonly file: string;
  readonly clock: Clock;
  readonly auditKey: AuditKey;
}

export interface Records {
  readonly records: RecordStore;
  readonly audit: AuditLog;
}

interface Batch {
  readonly changes: readonly Change[];
  readonly leaves: readonly string[];
}

/**
 * Opens the embedded record store and the audit log that changes with it, in one SQLite file.
 *
 * INVARIANT: a commit's writes and its audit entries are in one transaction, which is on disk before the commit
 * resolves. Commits that wait at the same time share one transaction, each in its own savepoint.
 */
export async function openRecords({ file, clock, auditKey }: RecordsOptions): Promise<Records> {
  const signer = checkpointSigner(auditKey);
  const sqlite = openSqlite(file);
  sqlite.write(() => createBase(dialect));
  const tables = new Map<string, Table>();
  let closed = false;

  function open(): void {
    if (closed) throw new StoreError('closed', 'the record store is closed');
  }

  /** The table of a kind, made or brought up to date when the kind is first used. */
  function use(kind: AnyKind): Table {
    open();
    const known = tables.get(kind.name);
    if (known !== undefined && known.kind === kind) return known;
    const table = tableOf(kind);
    if (known !== undefined && known.indexes.join() !== table.indexes.join()) {
      throw new StoreError(
        'invalid-record',
        `record kind ${quote(kind.name)} is declared twice with different indexes; declare it once`,
      );
    }
    if (known === undefined) sqlite.write(() => createKind(dialect, table));
    tables.set(kind.name, table);
    return table;
  }

  const group = new GroupCommit<Batch>((batches) => {
    const outcomes: unknown[] = [];
    sqlite.write(function* () {
      const leaves: string[] = [];
      for (const batch of batches) {
        try {
          sqlite.nested(() => applyChanges(batch.changes));
          leaves.push(...batch.leaves);
          outcomes.push(undefined);
        } catch (error) {
          if (error instanceof StoreError) throw error;
          outcomes.push(error);
        }
      }
      yield* appendLeaves(dialect, leaves);
    });
    return outcomes;
  });

  const records: RecordStore = {
    async get(kind, key) {
      const table = use(kind);
      const query = getQuery(dialect, table, checkKey(table, key));
      const row = sqlite.read(() => ask(query)).rows[0];
      return row && { value: decode(table, key, row['body']), version: Number(row['version']) };
    },

    async find(kind, query = {}) {
      const table = use(kind);
      const [page, total] = sqlite.read(function* () {
        const rows = (yield* ask(findQuery(dialect, table, query))).rows;
        return [rows, yield* ask(countQuery(dialect, table, query.where))] as const;
      });
      return {
        records: page.map((row) => ({
          value: decode(table, String(row['key']), row['body']),
          version: Number(row['version']),
        })),
        total: Number(total.rows[0]?.['n']),
      };
    },

    async count(kind, where) {
      const table = use(kind);
      return Number(sqlite.read(() => ask(countQuery(dialect, table, where))).rows[0]?.['n']);
    },

    async commit(writes: readonly Write[], audit: readonly AuditEntry[] = []) {
      open();
      const changes = writes.map((write) => compileWrite(dialect, use(write.kind), write));
      const leaves = audit.map(encodeEntry);
      if (changes.length > 0 || leaves.length > 0) await group.add({ changes, leaves });
    },

    async close() {
      if (closed) return;
      closed = true;
      await group.close();
      sqlite.close();
    },
  };

  const audit = auditLog({
    dialect,
    clock,
    signer,
    async transact(steps) {
      open();
      return sqlite.write(steps);
    },
  });
  return { records, audit };
}
