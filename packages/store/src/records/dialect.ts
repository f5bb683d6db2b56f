import type { IndexValue } from '@kydai/contracts';
import {
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type RawBuilder,
  type SqlBool,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
  sql,
} from 'kysely';

/** Tables are made of record kinds at run time, so that their names and columns are not known to the type checker. */
export type Tables = Record<string, Record<string, unknown>>;

/** What differs between databases. Everything else is written once, in Kysely. */
export interface Dialect {
  readonly name: 'sqlite' | 'postgres';
  /** Compiles queries; the engines run them, because only they know how commits are grouped. */
  readonly db: Kysely<Tables>;
  /** An index value as the parameter that the column is given. */
  readonly indexParameter: (value: string | number) => string | number;
  /** An index value as an expression that compares and sorts like the column that holds it. */
  readonly indexValue: (value: string | number) => RawBuilder<unknown>;
  /** Whether a column holds this value, null included. */
  readonly isSame: (column: string, value: unknown) => RawBuilder<SqlBool>;
  readonly types: Readonly<Record<'key' | 'index' | 'integer' | 'hash', string>>;
}

export const sqliteDialect: Dialect = {
  name: 'sqlite',
  db: new Kysely<Tables>({
    dialect: {
      createAdapter: () => new SqliteAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new SqliteIntrospector(db),
      createQueryCompiler: () => new SqliteQueryCompiler(),
    },
  }),
  indexParameter: (value) => value,
  indexValue: (value) => sql`${value}`,
  isSame: (column, value) => sql<SqlBool>`${sql.ref(column)} is ${value}`,
  // A column of type BLOB has no affinity: text stays text and numbers stay numbers.
  types: { key: 'text', index: 'blob', integer: 'integer', hash: 'blob' },
};

export const postgresDialect: Dialect = {
  name: 'postgres',
  db: new Kysely<Tables>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new DummyDriver(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  }),
  indexParameter: sortableText,
  indexValue: (value) => sql`${sortableText(value)}`,
  isSame: (column, value) => sql<SqlBool>`${sql.ref(column)} is not distinct from ${value}`,
  // Bytewise, as SQLite compares, whatever the database's own collation is.
  types: { key: 'text collate "C"', index: 'text collate "C"', integer: 'bigint', hash: 'bytea' },
};

/**
 * A number or text as a text that sorts bytewise as SQLite sorts the value: numbers before text, numbers by size.
 * PostgreSQL's columns have one type, and an index may give text for one record and a number for the next.
 */
export function sortableText(value: string | number): string {
  if (typeof value === 'string') return `s${value}`;
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value === 0 ? 0 : value);
  // The order of doubles is that of their bits once negative ones are inverted and the others marked as above them.
  const negative = bytes[0]! >= 0x80;
  for (let at = 0; at < 8; at++) bytes[at] = negative ? ~bytes[at]! & 0xff : bytes[at]!;
  if (!negative) bytes[0]! |= 0x80;
  return `n${bytes.toString('hex')}`;
}

/** Booleans are kept as 0 and 1 in every database, so that both sort and compare alike. */
export function plainIndexValue(value: IndexValue): string | number | null {
  return typeof value === 'boolean' ? Number(value) : value;
}
