import { RecordConflict, type Write } from '@kydai/contracts';
import { type CompiledQuery, sql } from 'kysely';
import { appendLeaves } from '../audit/tree.ts';
import { quote, StoreError } from '../error.ts';
import type { Dialect } from './dialect.ts';
import { checkKey, column, encode, type Table } from './kind.ts';
import { ask, type Steps } from './steps.ts';
import { fill, type Slot } from './template.ts';

/** A change, checked and compiled: what is left is to run it and to see whether the world had changed. */
export interface Change {
  readonly kind: string;
  readonly key: string;
  readonly query: CompiledQuery;
  /** Whether touching no row means that the world had changed. */
  readonly mustTouch: boolean;
}

/** Checks and compiles one write; effects come later. Throws `invalid-record`. */
export function compileWrite(dialect: Dialect, table: Table, write: Write): Change {
  const { db } = dialect;
  const kind = table.kind.name;
  if (write.op === 'delete') {
    const key = checkKey(table, write.key);
    const query = fill(table, 'delete', [key], ([key]) => db.deleteFrom(table.name).where('key', '=', key!));
    return { kind, key, query, mustTouch: false };
  }
  const { key, body, indexes } = encode(table, write.value);
  const columns = indexes.map((value) => (value === null ? null : dialect.indexParameter(value)));
  if (write.op === 'update') {
    if (!Number.isSafeInteger(write.version) || write.version < 1) {
      throw new StoreError(
        'invalid-record',
        `the version of record ${quote(key)} must be a whole number from 1`,
      );
    }
    const values = [key, write.version, write.version + 1, body, ...columns];
    const query = fill(table, 'update', values, ([key, before, after, body, ...columns]) =>
      db
        .updateTable(table.name)
        .set({ version: after, body, ...named(table, columns) })
        .where('key', '=', key)
        .where('version', '=', before),
    );
    return { kind, key, query, mustTouch: true };
  }
  const query = fill(table, write.op, [key, body, ...columns], ([key, body, ...columns]) => {
    const indexed = named(table, columns);
    const insert = db.insertInto(table.name).values({ key, version: 1, body, ...indexed });
    return write.op === 'insert'
      ? insert.onConflict((c) => c.column('key').doNothing())
      : insert.onConflict((c) =>
          c
            .column('key')
            .doUpdateSet({ version: sql`${sql.ref(`${table.name}.version`)} + 1`, body, ...indexed }),
        );
  });
  return { kind, key, query, mustTouch: write.op === 'insert' };
}

/** Values by the names of the table's index columns. */
function named(table: Table, values: readonly Slot[]): Record<string, Slot | undefined> {
  return Object.fromEntries(table.indexes.map((name, at) => [column(name), values[at]]));
}

/** One caller's commit. */
export interface Batch {
  readonly changes: Change[];
  /** Audit entries, encoded. */
  readonly leaves: readonly string[];
}

/**
 * Applies the commits of a group, each in a savepoint, and appends the audit entries of those that succeeded. The
 * outcome of each: undefined, or the conflict that undid it. Anything but a conflict undoes the group.
 */
export function* applyGroup(dialect: Dialect, batches: readonly Batch[]): Steps<readonly unknown[]> {
  const [begin, release, undo] = [
    'savepoint caller',
    'release savepoint caller',
    'rollback to savepoint caller',
  ].map((text) => sql.raw(text).compile(dialect.db));
  const outcomes: unknown[] = [];
  const leaves: string[] = [];
  for (const batch of batches) {
    yield* ask(begin!);
    let conflict: RecordConflict | undefined;
    for (const { query, mustTouch, kind, key } of batch.changes) {
      const { changed } = yield* ask(query);
      if (mustTouch && changed === 0) {
        conflict = new RecordConflict(kind, key);
        break;
      }
    }
    if (conflict === undefined) leaves.push(...batch.leaves);
    else yield* ask(undo!);
    yield* ask(release!);
    outcomes.push(conflict);
  }
  yield* appendLeaves(dialect, leaves);
  return outcomes;
}
