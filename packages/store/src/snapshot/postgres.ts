import Database from 'better-sqlite3';
import { sql } from 'kysely';
import pg from 'pg';
import { StoreError } from '../error.ts';
import { type Dialect, postgresDialect, sortableText, sqliteDialect } from '../records/dialect.ts';
import { column } from '../records/kind.ts';
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
const ofKind = { key: 'text', version: 'bigint', body: 'text' } as const;
/** `index` is an index value: as it is in SQLite, sortable text in PostgreSQL. */
type Type = 'bigint' | 'bytea' | 'text' | 'index';
type Columns = Readonly<Record<string, Type>>;

/** A kind of record as `kydai_kinds` knows it: its name, and its index columns with what they were computed by. */
interface Kind {
  readonly name: string;
  readonly indexes: string;
}

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
      const { rows: kinds } = await client.query<Kind>('select name, indexes from kydai_kinds order by name');
      database.exec('begin');
      for (const kind of kinds) {
        database.exec(kindTable(sqliteDialect, kind));
        database.prepare('insert into kydai_kinds (name, indexes) values (?, ?)').run(kind.name, noted(kind));
      }
      for (const [table, types] of tablesOf(kinds)) {
        const heads = Object.keys(types);
        const named = heads.map((head) => `"${head}"`).join(', ');
        const insert = database.prepare(
          `insert into "${table}" (${named}) values (${heads.map(() => '?').join(', ')})`,
        );
        await client.query(`declare copy no scroll cursor for select ${named} from "${table}"`);
        for (;;) {
          const { rows } = await client.query<Record<string, unknown>>(`fetch ${together} from copy`);
          if (rows.length === 0) break;
          for (const row of rows) insert.run(...heads.map((head) => fromPostgres(types[head]!, row[head])));
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
      const kinds = database.prepare<[], Kind>('select name, indexes from kydai_kinds').all();
      for (const kind of kinds) {
        await client.query(kindTable(postgresDialect, kind));
        await client.query('insert into kydai_kinds (name, indexes) values ($1, $2)', [
          kind.name,
          noted(kind),
        ]);
      }
      for (const [table, types] of tablesOf(kinds)) {
        const heads = Object.keys(types);
        const named = heads.map((head) => `"${head}"`).join(', ');
        const arrays = heads.map(
          (head, at) => `$${at + 1}::${types[head] === 'index' ? 'text' : types[head]}[]`,
        );
        const insert = `insert into "${table}" (${named}) select * from unnest(${arrays.join(', ')})`;
        const rows = database.prepare<[], Record<string, unknown>>(`select ${named} from "${table}"`);
        let batch: Record<string, unknown>[] = [];
        const write = async () => {
          if (batch.length === 0) return;
          await client.query(
            insert,
            heads.map((head) => batch.map((row) => toPostgres(types[head]!, row[head]))),
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

function tablesOf(kinds: readonly Kind[]): [string, Columns][] {
  return [
    ...Object.entries(columns),
    ...kinds.map((kind): [string, Columns] => [
      `r_${kind.name}`,
      { ...ofKind, ...Object.fromEntries(indexesOf(kind).map((name) => [column(name), 'index' as const])) },
    ]),
  ];
}

/** The table of a kind with its index columns. */
function kindTable({ db, types }: Dialect, kind: Kind): string {
  let making = db.schema
    .createTable(`r_${kind.name}`)
    .ifNotExists()
    .addColumn('key', sql.raw(types.key) as never, (c) => c.primaryKey())
    .addColumn('version', sql.raw(types.integer) as never, (c) => c.notNull())
    .addColumn('body', 'text', (c) => c.notNull());
  for (const name of indexesOf(kind)) making = making.addColumn(column(name), sql.raw(types.index) as never);
  return making.compile().sql;
}

/** The names of a kind's indexes; what else `createKind` notes there has another form. */
function indexesOf({ name, indexes }: Kind): string[] {
  if (!/^[a-z][a-z0-9_]{0,47}$/.test(name))
    throw new StoreError('damaged', 'the records name a kind that cannot be one');
  return Object.keys(JSON.parse(indexes) as object).filter((each) =>
    /^[A-Za-z][A-Za-z0-9_]{0,47}$/.test(each),
  );
}

/**
 * What `createKind` is to find: the values of the columns are those of these functions, so that none is computed again; and
 * yet something differs, so that it makes the indexes.
 */
function noted({ indexes }: Kind): string {
  return JSON.stringify({ ...(JSON.parse(indexes) as object), ' ': 'copied' });
}

function toPostgres(type: Type, value: unknown): unknown {
  return type === 'index' && value !== null ? sortableText(value as string | number) : value;
}

function fromPostgres(type: Type, value: unknown): unknown {
  if (type === 'bigint') return Number(value);
  return type === 'index' && value !== null ? unsortableText(String(value)) : value;
}

/** What `sortableText` was made of. */
export function unsortableText(text: string): string | number {
  if (text.startsWith('s')) return text.slice(1);
  const bytes = Buffer.from(text.slice(1), 'hex');
  const negative = bytes[0]! < 0x80;
  for (let at = 0; at < 8; at++) bytes[at] = negative ? ~bytes[at]! & 0xff : bytes[at]!;
  if (!negative) bytes[0]! &= 0x7f;
  return bytes.readDoubleBE(0);
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
