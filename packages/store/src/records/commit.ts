import type { Write } from '@kydai/contracts';
import { type CompiledQuery, sql } from 'kysely';
import { appendLeaves } from '../audit/tree.ts';
import { quote, StoreError } from '../error.ts';
import type { Dialect } from './dialect.ts';
import type { Engine } from './engine.ts';
import { checkKey, column, encode, indexValues, type Table } from './kind.ts';
import { anyQuery } from './query.ts';
import { ask, type Steps } from './steps.ts';
import { fill, type Slot } from './template.ts';

/** A change, checked and compiled: what is left is to run it and to see whether the world had changed. */
export interface Change {
  readonly kind: string;
  readonly key: string;
  readonly query: CompiledQuery;
  readonly demand: Demand;
}

/** What shows that the world has not changed: nothing can, a row that was touched, or no row that was found. */
export type Demand = 'nothing' | 'touched' | 'none';

/** Checks and compiles one write; effects come later. Throws `invalid-record`. */
export function compileWrite(dialect: Dialect, table: Table, write: Write): Change {
  const { db } = dialect;
  const kind = table.kind.name;
  if (write.op === 'delete') {
    const key = checkKey(table, write.key);
    const query = fill(table, 'delete', [key], ([key]) => db.deleteFrom(table.name).where('key', '=', key!));
    return { kind, key, query, demand: 'nothing' };
  }
  if (write.op === 'absent') {
    const query = anyQuery(dialect, table, write.index, write.value);
    return { kind, key: String(write.value), query, demand: 'none' };
  }
  if (write.op === 'update') return compileUpdate(dialect, table, write);
  const { key, body, indexes } = encode(table, write.value);
  const columns = indexes.map((value) => parameter(dialect, value));
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
  return { kind, key, query, demand: write.op === 'insert' ? 'touched' : 'nothing' };
}

/**
 * Every column that is set costs its index two writes, whether it changes or not. Where the value of before is known,
 * only what differs is set, and the row must have the rest: a value that was not the one of this version is a conflict.
 */
function compileUpdate(dialect: Dialect, table: Table, write: Write & { readonly op: 'update' }): Change {
  const { db } = dialect;
  const { key, body, indexes } = encode(table, write.value);
  if (!Number.isSafeInteger(write.version) || write.version < 1) {
    throw new StoreError(
      'invalid-record',
      `the version of record ${quote(key)} must be a whole number from 1`,
    );
  }
  const before = write.before === undefined ? undefined : indexValues(table, key, write.before);
  const same = indexes.map((value, at) => before !== undefined && value === before[at]);
  const values = [
    key,
    write.version,
    write.version + 1,
    body,
    ...indexes.map((value) => parameter(dialect, value)),
  ];
  const name = `update ${same.map(Number).join('')}`;
  const query = fill(table, name, values, ([key, before, after, body, ...columns]) => {
    const changed = columns.map((column, at) => (same[at] === true ? undefined : column));
    const update = db
      .updateTable(table.name)
      .set({ version: after, body, ...named(table, changed) })
      .where('key', '=', key)
      .where('version', '=', before);
    return table.indexes.reduce(
      (update, index, at) =>
        same[at] === true ? update.where(dialect.isSame(column(index), columns[at])) : update,
      update,
    );
  });
  return { kind: table.kind.name, key, query, demand: 'touched' };
}

function parameter(dialect: Dialect, value: string | number | null): string | number | null {
  return value === null ? null : dialect.indexParameter(value);
}

/** Values by the names of the table's index columns, those alone that have one. */
function named(table: Table, values: readonly (Slot | undefined)[]): Record<string, Slot> {
  return Object.fromEntries(
    table.indexes.flatMap((name, at) => (values[at] === undefined ? [] : [[column(name), values[at]]])),
  );
}

/** One caller's commit. */
export interface Batch {
  readonly changes: Change[];
  /** Audit entries, encoded. */
  readonly leaves: readonly string[];
}

/** The change that found the world changed; undefined where the commit succeeded. */
export type Outcome = Change | undefined;

/** Ends a transaction in which a commit met a changed world. */
class WorldChanged extends Error {}

/**
 * Commits a group in one transaction, with the audit entries of the commits that succeed. The outcome of each:
 * undefined, or the change for which it was undone. Anything but a conflict undoes the group and throws.
 *
 * Conflicts are rare, so all are tried in one go first, without savepoints: SQLite keeps a second copy of every page
 * that changes under one. Only where a commit meets a changed world is the transaction undone, and each commit of the
 * group given a savepoint of its own in another.
 */
export async function commitGroup(
  { dialect, write }: Pick<Engine, 'dialect' | 'write'>,
  batches: readonly Batch[],
): Promise<readonly Outcome[]> {
  let conflict: Outcome;
  try {
    return await write(function* () {
      conflict = yield* firstConflict(batches.flatMap(({ changes }) => changes));
      if (conflict !== undefined) throw new WorldChanged();
      yield* appendLeaves(
        dialect,
        batches.flatMap(({ leaves }) => leaves),
      );
      return batches.map(() => undefined);
    });
  } catch (error) {
    if (!(error instanceof WorldChanged)) throw error;
  }
  return batches.length === 1 ? [conflict] : write(() => applyEach(dialect, batches));
}

function* applyEach(dialect: Dialect, batches: readonly Batch[]): Steps<readonly Outcome[]> {
  const [begin, release, undo] = [
    'savepoint caller',
    'release savepoint caller',
    'rollback to savepoint caller',
  ].map((text) => sql.raw(text).compile(dialect.db));
  const outcomes: Outcome[] = [];
  const leaves: string[] = [];
  for (const batch of batches) {
    yield* ask(begin!);
    const conflict = yield* firstConflict(batch.changes);
    if (conflict === undefined) leaves.push(...batch.leaves);
    else yield* ask(undo!);
    yield* ask(release!);
    outcomes.push(conflict);
  }
  yield* appendLeaves(dialect, leaves);
  return outcomes;
}

function* firstConflict(changes: readonly Change[]): Steps<Outcome> {
  for (const change of changes) {
    const { changed, rows } = yield* ask(change.query);
    const { demand } = change;
    if ((demand === 'touched' && changed === 0) || (demand === 'none' && rows.length > 0)) return change;
  }
  return undefined;
}
