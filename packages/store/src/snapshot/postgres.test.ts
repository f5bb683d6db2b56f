import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { write } from '@kydai/contracts';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type PostgresServer, postgresPrograms, startPostgres } from '../contract/postgres.ts';
import { entry, lamp, lamps } from '../contract/records.ts';
import { sortableText } from '../records/dialect.ts';
import { openPostgresRecords, openRecords } from '../records/open.ts';
import {
  isEmptyPostgres,
  restorePostgresRecords,
  snapshotPostgresRecords,
  unsortableText,
} from './postgres.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const auditKey = {
  privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
};
let now = 1_760_000_000_000;
const clock = { now: () => now++ };
const programs = postgresPrograms();

it('says that a server cannot be reached, without its password', async () => {
  const asked = isEmptyPostgres({ url: 'postgres://kydai:hunter2@/postgres?host=/nonexistent' });
  await expect(asked).rejects.toMatchObject({ code: 'unavailable' });
  await expect(asked).rejects.not.toThrow(/hunter2/);
});

it('gives back every index value that was made sortable', () => {
  const value = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.string());
  fc.assert(
    fc.property(value, (each) => {
      expect(unsortableText(sortableText(each))).toBe(each === 0 ? 0 : each);
    }),
  );
});

// PostgreSQL is a Debian package that a developer's machine may lack; CI installs it.
describe.skipIf(programs === undefined)('records on a real PostgreSQL', { timeout: 30_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'kydai-pg-copy-'));
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres(programs!);
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    await client.query('create schema one; create schema two');
    await client.end();
  }, 60_000);
  afterAll(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function indexesIn(schema: string): Promise<unknown[]> {
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    const { rows } = await client.query('select indexname from pg_indexes where schemaname = $1 order by 1', [
      schema,
    ]);
    await client.end();
    return rows;
  }

  it('are copied as of one moment while others write, and are the same in a file and in another database', async () => {
    const one = { url: server.url, schema: 'one' };
    const two = { url: server.url, schema: 'two' };
    expect(await isEmptyPostgres(one)).toBe(true);
    const from = await openPostgresRecords({ ...one, clock, auditKey });
    const many = Array.from({ length: 2500 }, (_, n) => lamp(`k${n}`, { watts: n, note: `Huế '${n}'` }));
    await from.records.commit(
      many.map((each) => write.put(lamps, each)),
      many.map(({ id }) => entry(id)),
    );
    await from.audit.checkpoint();
    let stop = false;
    let written = 0;
    const writing = (async () => {
      for (; !stop; written++)
        await from.records.commit([write.put(lamps, lamp(`later-${written}`))], [entry(`later-${written}`)]);
    })();
    const file = join(folder, 'records.sqlite');
    await snapshotPostgresRecords(one, file);
    stop = true;
    await writing;
    expect(written).toBeGreaterThan(0);

    const filed = await openRecords({ file, clock, auditKey });
    const verdict = await filed.audit.verify();
    expect(verdict).toMatchObject({ intact: true, checkpoints: 1 });
    // Each writing was of one record and one entry: what has the one has the other.
    expect(await filed.records.count(lamps)).toBe(verdict.size);
    expect(verdict.size).toBeGreaterThanOrEqual(2500);
    const found = await filed.records.find(lamps, { where: { watts: 1234 } });
    expect(found.records).toEqual([{ value: many[1234], version: 1 }]);
    const highest = { order: '-watts', limit: 1 } as const;
    expect((await filed.records.find(lamps, highest)).records[0]?.value.watts).toBe(2499);
    const { root } = await filed.audit.checkpoint();
    await filed.records.close();

    await restorePostgresRecords(file, two);
    const to = await openPostgresRecords({ ...two, clock, auditKey });
    expect(await to.audit.verify()).toMatchObject({ intact: true, size: verdict.size, root });
    expect((await to.records.find(lamps, { where: { watts: 1234 } })).records).toEqual(found.records);
    expect((await to.records.find(lamps, highest)).records[0]?.value.watts).toBe(2499);
    expect(await indexesIn('two')).toEqual(await indexesIn('one'));
    await to.records.commit([write.update(lamps, lamp('k1', { watts: 7 }), 1)], [entry('after')]);
    await to.records.close();
    await expect(restorePostgresRecords(file, two)).rejects.toMatchObject({ code: 'not-empty' });
    await from.records.close();
  });
});
