import { sql } from 'kysely';
import type { Dialect } from './dialect.ts';
import { column, decode, indexValues, type Table } from './kind.ts';
import { ask, type Steps } from './steps.ts';

/** The table that says which index columns of which kind hold what the kind's functions compute. */
const kinds = 'kydai_kinds';
const batch = 500;

/** Makes the tables that every store has. Safe to run again. */
export function* createBase(dialect: Dialect): Steps<void> {
  const { db, types } = dialect;
  const table = (name: string) => db.schema.createTable(name).ifNotExists();
  yield* ask(
    table(kinds)
      .addColumn('name', 'text', (c) => c.primaryKey())
      .addColumn('indexes', 'text')
      .compile(),
  );
  yield* ask(
    table('audit_leaf')
      .addColumn('idx', sql.raw(types.integer), (c) => c.primaryKey())
      .addColumn('hash', sql.raw(types.hash), (c) => c.notNull())
      .addColumn('entry', 'text', (c) => c.notNull())
      .compile(),
  );
  yield* ask(
    table('audit_node')
      .addColumn('level', sql.raw(types.integer), (c) => c.notNull())
      .addColumn('idx', sql.raw(types.integer), (c) => c.notNull())
      .addColumn('hash', sql.raw(types.hash), (c) => c.notNull())
      .addPrimaryKeyConstraint('audit_node_key', ['level', 'idx'])
      .compile(),
  );
  yield* ask(
    table('audit_checkpoint')
      .addColumn('size', sql.raw(types.integer), (c) => c.notNull())
      .addColumn('at', sql.raw(types.integer), (c) => c.notNull())
      .addColumn('root', 'text', (c) => c.notNull())
      .addColumn('signature', 'text', (c) => c.notNull())
      .addPrimaryKeyConstraint('audit_checkpoint_key', ['size', 'at'])
      .compile(),
  );
}

/**
 * Makes or changes the table of a kind when it is first used: adds the columns of new indexes, and computes again those
 * that are new or whose function has another source text than before; makes the indexes anew where they are to hold the
 * keys or no longer to. Columns of dropped indexes stay, unused.
 */
export function* createKind(dialect: Dialect, table: Table): Steps<void> {
  const { db, types } = dialect;
  const known = yield* ask(
    db.selectFrom(kinds).select('indexes').where('name', '=', table.kind.name).compile(),
  );
  const lean = new Set(table.kind.lean);
  // No index has this name: those of columns begin with a letter.
  const marked = { ...table.sources, '': [...lean].sort().join() };
  const wanted = JSON.stringify(lean.size === 0 ? table.sources : marked);
  const row = known.rows[0];
  if (row?.['indexes'] === wanted) return;
  const before = JSON.parse(String(row?.['indexes'] ?? '{}')) as Record<string, string>;
  yield* ask(
    db.schema
      .createTable(table.name)
      .ifNotExists()
      .addColumn('key', sql.raw(types.key), (c) => c.primaryKey())
      .addColumn('version', sql.raw(types.integer), (c) => c.notNull())
      .addColumn('body', 'text', (c) => c.notNull())
      .compile(),
  );
  const present = yield* columnsOf(dialect, table.name);
  for (const index of table.indexes) {
    if (!present.has(column(index)))
      yield* ask(db.schema.alterTable(table.name).addColumn(column(index), sql.raw(types.index)).compile());
    const withKey = `x_${table.name}_${index}`;
    const alone = `l_${table.name}_${index}`;
    const isLean = lean.has(index);
    const dropped = db.schema.dropIndex(isLean ? withKey : alone).ifExists();
    yield* ask(dropped.compile());
    const made = db.schema
      .createIndex(isLean ? alone : withKey)
      .ifNotExists()
      .on(table.name)
      .columns(isLean ? [column(index)] : [column(index), 'key']);
    yield* ask(made.compile());
  }
  const stale = table.indexes.filter((index) => before[index] !== table.sources[index]);
  if (row !== undefined && stale.length > 0) yield* backfill(dialect, table);
  yield* ask(
    db
      .insertInto(kinds)
      .values({ name: table.kind.name, indexes: wanted })
      .onConflict((c) => c.column('name').doUpdateSet({ indexes: wanted }))
      .compile(),
  );
}

function* columnsOf(dialect: Dialect, name: string): Steps<ReadonlySet<string>> {
  const query =
    dialect.name === 'sqlite'
      ? sql`select name from pragma_table_info(${name})`
      : sql`select column_name as name from information_schema.columns where table_name = ${name} and table_schema = current_schema()`;
  const answer = yield* ask(query.compile(dialect.db));
  return new Set(answer.rows.map((row) => String(row['name'])));
}

function* backfill(dialect: Dialect, table: Table): Steps<void> {
  const { db } = dialect;
  let after = '';
  for (;;) {
    const page = yield* ask(
      db
        .selectFrom(table.name)
        .select(['key', 'body'])
        .where('key', '>', after)
        .orderBy('key')
        .limit(batch)
        .compile(),
    );
    for (const row of page.rows) {
      const key = String(row['key']);
      const values = indexValues(table, key, decode(table, key, row['body']));
      const changes = Object.fromEntries(
        table.indexes.map((index, at) => [column(index), toColumn(dialect, values[at]!)]),
      );
      yield* ask(db.updateTable(table.name).set(changes).where('key', '=', key).compile());
      after = key;
    }
    if (page.rows.length < batch) return;
  }
}

/** An index value as it is written: SQL NULL stays NULL. */
export function toColumn(dialect: Dialect, value: string | number | null): unknown {
  return value === null ? null : dialect.indexValue(value);
}
