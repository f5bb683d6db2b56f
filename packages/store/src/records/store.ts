import { type Clock, RecordConflict, type RecordStore } from '@kydai/contracts';
import type { CompiledQuery } from 'kysely';
import { encodeEntry } from '../audit/entry.ts';
import { type AuditKey, checkpointSigner } from '../audit/key.ts';
import { auditLog } from '../audit/log.ts';
import { quote, StoreError } from '../error.ts';
import { type Batch, commitGroup, compileWrite } from './commit.ts';
import type { Engine } from './engine.ts';
import { GroupCommit } from './group.ts';
import { type AnyKind, decode, isKey, type Table, tableOf } from './kind.ts';
import { createBase, createKind } from './migrate.ts';
import type { Records } from './open.ts';
import { countQuery, findQuery, getQuery } from './query.ts';
import { type Answer, ask } from './steps.ts';
import { sliceOfIndex } from './values.ts';

/**
 * The record store and the audit log over an engine.
 *
 * INVARIANT: a commit's writes and its audit entries are in one transaction, which is on disk before the commit
 * resolves. Commits that wait at the same time share one transaction, each in its own savepoint.
 */
export async function recordStore(engine: Engine, clock: Clock, auditKey: AuditKey): Promise<Records> {
  const signer = checkpointSigner(auditKey);
  const { dialect } = engine;
  await engine.write(() => createBase(dialect));
  const tables = new Map<string, { readonly table: Table; readonly ready: Promise<void> }>();
  /** The tables that are up to date, by their kind: no need to wait for them. */
  const usable = new WeakMap<AnyKind, Table>();
  let closed = false;

  function open(): void {
    if (closed) throw new StoreError('closed', 'the record store is closed');
  }

  /** The table of a kind, made or brought up to date when the kind is first used. */
  async function use(kind: AnyKind): Promise<Table> {
    const known = tables.get(kind.name);
    if (known?.table.kind === kind) {
      await known.ready;
      return known.table;
    }
    const table = tableOf(kind);
    if (known !== undefined && known.table.indexes.join() !== table.indexes.join()) {
      throw new StoreError(
        'invalid-record',
        `record kind ${quote(kind.name)} is declared twice with different indexes; declare it once`,
      );
    }
    const ready = known?.ready ?? engine.write(() => createKind(dialect, table));
    tables.set(kind.name, { table, ready });
    try {
      await ready;
    } catch (error) {
      tables.delete(kind.name);
      throw error;
    }
    usable.set(kind, table);
    return table;
  }

  const one = async (query: CompiledQuery): Promise<Answer> =>
    engine.one?.(query) ?? engine.read(() => ask(query));

  const group = new GroupCommit<Batch>(async (batches) => {
    const outcomes = await (engine.apply?.(batches) ?? commitGroup(engine, batches));
    return outcomes.map((lost) => lost && new RecordConflict(lost.kind, lost.key));
  }, engine.ahead);

  /** Commits without an outcome yet: a close waits for them. */
  let accepted = 0;
  let whenNone: (() => void) | undefined;

  const records: RecordStore = {
    async get(kind, key) {
      open();
      const table = usable.get(kind) ?? (await use(kind));
      // People ask by what they typed into an address: what cannot be a key is the key of nothing.
      if (!isKey(key)) return undefined;
      const query = getQuery(dialect, table, key);
      const row = (await one(query)).rows[0];
      return row && { value: decode(table, key, row['body']), version: Number(row['version']) };
    },

    async find(kind, query = {}) {
      open();
      const table = await use(kind);
      const [page, total] = await engine.read(function* () {
        const rows = (yield* ask(findQuery(dialect, table, query))).rows;
        if (query.total === false) return [rows, (query.offset ?? 0) + rows.length] as const;
        const counted = yield* ask(countQuery(dialect, table, query.where, query.aside));
        return [rows, Number(counted.rows[0]?.['n'])] as const;
      });
      return {
        records: page.map((row) => ({
          value: decode(table, String(row['key']), row['body']),
          version: Number(row['version']),
        })),
        total,
      };
    },

    async count(kind, where) {
      open();
      const table = await use(kind);
      return Number((await one(countQuery(dialect, table, where))).rows[0]?.['n']);
    },

    async slice(kind, index, query) {
      open();
      const table = await use(kind);
      return engine.read(() => sliceOfIndex(dialect, table, index, query));
    },

    async commit(writes, audit = []) {
      open();
      accepted++;
      try {
        const batch: Batch = { changes: [], leaves: audit.map(encodeEntry) };
        for (const write of writes) {
          const table = usable.get(write.kind) ?? (await use(write.kind));
          batch.changes.push(compileWrite(dialect, table, write));
        }
        if (batch.changes.length > 0 || batch.leaves.length > 0) await group.add(batch);
      } finally {
        if (--accepted === 0) whenNone?.();
      }
    },

    async close() {
      if (closed) return;
      closed = true;
      if (accepted > 0) {
        await new Promise<void>((resolve) => {
          whenNone = resolve;
        });
      }
      await group.close();
      await engine.close();
    },
  };

  const audit = auditLog({
    dialect,
    clock,
    signer,
    async read(steps) {
      open();
      return engine.read(steps);
    },
    async write(steps) {
      open();
      return engine.write(steps);
    },
  });
  return { records, audit };
}
