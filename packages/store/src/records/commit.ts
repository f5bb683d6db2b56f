import { RecordConflict, type Write } from '@kydai/contracts';
import { type CompiledQuery, sql } from 'kysely';
import { quote, StoreError } from '../error.ts';
import type { Dialect } from './dialect.ts';
import { checkKey, column, encode, type Table } from './kind.ts';
import { toColumn } from './migrate.ts';
import { ask, type Steps } from './steps.ts';

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
    return { kind, key, query: db.deleteFrom(table.name).where('key', '=', key).compile(), mustTouch: false };
  }
  const { key, body, indexes } = encode(table, write.value);
  const columns = Object.fromEntries(
    table.indexes.map((name, at) => [column(name), toColumn(dialect, indexes[at]!)]),
  );
  if (write.op === 'update') {
    if (!Number.isSafeInteger(write.version) || write.version < 1) {
      throw new StoreError(
        'invalid-record',
        `the version of record ${quote(key)} must be a whole number from 1`,
      );
    }
    const query = db
      .updateTable(table.name)
      .set({ version: write.version + 1, body, ...columns })
      .where('key', '=', key)
      .where('version', '=', write.version)
      .compile();
    return { kind, key, query, mustTouch: true };
  }
  const insert = db.insertInto(table.name).values({ key, version: 1, body, ...columns });
  const query =
    write.op === 'insert'
      ? insert.onConflict((c) => c.column('key').doNothing())
      : insert.onConflict((c) =>
          c
            .column('key')
            .doUpdateSet({ version: sql`${sql.ref(`${table.name}.version`)} + 1`, body, ...columns }),
        );
  return { kind, key, query: query.compile(), mustTouch: write.op === 'insert' };
}

/** Runs one caller's changes. Throws `RecordConflict` at the first that finds the world changed. */
export function* applyChanges(changes: readonly Change[]): Steps<void> {
  for (const change of changes) {
    const answer = yield* ask(change.query);
    if (change.mustTouch && answer.changed === 0) throw new RecordConflict(change.kind, change.key);
  }
}
