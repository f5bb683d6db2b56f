import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { enrol } from '../enrol/enrol.ts';
import type { Identity } from '../folder/identity.ts';
import { createDeviceKey } from '../key/create.ts';
import { openSealed } from '../seal/open.ts';
import { createReplayGuard } from '../seal/replay.ts';
import { certificateDigest } from '../seal/seal.ts';
import { TestAuthority, TestEst } from '../testing/authority.ts';
import { type SendOptions, sendReading } from './send.ts';

const service = createDeviceKey();
const now = Date.now();
let est: TestEst;
let identity: Identity;
let folder = '';
let options: SendOptions;

beforeEach(async () => {
  est = new TestEst();
  folder = mkdtempSync(join(tmpdir(), 'kydai-send-'));
  const estUrl = await est.start();
  const ca = est.authority.certificate.toString();
  identity = await enrol({ estUrl, deviceId: 'sensor-1', token: 'token-1', ca, folder });
  const recipient = est.authority.issue('readings', service.publicKey).toString();
  options = { url: `${estUrl}/readings`, ca, identity, recipient, now, timeout: 2000 };
  est.answer = ({ path }) => (path === '/readings' ? { status: 202 } : undefined);
});
afterEach(async () => {
  await est.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('sending a reading', () => {
  it('brings it sealed to the receiver, under the device certificate', async () => {
    expect(await sendReading({ level: 1.5 }, options)).toBe(202);
    const { peer, body } = est.seen.at(-1)!;
    expect(peer).toBe('sensor-1');
    const opened = await openSealed(body, {
      key: service.privateKey,
      certificateOf: (digest) =>
        digest === certificateDigest(identity.certificate) ? identity.certificate.raw : undefined,
      guard: createReplayGuard(now - 1),
      now,
    });
    expect(opened).toMatchObject({ deviceId: 'sensor-1', reading: { level: 1.5 } });
  });

  it.each([
    [403, 'enrolment-refused'],
    [401, 'enrolment-refused'],
    [429, 'server-unavailable'],
    [503, 'server-unavailable'],
    [302, 'server-unavailable'],
  ])('gives %s a code of its own', async (status, code) => {
    est.answer = () => ({ status });
    await expect(sendReading(1, options)).rejects.toMatchObject({ code });
  });

  it('goes to no server of another CA, and not in the clear', async () => {
    const ca = new TestAuthority('stranger').certificate.toString();
    const before = est.seen.length;
    await expect(sendReading(1, { ...options, ca })).rejects.toMatchObject({ code: 'server-unavailable' });
    await expect(sendReading(1, { ...options, url: 'http://127.0.0.1/' })).rejects.toMatchObject({
      code: 'input-invalid',
    });
    expect(est.seen.length).toBe(before);
  });

  it('gives up on a server that does not answer', async () => {
    est.silent = true;
    await expect(sendReading(1, { ...options, timeout: 50 })).rejects.toMatchObject({
      code: 'server-unavailable',
    });
  });
});
