import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig, type Running, startKydai } from '@kydai/kydai';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, temporaryFolder } from '../program.ts';
import { enrolled } from './enrolled.ts';

const ports = Object.fromEntries(
  ['HTTP', 'DEVICES', 'STATUS', 'COLLECT', 'SYSLOG_UDP', 'SYSLOG_TCP', 'SYSLOG_TLS'].map((name) => [
    `KYDAI_${name}_PORT`,
    '0',
  ]),
);

describe('lines that anyone on this machine can send', () => {
  const environment = { ...ports, KYDAI_DATA: join(temporaryFolder(), 'data') };
  const config = loadConfig({ file: 'none.yaml', required: false, environment });
  let running: Running;

  beforeAll(async () => {
    running = await startKydai({ config, environment, log: pino({ level: 'silent' }) });
    for (const id of ['cam-drilled', 'cam-innocent'])
      await running.kydai.authority.devices.register({ id, kind: 'camera', zone: 'north' }, 'user:test');
  });
  afterAll(() => running.stop());

  const forge = (device: string, marks: object = {}, hash = 'ab'.repeat(32), token?: string) =>
    fetch(`${running.addresses.collect}/events`, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-ndjson',
        ...(token && { authorization: `Bearer ${token}` }),
      },
      body: ['north', 'south']
        .map((site, index) => {
          const message = `device=${device} src=192.0.2.${index + 1} cert_sha256=${hash} site=${site} action=handshake outcome=success`;
          const line = `<133>1 ${new Date().toISOString()} edge-${site} tls - - - ${message}`;
          return `${JSON.stringify({ message: line, ...marks })}\n`;
        })
        .join(''),
    });
  const incidents = async () => {
    const { key } = JSON.parse(readFileSync(join(config.data, 'operator.json'), 'utf8')) as { key: string };
    const answer = await fetch(`${running.addresses.http}/api/v1/incidents`, {
      headers: { authorization: `Bearer ${key}` },
    });
    return (await answer.json()) as { items: { drill: boolean; entities: { id: string }[] }[] };
  };
  const incidentOf = (device: string) =>
    eventually(async () =>
      (await incidents()).items.find(({ entities }) => entities.some(({ id }) => id === device)),
    );

  it('cannot make an attack on a real device a drill', async () => {
    await forge('cam-drilled', { 'kydai.drill': true });
    expect((await incidentOf('cam-drilled'))?.drill).toBe(false);
  });

  it('cannot cut a device off by naming a certificate that it never held', async () => {
    await forge('cam-innocent');
    const { executor, authority } = running.kydai;
    const asked = await eventually(async () =>
      (await executor.waiting()).find(({ reason }) => /none of the device/.test(reason)),
    );
    expect(asked).toBeDefined();
    expect((await authority.devices.get('cam-innocent'))?.quarantined).toBe(false);
  });

  it('cannot cut a device off by naming its own certificate, until a second source or a person says the same', async () => {
    const { executor, authority } = running.kydai;
    const own = new X509Certificate(await enrolled(running, 'cam-accused')).fingerprint256
      .replaceAll(':', '')
      .toLowerCase();
    await forge('cam-accused', {}, own);
    const asked = await eventually(async () =>
      (await executor.waiting()).find(({ reason }) => /a second source or a person/.test(reason)),
    );
    await executor.settled();
    expect((await authority.devices.get('cam-accused'))?.quarantined).toBe(false);
    // A sender with a token saw it too.
    const { secret } = await running.kydai.apiTokens.create(
      { name: 'edge', scopes: ['ingest-events'], days: 1 },
      'user:test',
    );
    await forge('cam-accused', {}, own, secret);
    await eventually(async () => (await authority.devices.get('cam-accused'))?.quarantined === true);
    expect((await executor.waiting()).map(({ runId }) => runId)).not.toContain(asked.runId);
  });
});
