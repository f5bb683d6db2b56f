import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { devices } from '@kydai/pki';
import { afterAll, expect, it } from 'vitest';
import { catchUp } from './catch-up.ts';
import { openChangeLog } from './changes.ts';
import { openTransmitter } from './ssf/transmitter.ts';
import { openTestRecords } from './testing/records.ts';
import { plainSigner, receiver } from './testing/samples.ts';

const folder = mkdtempSync(join(tmpdir(), 'kydai-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each(['before', 'after'])(
  'sends a quarantine exactly once when the program is killed right %s its event was kept',
  async (moment) => {
    const file = join(folder, `${moment}.db`);
    const killed = spawnSync(process.execPath, [
      fileURLToPath(new URL('./testing/killed.ts', import.meta.url)),
      file,
      moment,
    ]);
    expect(killed.signal).toBe('SIGKILL');

    const records = await openTestRecords(file);
    const clock = { now: Date.now };
    const log = { warn: () => {}, error: () => {} };
    const issuer = () => 'https://ioc.example';
    const transmitter = await openTransmitter({ records, clock, log, signer: plainSigner, issuer });
    const changes = await openChangeLog({ records, clock, log, commit: transmitter.keep });
    // The register has it, whatever was told.
    const cam = (await records.get(devices, 'cam'))!.value;
    expect(cam.quarantined).toBe(true);
    const entity = {
      uid: { type: 'Device', id: 'cam' },
      attrs: { quarantined: cam.quarantined, certified: false, risk: cam.risk },
      parents: [],
    };
    const present = {
      entities: { all: () => [entity] },
      blocked: [],
      isBlocked: () => false,
      policySet: 'p',
    };
    await catchUp({ changes, records, clock, present });
    await changes.settled();
    const gone = new AbortController().signal;
    const { sets } = await transmitter.poll(receiver('a'), { ack: [], most: 100, waitMs: 0, gone });
    const quarantines = [...sets.values()].filter((set) =>
      Buffer.from(set.split('.')[1]!, 'base64url').toString().includes('"current_status":"not-compliant"'),
    );
    expect(quarantines).toHaveLength(1);
    await records.close();
  },
);
