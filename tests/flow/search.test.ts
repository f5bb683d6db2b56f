import { join } from 'node:path';
import { loadConfig, type Running, startKydai } from '@kydai/kydai';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { temporaryFolder } from '../program.ts';
import { enrolled } from './enrolled.ts';

const environment = {
  ...Object.fromEntries(
    ['HTTP', 'DEVICES', 'STATUS', 'COLLECT', 'SYSLOG_UDP', 'SYSLOG_TCP', 'SYSLOG_TLS'].map((name) => [
      `KYDAI_${name}_PORT`,
      '0',
    ]),
  ),
  KYDAI_DATA: join(temporaryFolder(), 'data'),
};
const config = loadConfig({ file: 'none.yaml', required: false, environment });
let running: Running;
beforeAll(async () => {
  running = await startKydai({ config, environment, log: pino({ level: 'silent' }) });
});
afterAll(() => running.stop());

const ask = async (path: string, body: object) => {
  const response = await fetch(`${running.addresses.http}/access/v1/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-request-id': 'r-1' },
    body: JSON.stringify(body),
  });
  expect(response.headers.get('x-request-id')).toBe('r-1');
  // biome-ignore lint/suspicious/noExplicitAny: each answer has a shape of its own, which the test states
  return { status: response.status, body: (await response.json()) as any };
};

it('a search finds, page by page, exactly the devices that a decision of now lets publish', async () => {
  const devices = Array.from({ length: 7 }, (_, n) => `cam-${n}`);
  for (const device of devices) await enrolled(running, device);
  const { authority } = running.kydai;
  await authority.devices.update('cam-2', { quarantined: true }, 'user:test');
  await authority.devices.update('cam-5', { risk: 95 }, 'user:test');
  const resource = { type: 'Dataset', id: 'readings' };
  const action = { name: 'publish' };
  const allowed: string[] = [];
  for (const id of devices) {
    const { body } = await ask('evaluation', { subject: { type: 'Device', id }, action, resource });
    if (body.decision === true) allowed.push(id);
  }
  expect(allowed).toEqual(['cam-0', 'cam-1', 'cam-3', 'cam-4', 'cam-6']);
  const found: string[] = [];
  let token: string | undefined;
  do {
    const page = { limit: 2, ...(token && { token }) };
    const { status, body } = await ask('search/subject', {
      subject: { type: 'Device' },
      action,
      resource,
      page,
    });
    expect(status).toBe(200);
    found.push(...body.results.map(({ id }: { id: string }) => id));
    token = body.page.next_token;
  } while (token);
  expect(found).toEqual(allowed);
  const actions = await ask('search/action', { subject: { type: 'Device', id: 'cam-0' }, resource });
  expect(actions.body.results).toContainEqual({ name: 'publish' });
  const none = await ask('search/action', { subject: { type: 'Device', id: 'cam-2' }, resource });
  expect(none.body.results).not.toContainEqual({ name: 'publish' });
  expect((await ask('search/subject', { subject: {}, action, resource })).status).toBe(400);
});
