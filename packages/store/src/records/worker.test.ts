import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { write } from '@kydai/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { entry, lamp, lamps, type RecordsUnderTest, recordStoreContract } from '../contract/records.ts';
import { openRecords } from './open.ts';
import { openSqliteWithThread } from './worker.ts';

const { privateKey, publicKey } = generateKeyPairSync('ed25519');
const auditKey = {
  privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
};
let now = 1_760_000_000_000;
const clock = { now: () => now++ };

async function under(folder: string): Promise<RecordsUnderTest> {
  const file = join(folder, 'records.db');
  const { records, audit } = await openRecords({ file, clock, auditKey, commits: 'thread' });
  return {
    records,
    audit,
    async reopen() {
      await records.close();
      return under(folder);
    },
    async destroy() {
      await records.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

recordStoreContract('SQLite with a thread for commits', () =>
  under(mkdtempSync(join(tmpdir(), 'kydai-records-'))),
);

describe('the thread that writes', { timeout: 30_000 }, () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kydai-records-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('answers every commit that was accepted before the close, and each is on disk', async () => {
    const { records, audit } = await under(folder);
    const commits = Array.from({ length: 1500 }, (_, n) =>
      records.commit([write.insert(lamps, lamp(`k${n}`))], [entry(`lamp:k${n}`)]),
    );
    await records.close();
    await Promise.all(commits);
    await expect(audit.size()).rejects.toMatchObject({ code: 'closed' });
    const again = await openRecords({ file: join(folder, 'records.db'), clock, auditKey });
    expect(await again.records.count(lamps)).toBe(1500);
    expect(await again.audit.verify()).toMatchObject({ intact: true, size: 1500 });
    await again.records.close();
  });

  it('lets a reader see a commit as soon as that has resolved', async () => {
    const { records } = await under(folder);
    for (let turn = 0; turn < 50; turn++) {
      await records.commit([write.put(lamps, lamp('a', { watts: turn }))]);
      expect((await records.get(lamps, 'a'))?.value.watts).toBe(turn);
    }
    await records.close();
  });

  it('leaves the calling thread free while the disk syncs', async () => {
    const { records } = await under(folder);
    await records.commit([write.put(lamps, lamp('first'))]);
    let turns = 0;
    const timer = setInterval(() => turns++, 0);
    for (let round = 0; round < 5; round++) {
      await Promise.all(
        Array.from({ length: 200 }, (_, n) => records.commit([write.put(lamps, lamp(`${round}-${n}`))])),
      );
    }
    clearInterval(timer);
    expect(turns).toBeGreaterThan(5);
    await records.close();
  });

  it('rejects a group when the tables are not there, and goes on with the next', async () => {
    const engine = openSqliteWithThread(join(folder, 'records.db'));
    const query = { sql: 'insert into nowhere values (1)', parameters: [] } as never;
    const batch = { changes: [{ kind: 'x', key: 'x', demand: 'nothing', query } as const], leaves: [] };
    await expect(engine.apply!([batch])).rejects.toMatchObject({ code: 'disk-failed' });
    await expect(engine.apply!([batch])).rejects.toThrow(/SQLITE_ERROR/);
    await engine.close();
    await expect(engine.apply!([batch])).rejects.toMatchObject({ code: 'closed' });
  });
});
