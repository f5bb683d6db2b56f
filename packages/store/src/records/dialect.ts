import type { IndexValue } from '@kydai/contracts';
import {
  DummyDriver,
  Kysely,
  type RawBuilder,
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
  /** Compiles queries; the drivers run them, because only they know how commits are grouped. */
  readonly db: Kysely<Tables>;
  /** An index value as an expression that compares and sorts like the column that holds it. */
  readonly indexValue: (value: string | number) => RawBuilder<unknown>;
  readonly types: { readonly index: string; readonly integer: string; readonly hash: string };
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
  indexValue: (value) => sql`${value}`,
  // A column of type BLOB has no affinity: text stays text and numbers stay numbers.
  types: { index: 'blob', integer: 'integer', hash: 'blob' },
};

/** Booleans are kept as 0 and 1 in every database, so that both sort and compare alike. */
export function plainIndexValue(value: IndexValue): string | number | null {
  return typeof value === 'boolean' ? Number(value) : value;
}
