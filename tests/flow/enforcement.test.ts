import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig, type Running, startKydai } from '@kydai/kydai';
import { parseQuery } from '@kydai/store';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, temporaryFolder } from '../program.ts';
import { enrolled } from './enrolled.ts';

const ports = Object.fromEntries(
  [
    'HTTP_PORT',
    'DEVICES_PORT',
    'STATUS_PORT',
    'COLLECT_PORT',
    'SYSLOG_UDP_PORT',
    'SYSLOG_TCP_PORT',
    'SYSLOG_TLS_PORT',
  ].map((name) => [`KYDAI_${name}`, '0']),
);
const folder = temporaryFolder();
const environment = {
  ...ports,
  KYDAI_DATA: join(folder, 'data'),
  KYDAI_DECISIONS_KEEP_ALLOWED: '0.5',
  KYDAI_AUTHZEN_TYPES: '{ "camera": "Device" }',
  KYDAI_AUTHZEN_ACTIONS: '{ "write": "publish" }',
  KYDAI_ENFORCE_ROUTES: JSON.stringify([
    {
      method: 'POST',
      path: '/readings/**',
      action: 'publish',
      resource: { type: 'Dataset', id: 'readings' },
    },
  ]),
};
const config = loadConfig({ file: join(folder, 'kydai.yaml'), required: false, environment });
/** How far the program's clock is ahead. */
let later = 0;
let running: Running;
let base: string;
let key: string;

beforeAll(async () => {
  running = await startKydai({
    config,
    environment,
    log: pino({ level: 'silent' }),
    clock: { now: () => Date.now() + later },
  });
  base = running.addresses.http;
  key = (JSON.parse(readFileSync(join(folder, 'data/operator.json'), 'utf8')) as { key: string }).key;
});
afterAll(() => running.stop());

const operator = () => ({ authorization: `Bearer ${key}`, 'content-type': 'application/json' });

function post(path: string, body: unknown): Promise<Response> {
  return fetch(base + path, { method: 'POST', headers: operator(), body: JSON.stringify(body) });
}

async function envoy(
  path: string,
  pem: string | undefined,
  method = 'POST',
  more: Record<string, string> = {},
) {
  const forwarded =
    pem === undefined ? {} : { 'x-forwarded-client-cert': `Hash=1;Cert="${encodeURIComponent(pem)}"` };
  const response = await fetch(`${base}/access/v1/envoy${path}`, {
    method,
    headers: { ...forwarded, ...more },
  });
  return `${response.status} ${response.headers.get('x-kydai-reason')}`;
}

describe('the door for Envoy', () => {
  it('lets a device pass until it is quarantined, and from its release on', async () => {
    const pem = await enrolled(running, 'cam-envoy');
    expect(await envoy('/readings/1?x=y', pem)).toBe('200 permitted');
    expect(await envoy('/readings/1', pem, 'DELETE')).toBe('403 no-route');
    expect(await envoy('/other', pem)).toBe('403 no-route');
    const contain = (quarantined: boolean) =>
      post('/api/v1/devices/cam-envoy/containment', { quarantined, reason: 'test' });
    expect((await contain(true)).status).toBe(200);
    expect(await envoy('/readings/1', pem)).toBe('403 forbidden quarantined-device');
    expect((await contain(false)).status).toBe(200);
    expect(await envoy('/readings/1', pem)).toBe('200 permitted');
  });

  it('believes neither strangers nor the second of two certificates', async () => {
    const pem = await enrolled(running, 'cam-other');
    expect(await envoy('/readings/1', undefined)).toBe('401 no-certificate');
    const twice = `Cert="${encodeURIComponent(pem)}";Cert="x"`;
    expect(await envoy('/readings/1', undefined, 'POST', { 'x-forwarded-client-cert': twice })).toBe(
      '401 no-certificate',
    );
    expect(await envoy('/readings/1', running.kydai.authority.root.pem)).toBe(
      '401 certificate-unknown-issuer',
    );
  });

  it('is not left by dot segments, whatever the client behind the proxy asks for', async () => {
    const { port } = new URL(base);
    const { request } = await import('node:http');
    for (const path of ['/../../../health', '/%2e%2e/%2E./../health', '/..\\..\\..\\health', '/./../nginx']) {
      const status = await new Promise((resolve, reject) => {
        const asked = request({ port, host: '127.0.0.1', path: `/access/v1/envoy${path}` }, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        asked.once('error', reject);
        asked.end();
      });
      expect([path, status]).toEqual([path, 400]);
    }
  });
});

describe('the decision log', () => {
  const kept = async (query: string) => {
    const page = await running.kydai.events.search({
      filter: parseQuery(`dataset:kydai.decision and ${query}`)!,
      limit: 100,
    });
    return page.events;
  };

  it('keeps every denial as an event with policies, set and latency, and samples what was allowed', async () => {
    const pem = await enrolled(running, 'cam-log');
    for (let index = 0; index < 10; index++) expect(await envoy('/readings/1', pem)).toBe('200 permitted');
    await running.kydai.authority.devices.update('cam-log', { quarantined: true }, 'user:test');
    for (let index = 0; index < 10; index++) await envoy('/readings/1', pem);
    await fetch(`${base}/access/v1/evaluation`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-request-id': 'ask-1' },
      body: JSON.stringify({
        subject: { type: 'device', id: 'cam-log' },
        action: { name: 'publish' },
        resource: { type: 'dataset', id: 'readings' },
      }),
    });
    const denied = await eventually(async () => {
      const found = await kept('device.id:cam-log and event.outcome:failure');
      return found.length >= 11 ? found : undefined;
    });
    expect(denied).toHaveLength(11);
    const [asked] = denied.filter((event) => event.fields.get('http.request.id') === 'ask-1');
    expect(asked?.fields.get('event.provider')).toBe('authzen');
    expect(asked?.fields.get('rule.id')).toEqual(['quarantined-device']);
    expect(asked?.fields.get('rule.ruleset')).toMatch(/^[0-9a-f]{12}$/);
    expect(asked?.fields.get('event.duration')).toBeGreaterThan(0);
    const allowed = await kept('device.id:cam-log and event.outcome:success');
    expect(allowed).toHaveLength(5);
    const ledger = running.kydai.intake.ledgers().find(({ source }) => source === 'internal/decisions');
    expect(ledger).toMatchObject({ dropped: 0, refused: 0 });
    expect(ledger?.reasons['sampled']).toBeGreaterThanOrEqual(5);
  });
});

describe('the risk of a device, reported from outside', () => {
  it('is believed as long as its report says, and denies as stale from then on', async () => {
    const pem = await enrolled(running, 'cam-risk');
    const { secret } = await running.kydai.apiTokens.create(
      { name: 'edr', scopes: ['report-risk'], days: 1 },
      'user:test',
    );
    const report = (risk: number, as = secret, device = 'cam-risk') =>
      fetch(`${base}/api/v1/devices/${device}/risk`, {
        method: 'POST',
        headers: { authorization: `Bearer ${as}`, 'content-type': 'application/json' },
        body: JSON.stringify({ risk, source: 'edr', minutes: 10 }),
      }).then(({ status }) => status);
    expect(await report(10, secret, 'cam-nobody')).toBe(404);
    expect(await report(10, 'kdt_none')).toBe(401);
    expect(await report(10)).toBe(200);
    expect(await envoy('/readings/1', pem)).toBe('200 permitted');
    later = 10 * 60_000 + 1000;
    expect(await envoy('/readings/1', pem)).toBe('403 stale device-at-risk');
    const evaluation = await fetch(`${base}/access/v1/evaluation`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        subject: { type: 'device', id: 'cam-risk' },
        action: { name: 'publish' },
        resource: { type: 'dataset', id: 'readings' },
        // Whatever time a caller claims it is.
        context: { now: 0 },
      }),
    });
    expect(JSON.stringify(await evaluation.json())).toMatch(/"decision":false.*stale/);
    expect(await report(90)).toBe(200);
    expect(await envoy('/readings/1', pem)).toBe('403 forbidden device-at-risk');
    expect(await report(20)).toBe(200);
    expect(await envoy('/readings/1', pem)).toBe('200 permitted');
    const events = await eventually(async () => {
      const page = await running.kydai.events.search({
        filter: parseQuery('dataset:kydai.decision and device.id:cam-risk and kydai.decision.outcome:stale')!,
      });
      return page.events.length >= 2 ? page.events : undefined;
    });
    expect(events[0]?.fields.get('kydai.fact.risk.age')).toBeGreaterThan(10 * 60_000);
    expect(events[0]?.fields.get('kydai.fact.risk.source')).toBe('edr');
    later = 0;
  });
});

describe('AuthZEN', () => {
  const ask = async (path: string, body: unknown) => {
    const response = await fetch(`${base}/access/v1/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    // biome-ignore lint/suspicious/noExplicitAny: each answer has a shape of its own, which the test states
    return (await response.json()) as any;
  };

  it('speaks the names of the configuration, and answers who and what over search', async () => {
    await enrolled(running, 'cam-named');
    const subject = { type: 'camera', id: 'cam-named' };
    const action = { name: 'write' };
    const resource = { type: 'dataset', id: 'readings' };
    expect(await ask('evaluation', { subject, action, resource })).toMatchObject({ decision: true });
    const resources = await ask('search/resource', { subject, action, resource: { type: 'dataset' } });
    expect(resources.results.map(({ id }: { id: string }) => id)).toEqual(['readings', 'video']);
    const subjects = await ask('search/subject', { subject: { type: 'camera' }, action, resource });
    expect(subjects.results).toContainEqual(expect.objectContaining({ id: 'cam-named' }));
    const actions = await ask('search/action', { subject, resource });
    expect(actions.results.map(({ name }: { name: string }) => name)).toContain('write');
  });
});
