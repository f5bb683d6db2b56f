import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { write } from '@kydai/contracts';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AuditKey } from '../audit/key.ts';
import { entry, lamp, lamps, type RecordsUnderTest, recordStoreContract } from '../contract/records.ts';
import { openRecords } from './open.ts';

const pair = () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  return {
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
};
const auditKey: AuditKey = pair();
let now = 1_760_000_000_000;
const clock = { now: () => now++ };

async function under(folder: string): Promise<RecordsUnderTest> {
  const { records, audit } = await openRecords({ file: join(folder, 'records.db'), clock, auditKey });
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

recordStoreContract('SQLite', () => under(mkdtempSync(join(tmpdir(), 'kydai-records-'))));

describe('openRecords', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'kydai-records-'));
    file = join(folder, 'records.db');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('refuses a file that is not a database', async () => {
    writeFileSync(file, 'không phải cơ sở dữ liệu '.repeat(100));
    await expect(openRecords({ file, clock, auditKey })).rejects.toMatchObject({ code: 'damaged' });
  });

  it('refuses a folder that is not there', async () => {
    await expect(openRecords({ file: join(folder, 'no', 'r.db'), clock, auditKey })).rejects.toMatchObject({
      code: 'disk-failed',
    });
  });

  it('refuses keys that are not Ed25519, not readable or not a pair', async () => {
    const rsa = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
      type: 'spki',
      format: 'pem',
    });
    const refused = { code: 'audit-key' };
    for (const key of [
      { publicKeyPem: rsa.toString() },
      { publicKeyPem: 'nothing' },
      { ...pair(), publicKeyPem: pair().publicKeyPem },
    ]) {
      await expect(openRecords({ file, clock, auditKey: key })).rejects.toMatchObject(refused);
    }
  });

  it('opened without the private key reads and verifies, but does not sign', async () => {
    const { records, audit } = await openRecords({
      file,
      clock,
      auditKey: { publicKeyPem: auditKey.publicKeyPem },
    });
    await records.commit([], [entry('a')]);
    await expect(audit.checkpoint()).rejects.toMatchObject({ code: 'audit-key' });
    expect(await audit.verify()).toMatchObject({ intact: true, size: 1 });
    await records.close();
  });

  it('still verifies checkpoints of the key before, when it is told of it', async () => {
    const first = await openRecords({ file, clock, auditKey });
    await first.records.commit([], [entry('a')]);
    await first.audit.checkpoint();
    await first.records.close();
    const next = pair();
    const without = await openRecords({ file, clock, auditKey: next });
    expect((await without.audit.verify()).faults).toEqual([
      expect.stringContaining('not signed by the audit key'),
    ]);
    await without.records.close();
    const withOld = await openRecords({
      file,
      clock,
      auditKey: { ...next, previousPublicKeyPems: [auditKey.publicKeyPem] },
    });
    expect((await withOld.audit.verify()).intact).toBe(true);
    await withOld.records.close();
  });

  it('gives the outcome of commits that were accepted before the close', async () => {
    const { records } = await openRecords({ file, clock, auditKey });
    const commits = Array.from({ length: 700 }, (_, n) =>
      records.commit([write.insert(lamps, lamp(`k${n}`))]),
    );
    await records.close();
    await Promise.all(commits);
    const again = await openRecords({ file, clock, auditKey });
    expect(await again.records.count(lamps)).toBe(700);
    await again.records.close();
  });

  it('reads and goes on with a log that has the hashes of smaller subtrees too, as it had before', async () => {
    const { records, audit } = await openRecords({ file, clock, auditKey });
    for (let n = 0; n < 21; n++) await records.commit([], [entry(`n:${n}`)]);
    const { root } = await audit.checkpoint();
    const proof = await audit.inclusionProof(3, 21);
    await records.close();
    const database = new Database(file);
    const add = database.prepare('insert into audit_node (level, idx, hash) values (?, ?, ?)');
    for (let level = 1; level < 4; level++)
      for (let idx = 0; idx < Math.floor(21 / 2 ** level); idx++) add.run(level, idx, Buffer.alloc(32, 7));
    database.close();
    const again = await openRecords({ file, clock, auditKey });
    expect(await again.audit.inclusionProof(3, 21)).toEqual(proof);
    for (let n = 21; n < 40; n++) await again.records.commit([], [entry(`n:${n}`)]);
    expect(await again.audit.consistencyProof(21, 40)).not.toContain('07'.repeat(32));
    expect((await again.audit.verify()).faults).toEqual([]);
    expect((await again.audit.checkpoint()).root).not.toBe(root);
    await again.records.close();
  });

  it('makes the indexes of an existing table lean without computing them again', async () => {
    const first = await openRecords({ file, clock, auditKey });
    await first.records.commit([write.insert(lamps, lamp('a'))]);
    await first.records.close();
    const database = new Database(file);
    // What a computation of the column would put right.
    database.exec(`update r_lamp set i_watts = 41`);
    const again = await openRecords({ file, clock, auditKey });
    expect(await again.records.count({ ...lamps, lean: ['watts'] }, { watts: 41 })).toBe(1);
    await again.records.close();
    const indexes = database
      .prepare(`select sql from sqlite_master where type = 'index' and name like '%r_lamp_watts'`)
      .pluck()
      .all() as string[];
    database.close();
    expect(indexes).toEqual([expect.not.stringContaining('key')]);
  });

  describe('finds tampering and names the leaf', () => {
    const size = 40;
    async function tamper(change: (database: Database.Database) => void): Promise<readonly string[]> {
      const { records, audit } = await openRecords({ file, clock, auditKey });
      for (let n = 0; n < size; n++) {
        await records.commit([], [entry(`n:${n}`)]);
        if (n === 5) await audit.checkpoint();
      }
      await audit.checkpoint();
      const database = new Database(file);
      change(database);
      database.close();
      const verdict = await audit.verify();
      await records.close();
      expect(verdict.intact).toBe(false);
      return verdict.faults;
    }

    it('of an entry', async () => {
      const faults = await tamper((db) => {
        db.exec(`update audit_leaf set entry = replace(entry, 'linh', 'nobody') where idx = 7`);
      });
      expect(faults[0]).toContain('leaf 7 was changed');
    });

    it('of an entry together with its hash and all hashes above it', async () => {
      const faults = await tamper((db) => {
        db.exec(`update audit_leaf set entry = (select entry from audit_leaf where idx = 3),
          hash = (select hash from audit_leaf where idx = 3) where idx = 7`);
        db.exec('delete from audit_node');
      });
      expect(faults).toContainEqual(expect.stringContaining('leaves 6 to 39 are not those'));
    });

    it('of a checkpoint', async () => {
      const faults = await tamper((db) => db.exec('update audit_checkpoint set size = 7 where size = 6'));
      expect(faults[0]).toContain('not signed');
    });

    it('by removing a row in the middle', async () => {
      const faults = await tamper((db) => db.exec('delete from audit_leaf where idx = 4'));
      expect(faults[0]).toContain('leaf 4 is missing');
    });

    it('by removing the tail', async () => {
      const faults = await tamper((db) => db.exec('delete from audit_leaf where idx >= 9'));
      expect(faults).toContainEqual(expect.stringContaining('leaves 9 to 39 are missing'));
    });

    it('by swapping two rows', async () => {
      const faults = await tamper((db) => {
        db.exec('update audit_leaf set idx = -1 where idx = 2');
        db.exec('update audit_leaf set idx = 2 where idx = 3');
        db.exec('update audit_leaf set idx = 3 where idx = -1');
      });
      expect(faults).toContainEqual(expect.stringContaining('leaves 0 to 15 do not hash'));
    });
  });
});
