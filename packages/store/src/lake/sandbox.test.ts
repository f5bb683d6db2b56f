import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { noon, sample } from '../contract/samples.ts';
import { type Lake, openLake } from './open.ts';

describe('SQL for experts', { timeout: 30_000 }, () => {
  let folder: string;
  let lake: Lake;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'kydai-sql-'));
    lake = await openLake({ folder, clock: { now: () => noon } });
  });
  afterEach(async () => {
    await lake.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('answers over everything that was acknowledged before', async () => {
    await lake.append([
      sample({ fields: { 'user.name': 'lan', 'source.port': 22 } }),
      sample({ fields: { 'labels.x': 1 } }),
    ]);
    const answer = await lake.sql(
      `select "user.name" as user, count(*) as n, max(time) as at, max("process.pid") as pid from events group by all order by user`,
    );
    expect(answer.columns).toEqual(['user', 'n', 'at', 'pid']);
    expect(answer.rows.map(([user, n]) => [user, Number(n)])).toEqual([
      ['lan', 1],
      [null, 1],
    ]);
    expect(String(answer.rows[0]![2])).toContain('2025-10-09');
    expect(await lake.sql('select id from events', { limit: 1 })).toMatchObject({ truncated: true });
  });

  it('answers over an empty lake', async () => {
    expect((await lake.sql('select count(*) as n from events')).rows.map(([n]) => Number(n))).toEqual([0]);
  });

  it('reads no other file, writes none, reaches no network, and changes nothing', async () => {
    await lake.append([sample()]);
    await lake.flush();
    const secret = join(folder, 'secret.txt');
    writeFileSync(secret, 'bí mật');
    const inside = join(folder, 'parquet', 'x.parquet');
    for (const text of [
      `select * from read_text('${secret}')`,
      `select * from read_blob('${folder}/manifest.json')`,
      `select * from read_text('${folder}/parquet/../secret.txt')`,
      `select * from '/etc/passwd'`,
      `select * from glob('/etc/*')`,
      `select * from read_csv('http://127.0.0.1:1/x')`,
      `copy (select 1) to '${inside}'`,
      `copy events to '${inside}'`,
      `attach '${join(folder, 'x.db')}' as x`,
      `install httpfs`,
      `load httpfs`,
      `set enable_external_access = true`,
      `set memory_limit = '10GB'`,
      `reset lock_configuration`,
      `pragma database_list`,
      `create table x as select 1`,
      `drop view events`,
      `insert into events select * from events`,
      `export database '${folder}/parquet/out'`,
      `call pragma_version()`,
      `select 1; select 2`,
      `select 1; copy events to '${inside}'`,
      `explain analyze copy events to '${inside}'`,
      `prepare x as select 1`,
      `from query('copy events to ''${inside}''')`,
      ``,
      `--`,
      `select * from nothing`,
      `selec 1`,
      `select '${'x'.repeat(21_000)}'`,
      `select repeat('x', 20000000)`,
    ]) {
      await expect(lake.sql(text), text.slice(0, 80)).rejects.toMatchObject({ code: 'query' });
    }
    expect(existsSync(inside)).toBe(false);
    expect((await lake.stats()).events).toBe(1);
  });

  it('bounds memory and time, and ends when its signal says so', async () => {
    await expect(
      lake.sql('select count(distinct a.range * b.range) from range(100000) a, range(100000) b', {
        signal: AbortSignal.timeout(300),
      }),
    ).rejects.toMatchObject({ code: expect.stringMatching(/^(cancelled|query)$/) });
    await expect(lake.sql('select list(range) from range(1000000000)')).rejects.toMatchObject({
      code: 'query',
    });
    await expect(lake.sql('select 1', { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'cancelled',
    });
  });
});
