import Database from 'better-sqlite3';
import { sql } from 'kysely';
import pg from 'pg';
import { StoreError } from '../error.ts';
import { type Dialect, postgresDialect, sqliteDialect } from '../records/dialect.ts';
import { createBase } from '../records/migrate.ts';
import { type Answer, runAsync, runSync } from '../records/steps.ts';

export interface PostgresPlace {
  /** As for `openPostgresRecords`. */
  readonly url: string;
  /** The schema of the tables; `public` unless told. */
  readonly schema?: string;
}

const together = 1000;
const columns = {
  audit_leaf: { idx: 'bigint', hash: 'bytea', entry: 'text' },
  audit_node: { level: 'bigint', idx: 'bigint', hash: 'bytea' },
  audit_checkpoint: { size: 'bigint', at: 'bigint', root: 'text', signature: 'text' },
} as const;
/** Index columns are left out: they are computed again when a kind is first used (`createKind`). */
const ofKind = { key: 'text', version: 'bigint', body: 'text' } as const;
type Columns = Readonly<Record<string, 'bigint' | 'bytea' | 'text'>>;

/**
 * Writes a record store on PostgreSQL into a new SQLite file that `openRecords` opens, also while programs work with it: all
 * is read in one transaction, as it was at one moment, and nobody waits. Rejects with `unavailable` or `disk-failed`.
 */
export async function snapshotPostgresRecords(place: PostgresPlace, to: string): Promise<void> {
  const database = new Database(to);
  try {
    database.pragma('journal_mode = off');
    runSync(createBase(sqliteDialect), ({ sql: text, parameters }) => {
      database.prepare(text).run(...parameters);
      return { rows: [], changed: 0 };
    });
    await within(place, 'begin isolation level repeatable read read only', async (client) => {
      const names = await kindsIn(client);
      database.exec('begin');
      for (const name of names) {
        database.exec(kindTable(sqliteDialect, name));
        database.prepare("insert into kydai_kinds (name, indexes) values (?, '{}')").run(name);
      }
      for (const [table, types] of tablesOf(names)) {
        const heads = Object.keys(types);
        const insert = database.prepare(
          `insert into "${table}" (${heads.join(', ')}) values (${heads.map(() => '?').join(', ')})`,
        );
        await client.query(`declare copy no scroll cursor for select ${heads.join(', ')} from "${table}"`);
        for (;;) {
          const { rows } = await client.query<Record<string, unknown>>(`fetch ${together} from copy`);
          if (rows.length === 0) break;
          for (const row of rows)
            insert.run(...heads.map((head) => (types[head] === 'bigint' ? Number(row[head]) : row[head])));
        }
        await client.query('close copy');
      }
      database.exec('commit');
    });
  } finally {
    database.close();
  }
}

/**
 * Copies a record store from an SQLite file that nobody writes to into PostgreSQL, all of it or nothing. Rejects with
 * `not-empty` where records are there already.
 */
export async function restorePostgresRecords(file: string, place: PostgresPlace): Promise<void> {
  const database = new Database(file, { readonly: true, fileMustExist: true });
  try {
    await within(place, 'begin', async (client) => {
      if (await holdsRecords(client))
        throw new StoreError('not-empty', 'the database holds records already; give one that is empty');
      await runAsync(createBase(postgresDialect), async ({ sql: text, parameters }): Promise<Answer> => {
        await client.query(text, [...parameters]);
        return { rows: [], changed: 0 };
      });
      const names = database.prepare<[], { name: string }>('select name from kydai_kinds').all();
      for (const { name } of names) {
        await client.query(kindTable(postgresDialect, name));
        await client.query("insert into kydai_kinds (name, indexes) values ($1, '{}')", [name]);
      }
      for (const [table, types] of tablesOf(names.map(({ name }) => name))) {
        const heads = Object.keys(types);
        const arrays = heads.map((head, at) => `$${at + 1}::${types[head]}[]`);
        const insert = `insert into "${table}" (${heads.join(', ')}) select * from unnest(${arrays.join(', ')})`;
        const rows = database.prepare<[], Record<string, unknown>>(
          `select ${heads.join(', ')} from "${table}"`,
        );
        let batch: Record<string, unknown>[] = [];
        const write = async () => {
          if (batch.length === 0) return;
          await client.query(
            insert,
            heads.map((head) => batch.map((row) => row[head])),
          );
          batch = [];
        };
        for (const row of rows.iterate()) if (batch.push(row) === together) await write();
        await write();
      }
    });
  } finally {
    database.close();
  }
}

/** Whether a schema has no records of ours in it. Rejects with `unavailable`. */
export async function isEmptyPostgres(place: PostgresPlace): Promise<boolean> {
  return within(place, 'begin read only', async (client) => !(await holdsRecords(client)));
}

async function holdsRecords(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query("select to_regclass('audit_leaf') is not null as made");
  if (rows[0]?.made !== true) return false;
  const found = await client.query(
    'select exists (select from audit_leaf) or exists (select from kydai_kinds) as held',
  );
  return found.rows[0]?.held === true;
}

async function kindsIn(client: pg.Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>('select name from kydai_kinds order by name');
  return rows.map(({ name }) => name).filter((name) => /^[a-z][a-z0-9_]{0,47}$/.test(name));
}

function tablesOf(kinds: readonly string[]): [string, Columns][] {
  return [...Object.entries(columns), ...kinds.map((name): [string, Columns] => [`r_${name}`, ofKind])];
}

function kindTable({ db, types }: Dialect, name: string): string {
  const key = sql.raw(types.key);
  const query = db.schema
    .createTable(`r_${name}`)
    .ifNotExists()
    .addColumn('key', key as never, (c) => c.primaryKey())
    .addColumn('version', sql.raw(types.integer) as never, (c) => c.notNull())
    .addColumn('body', 'text', (c) => c.notNull());
  return query.compile().sql;
}

/** One transaction on a connection of its own. */
async function within<T>(
  { url, schema = 'public' }: PostgresPlace,
  begin: string,
  act: (client: pg.Client) => Promise<T>,
): Promise<T> {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema))
    throw new StoreError('query', 'a schema name must be lower-case letters, digits and underscores');
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 10_000,
    options: `-c search_path=${schema}`,
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
  } catch (cause) {
    throw new StoreError(
      'unavailable',
      'the database cannot be reached; check that it runs and the address of it',
      {
        cause,
      },
    );
  }
  try {
    await client.query(begin);
    const result = await act(client);
    await client.query('commit');
    return result;
  } catch (cause) {
    if (cause instanceof StoreError) throw cause;
    throw new StoreError('disk-failed', `the records could not be copied: ${(cause as Error).message}`, {
      cause,
    });
  } finally {
    await client.end().catch(() => undefined);
  }
}
