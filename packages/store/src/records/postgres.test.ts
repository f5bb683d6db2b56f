import { generateKeyPairSync } from 'node:crypto';
import { write } from '@kydai/contracts';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PostgresServer, postgresPrograms, startPostgres } from '../contract/postgres.ts';
import { entry, lamp, lamps, type RecordsUnderTest, recordStoreContract } from '../contract/records.ts';
import { sortableText } from './dialect.ts';
import { openPostgresRecords, type Records } from './open.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const auditKey = {
  privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
};
let now = 1_760_000_000_000;
const clock = { now: () => now++ };
const programs = postgresPrograms();

it('sorts index values bytewise as SQLite sorts them', () => {
  const value = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.string());
  const order = (a: string | number, b: string | number) => {
    if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1;
    if (typeof a === 'number') return Math.sign(a - (b as number));
    return Buffer.compare(Buffer.from(a), Buffer.from(b as string));
  };
  fc.assert(
    fc.property(value, value, (a, b) => {
      expect(Buffer.compare(Buffer.from(sortableText(a)), Buffer.from(sortableText(b)))).toBe(order(a, b));
    }),
  );
});

it('says that a server cannot be reached, without its password', async () => {
  const url = 'postgres://kydai:hunter2@/postgres?host=/nonexistent';
  const opening = openPostgresRecords({ url, clock, auditKey });
  await expect(opening).rejects.toMatchObject({ code: 'unavailable' });
  await expect(opening).rejects.not.toThrow(/hunter2/);
});

// PostgreSQL is a Debian package that a developer's machine may lack; CI installs it.
describe.skipIf(programs === undefined)('on a real PostgreSQL', { timeout: 30_000 }, () => {
  let server: PostgresServer;
  let schemas = 0;
  beforeAll(async () => {
    server = await startPostgres(programs!);
  }, 60_000);
  afterAll(() => server?.stop());

  async function sql(text: string): Promise<void> {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    await client.query(text);
    await client.end();
  }

  async function newSchema(): Promise<string> {
    const schema = `test_${++schemas}`;
    await sql(`create schema ${schema}`);
    return schema;
  }

  const open = (schema: string): Promise<Records> =>
    openPostgresRecords({ url: server.url, schema, connections: 3, clock, auditKey });

  async function under(schema: string): Promise<RecordsUnderTest> {
    const { records, audit } = await open(schema);
    return {
      records,
      audit,
      async reopen() {
        await records.close();
        return under(schema);
      },
      destroy: () => records.close(),
    };
  }

  recordStoreContract('PostgreSQL', async () => under(await newSchema()));

  it('keeps one chain and one winner when several processes commit at once', async () => {
    const schema = await newSchema();
    const stores = await Promise.all([open(schema), open(schema), open(schema)]);
    await stores[0]!.records.commit([write.insert(lamps, lamp('a', { watts: 0 }))]);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 60 }, (_, n) =>
        stores[n % 3]!.records.commit([write.update(lamps, lamp('a', { watts: n }), 1)], [entry(`n:${n}`)]),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await Promise.all(
      Array.from({ length: 60 }, (_, n) =>
        stores[n % 3]!.records.commit([write.put(lamps, lamp(`k${n}`))], [entry(`k:${n}`)]),
      ),
    );
    expect(await stores[1]!.audit.verify()).toMatchObject({ intact: true, size: 61 });
    for (const { records } of stores) await records.close();
  });

  it('finds a row of the audit log that was changed behind its back', async () => {
    const schema = await newSchema();
    const { records, audit } = await open(schema);
    await records.commit([], [entry('a'), entry('b'), entry('c')]);
    await sql(`update ${schema}.audit_leaf set entry = replace(entry, 'linh', 'nobody') where idx = 1`);
    expect((await audit.verify()).faults[0]).toContain('leaf 1 was changed');
    await records.close();
  });

  it('says so when the server goes away, and goes on when connections come back', async () => {
    const { records } = await open(await newSchema());
    await records.commit([write.put(lamps, lamp('a'))]);
    await sql('select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()');
    await records.get(lamps, 'a').catch((error) => expect(error).toMatchObject({ code: 'unavailable' }));
    await expect.poll(() => records.count(lamps).catch(() => 0)).toBe(1);
    await records.close();
  });
});
