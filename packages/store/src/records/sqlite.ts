import Database from 'better-sqlite3';
import type { CompiledQuery } from 'kysely';
import { StoreError } from '../error.ts';
import { sqliteDialect } from './dialect.ts';
import type { Engine } from './engine.ts';
import { type Answer, type Row, runSync, type Steps } from './steps.ts';

const cachedStatements = 500;

/**
 * Opens or makes the file: WAL journal, every commit synced to disk before it counts. `file` may be `:memory:` for tests. Throws `disk-failed`
 * where it cannot be opened, `damaged` where it is no database.
 */
export function openSqlite(file: string): Engine {
  let database: Database.Database;
  try {
    database = new Database(file, { timeout: 10_000 });
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    // Records are written all over the tree of each index: pages that stay in memory are not read again for each, and
    // those that change often reach the file once for many commits. No more than that: where a commit moves pages within
    // a tree, SQLite looks through all the cache at its end.
    database.pragma('cache_size = -16384');
    database.pragma('wal_autocheckpoint = 4000');
    database.pragma('foreign_keys = ON');
    database.pragma('trusted_schema = OFF');
  } catch (error) {
    if (!(error instanceof Database.SqliteError)) {
      throw new StoreError('disk-failed', 'the record store cannot be opened; is its folder there?', {
        cause: error,
      });
    }
    throw translate(error, 'the record store cannot be opened');
  }
  const statements = new Map<string, Database.Statement>();

  function prepare(text: string): Database.Statement {
    let statement = statements.get(text);
    if (statement === undefined) {
      if (statements.size >= cachedStatements) statements.delete(statements.keys().next().value!);
      statement = database.prepare(text);
      statements.set(text, statement);
    }
    return statement;
  }

  function answer({ sql, parameters }: CompiledQuery): Answer {
    const statement = prepare(sql);
    if (statement.reader) return { rows: statement.all(...parameters) as Row[], changed: 0 };
    return { rows: [], changed: statement.run(...parameters).changes };
  }

  function within<T>(begin: string, steps: () => Steps<T>): T {
    try {
      prepare(begin).run();
    } catch (error) {
      throw translate(error, 'the record store is not available');
    }
    try {
      const result = runSync(steps(), answer);
      prepare('COMMIT').run();
      return result;
    } catch (error) {
      if (database.inTransaction) database.exec('ROLLBACK');
      throw translate(error, 'the record store failed');
    }
  }

  return {
    dialect: sqliteDialect,
    one(query) {
      try {
        return answer(query);
      } catch (error) {
        throw translate(error, 'the record store failed');
      }
    },
    write: async (steps) => within('BEGIN IMMEDIATE', steps),
    read: async (steps) => within('BEGIN', steps),
    async close() {
      statements.clear();
      database.close();
    },
  };
}

/** SQLite's own failures as ours; anything else as it is. */
function translate(error: unknown, what: string): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  const { code } = error;
  if (code === 'SQLITE_FULL') {
    return new StoreError('disk-full', `${what}: the disk is full; free some space`, { cause: error });
  }
  if (code.startsWith('SQLITE_BUSY')) {
    return new StoreError('busy', `${what}: another process holds it; try again`, { cause: error });
  }
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') {
    return new StoreError('damaged', `${what}: the file is damaged; restore it from a backup`, {
      cause: error,
    });
  }
  return new StoreError('disk-failed', `${what} (${code})`, { cause: error });
}
