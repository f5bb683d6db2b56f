import pg from 'pg';
import { StoreError } from '../error.ts';

const retry = 1000;

export interface PostgresHold {
  release(): Promise<void>;
}

/**
 * Holds a schema for one program, by an advisory lock that ends with its connection: what a program remembers of records
 * would be wrong where another one writes them. A connection that breaks is made again; `onLost` is called where another
 * program took the schema meanwhile. Rejects with `locked` or `unavailable`.
 */
export async function holdPostgres(
  place: { readonly url: string; readonly schema: string },
  onLost: () => void,
): Promise<PostgresHold> {
  let client: pg.Client | undefined;
  let timer: NodeJS.Timeout | undefined;
  let released = false;

  /** Whether the schema is ours now. */
  const take = async (): Promise<boolean> => {
    const next = new pg.Client({
      connectionString: place.url,
      connectionTimeoutMillis: 10_000,
      keepAlive: true,
      // The server notices within a minute that a machine is gone, and lets another one in.
      options: '-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3',
      application_name: 'kydai',
    });
    next.on('error', () => undefined);
    try {
      await next.connect();
      const { rows } = await next.query<{ held: boolean }>(
        "select pg_try_advisory_lock(hashtext('kydai-program'), hashtext($1)) as held",
        [place.schema],
      );
      if (rows[0]?.held !== true || released) {
        await next.end();
        return false;
      }
    } catch (cause) {
      await next.end().catch(() => undefined);
      throw new StoreError(
        'unavailable',
        'the database cannot be reached; check that it runs and the address of it',
        { cause },
      );
    }
    client = next;
    next.once('end', again);
    return true;
  };

  const again = (): void => {
    if (released) return;
    timer = setTimeout(() => {
      take().then((held) => {
        if (!held && !released) onLost();
      }, again);
    }, retry);
    timer.unref();
  };

  if (!(await take()))
    throw new StoreError('locked', 'another program works with the records of this database; stop it first');
  return {
    async release() {
      released = true;
      clearTimeout(timer);
      await client?.end().catch(() => undefined);
    },
  };
}
