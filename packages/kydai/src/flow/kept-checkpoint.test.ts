import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRecords } from '@kydai/store';
import { describe, expect, it, onTestFinished } from 'vitest';
import { keepCheckpoint } from './kept-checkpoint.ts';

const minute = 60_000;
const pair = generateKeyPairSync('ed25519');
const publicKeyPem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString();
const privateKeyPem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

/** A data folder in which the database can be replaced while the kept checkpoint stays. */
function city() {
  const folder = mkdtempSync(join(tmpdir(), 'kydai-checkpoint-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const clock = { time: 0, now: () => clock.time };
  const file = join(folder, 'audit-checkpoint.json');
  const open = async (database: string, entries: number, actor = 'user:lan') => {
    const { records, audit } = await openRecords({
      file: join(folder, database),
      clock,
      auditKey: { publicKeyPem, privateKeyPem },
    });
    onTestFinished(() => records.close());
    for (let n = 0; n < entries; n++)
      await records.commit([], [{ at: clock.time, actor, action: 'act', target: `x:${n}`, detail: {} }]);
    return { audit: keepCheckpoint(audit, { file, publicKeyPem, clock }), records };
  };
  return { clock, file, open };
}

describe('the checkpoint kept outside of the database', () => {
  it('agrees with a log that only grew', async () => {
    const { open, file } = city();
    const { audit, records } = await open('a', 5);
    await audit.checkpoint();
    expect(existsSync(file)).toBe(true);
    await records.commit([], [{ at: 0, actor: 'x', action: 'act', target: 'x:9', detail: {} }]);
    expect(await audit.verify()).toMatchObject({ intact: true, faults: [], size: 6 });
    expect((await audit.checkpoint()).size).toBe(6);
  });

  it('tells of a log that was rewritten whole, its checkpoints deleted, and is not replaced by it', async () => {
    const { open } = city();
    await (await open('a', 5)).audit.checkpoint();
    const { audit } = await open('rewritten', 7, 'user:thief');
    expect(await audit.verify()).toMatchObject({
      intact: false,
      faults: [expect.stringContaining('it was rewritten')],
    });
    await expect(audit.checkpoint()).rejects.toMatchObject({ code: 'invalid' });
    expect((await audit.verify()).intact).toBe(false);
  });

  it('tells of a log that was cut', async () => {
    const { open } = city();
    await (await open('a', 5)).audit.checkpoint();
    const { audit } = await open('cut', 3);
    expect((await audit.verify()).faults).toEqual([expect.stringContaining('shorter')]);
  });

  it.each(['', '{}', '{"checkpoint":{"size":1,"root":"00","at":0,"signature":"AA=="},"publicKeyPem":""}'])(
    'is not believed when it was changed: %s',
    async (text) => {
      const { open, file } = city();
      const { audit } = await open('a', 2);
      await audit.checkpoint();
      writeFileSync(file, text);
      expect((await audit.verify()).faults).toEqual([expect.stringContaining('damaged')]);
    },
  );

  it('says that an old log without any checkpoint is not proven, and a young one is', async () => {
    const { open, clock } = city();
    const { audit } = await open('a', 2);
    expect((await audit.verify()).intact).toBe(true);
    clock.time = 11 * minute;
    expect((await audit.verify()).faults).toEqual([expect.stringMatching(/^not proven/)]);
  });
});
