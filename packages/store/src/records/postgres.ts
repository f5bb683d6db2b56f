import type { CompiledQuery } from 'kysely';
import pg from 'pg';
import { StoreError } from '../error.ts';
import { postgresDialect } from './dialect.ts';
import type { Engine } from './engine.ts';
import { type Answer, runAsync, type Steps } from './steps.ts';

/** Connects when first used. Throws `query` for a schema name that cannot be one. */
export function openPostgres(url: string, schema: string, connections: number): Engine {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) {
    throw new StoreError('query', 'a schema name must be lower-case letters, digits and underscores');
  }
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: 10_000,
    options: `-c search_path=${schema}`,
  });
  // A connection that breaks while nobody uses it is replaced by the pool; whoever uses one gets the error itself.
  pool.on('error', () => undefined);
  // Also while it is used: without a listener the event would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));

  async function within<T>(begin: string, steps: () => Steps<T>): Promise<T> {
    let client: pg.PoolClient;
    try {
      client = await pool.connect();
    } catch (error) {
      throw translate(error);
    }
    let broken: Error | undefined;
    try {
      await client.query(begin);
      const result = await runAsync(steps(), (query) => answer(client, query));
      await client.query('commit');
      return result;
    } catch (error) {
      try {
        await client.query('rollback');
      } catch (lost) {
        broken = lost as Error;
      }
      throw translate(error);
    } finally {
      client.release(broken);
    }
  }

  return {
    dialect: postgresDialect,
    // One writer at a time, over all processes: versions are compared and leaves numbered under this lock.
    write: (steps) =>
      within(`begin; select pg_advisory_xact_lock(hashtext('kydai-records'), hashtext('${schema}'))`, steps),
    read: (steps) => within('begin isolation level repeatable read read only', steps),
    close: () => pool.end(),
  };
}

async function answer(client: pg.PoolClient, { sql, parameters }: CompiledQuery): Promise<Answer> {
  const { rows, rowCount, command } = await client.query(sql, [...parameters]);
  return { rows, changed: command === 'SELECT' ? 0 : (rowCount ?? 0) };
}

/** PostgreSQL's and the network's failures as ours; anything else as it is. Messages never hold the connection string. */
function translate(error: unknown): unknown {
  const code = (error as { readonly code?: unknown }).code;
  if (error instanceof StoreError || typeof code !== 'string') {
    return error instanceof Error && /timeout|terminated|ended/i.test(error.message)
      ? unavailable(error)
      : error;
  }
  if (code === '53100') {
    return new StoreError('disk-full', "the database's disk is full; free some space", { cause: error });
  }
  // Classes of PostgreSQL's error codes: connection, authorisation, resources, operator intervention; or of the network.
  if (/^(08|28|3D|53|57)/.test(code) || /^E[A-Z]+$/.test(code)) return unavailable(error);
  if (/^[0-9A-Z]{5}$/.test(code)) {
    return new StoreError('disk-failed', `the database refused the work (${code})`, { cause: error });
  }
  return error;
}

function unavailable(cause: unknown): StoreError {
  return new StoreError(
    'unavailable',
    'the database cannot be reached; check that it runs and the address of it',
    {
      cause,
    },
  );
}
