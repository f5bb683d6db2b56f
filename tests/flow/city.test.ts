import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Incident } from '@kydai/contracts';
import { incidents } from '@kydai/csirt';
import { loadConfig, type Running, startKydai } from '@kydai/kydai';
import { parseQuery } from '@kydai/store';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, temporaryFolder } from '../program.ts';
import { enrolled } from './enrolled.ts';

const root = join(import.meta.dirname, '../..');
const folder = temporaryFolder();
const content = join(folder, 'content');
const city = join(content, 'policies/entities/city.yaml');
const ports = Object.fromEntries(
  ['HTTP', 'DEVICES', 'STATUS', 'COLLECT', 'SYSLOG_UDP', 'SYSLOG_TCP', 'SYSLOG_TLS'].map((name) => [
    `KYDAI_${name}_PORT`,
    '0',
  ]),
);
const environment = {
  ...ports,
  KYDAI_DATA: join(folder, 'data'),
  KYDAI_CONTENT: content,
  KYDAI_DECISIONS_KEEP_ALLOWED: '0',
};
const declarations = `
entities:
  - uid: Agency::"thoat-nuoc"
    parents: ['Agency::"thanh-pho"']
  - uid: Roster::"dem"
    attrs: { days: [1, 2, 3, 4, 5, 6, 7], from: 18h, to: 6h }
  - uid: User::"lan"
    attrs: { name: Lan, roster: { type: Roster, id: dem }, cleared: [{ type: Classification, id: personal }] }
    parents: ['Agency::"thoat-nuoc"', 'Role::"operator"']
  - uid: Dataset::"ho-dan"
    attrs: { classification: { type: Classification, id: personal }, owner: { type: Agency, id: thoat-nuoc } }
  - uid: Actuator::"bom-3"
    attrs:
      kind: pump
      controller: { type: Device, id: plc-3 }
      owner: { type: Agency, id: thoat-nuoc }
      commands: [start, stop]
`;
/** Friday 20 November 2026, ten in the morning in Huế. */
const friday = Date.parse('2026-11-20T10:00:00+07:00');
const hour = 3_600_000;
let time = friday;
let running: Running;
let base: string;
let key: string;

async function start() {
  const config = loadConfig({ file: join(folder, 'kydai.yaml'), required: false, environment });
  running = await startKydai({
    config,
    environment,
    log: pino({ level: 'silent' }),
    clock: { now: () => time },
  });
  base = running.addresses.http;
  key = (JSON.parse(readFileSync(join(folder, 'data/operator.json'), 'utf8')) as { key: string }).key;
}

beforeAll(async () => {
  for (const name of ['policies', 'runbooks'])
    cpSync(join(root, name), join(content, name), { recursive: true });
  mkdirSync(join(content, 'policies/entities'), { recursive: true });
  writeFileSync(city, declarations);
  await start();
});
afterAll(() => running.stop());

async function call(method: string, path: string, body?: unknown, headers?: Record<string, string>) {
  const response = await fetch(base + path, {
    method,
    headers: { 'content-type': 'application/json', ...(headers ?? { authorization: `Bearer ${key}` }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  // biome-ignore lint/suspicious/noExplicitAny: each answer has a shape of its own, which the test states
  return { status: response.status, body: (text === '' ? undefined : JSON.parse(text)) as any };
}

async function signIn(id: string, roles: readonly string[], assurance = 2) {
  const { sessions } = running.kydai;
  const { secret } = await sessions.start({ id, name: id, roles: [...roles], assurance }, 'oidc');
  const headers = { cookie: `kydai_session=${secret}`, 'x-kydai-csrf': '1' };
  await call('GET', '/api/v1/session', undefined, headers);
  return headers;
}

async function ask(subject: string, action: string, resource: string, context = {}) {
  const uid = (text: string) => ({ type: text.split('::')[0]!, id: text.split('::')[1]! });
  const { body } = await call('POST', '/access/v1/evaluation', {
    subject: uid(subject),
    action: { name: action },
    resource: uid(resource),
    context,
  });
  return `${body.context.outcome} ${body.context.policies.join(' ')}`.trim();
}
const start_ = { command: 'start' };

describe('what the city declares', () => {
  it('is held back until everything that the schema asks for is known, and then counts', async () => {
    // The sign-in says how strong it is; the files say the rest.
    await signIn('lan', ['operator']);
    expect(await ask('User::lan', 'read-data', 'Dataset::ho-dan')).toBe(
      'permitted cleared-officers-read-data',
    );
    // The controller is not in the register yet: nothing is known of its quarantine, and that denies.
    expect(await ask('User::lan', 'operate', 'Actuator::bom-3', start_)).toBe(
      'forbidden controller-not-trusted',
    );
    await enrolled(running, 'plc-3');
    expect(await ask('User::lan', 'operate', 'Actuator::bom-3', start_)).toBe('permitted operators-operate');
  });

  it('knows the hours of work in the time zone of the city, and who is on duty', async () => {
    time = friday + 9 * hour;
    await signIn('lan', ['operator']);
    await signIn('minh', ['operator']);
    await call('PUT', '/api/v1/entities/User/minh', {
      attrs: { name: 'Minh' },
      parents: ['Agency::"thoat-nuoc"'],
    });
    expect(await ask('User::lan', 'operate', 'Actuator::bom-3', start_)).toBe('permitted operators-operate');
    expect(await ask('User::minh', 'operate', 'Actuator::bom-3', start_)).toBe(
      'forbidden outside-working-hours',
    );
    // Whatever time a caller says it is.
    const claim = { ...start_, local: friday, now: friday, weekday: 5 };
    expect(await ask('User::minh', 'operate', 'Actuator::bom-3', claim)).toBe(
      'forbidden outside-working-hours',
    );
    time = friday;
  });

  it('comes over the API as well, is obeyed at once, and is there after a restart', async () => {
    expect(await ask('User::lan', 'use-service', 'Service::ho-so')).toBe('not-permitted');
    const service = { attrs: { owner: { type: 'Agency', id: 'thanh-pho' }, shared: false } };
    expect(await call('PUT', '/api/v1/entities/Service/ho-so', service)).toMatchObject({
      status: 200,
      body: { whole: true },
    });
    expect(await ask('User::lan', 'use-service', 'Service::ho-so')).toBe('permitted officers-use-services');
    await running.stop();
    await start();
    expect(await ask('User::lan', 'use-service', 'Service::ho-so')).toBe('permitted officers-use-services');
    expect((await call('DELETE', '/api/v1/entities/Service/ho-so')).status).toBe(204);
    expect((await call('DELETE', '/api/v1/entities/Service/ho-so')).status).toBe(404);
    expect(await ask('User::lan', 'use-service', 'Service::ho-so')).toBe('not-permitted');
  });

  it.each([
    ['a type that there is not', 'Spaceship/x', {}, /does not declare/],
    ['an attribute of another type', 'Service/x', { attrs: { owner: 'me', shared: true } }, /owner/],
    ['an attribute that there is not', 'Roster/x', { attrs: { colour: 'red' } }, /colour/],
    ['a parent that cannot be one', 'User/x', { parents: ['Device::"cam"'] }, /cannot be in a `Device`/],
    [
      'a class of data that there is not',
      'Dataset/x',
      { attrs: { classification: { type: 'Zone', id: 'x' } } },
      /classification/,
    ],
    ['a circle', 'Agency/thanh-pho', { parents: ['Agency::"thoat-nuoc"'] }, /its own ancestor/],
    ['half a surrogate', `User/${encodeURIComponent('x')}`, { attrs: { name: '\ud800' } }, /well-formed/],
    ['parents that are no names', 'User/x', { parents: ['nobody'] }, /Type::/],
  ])('is refused with %s, and changes nothing', async (_, path, body, said) => {
    const refused = await call('PUT', `/api/v1/entities/${path}`, body);
    expect(refused.status).toBe(400);
    expect(refused.body.code).toBe('invalid');
    expect(refused.body.detail).toMatch(said);
    expect(await ask('User::lan', 'read-data', 'Dataset::ho-dan')).toBe(
      'permitted cleared-officers-read-data',
    );
  });

  it('changes with a reload of the files, whole or not at all', async () => {
    writeFileSync(city, declarations.replace('id: personal', 'id: secret-sauce'));
    const refused = await call('POST', '/api/v1/policies/reload');
    expect(refused.status).toBe(422);
    expect(refused.body.detail).toMatch(/secret-sauce|not one of/);
    expect(await ask('User::lan', 'read-data', 'Dataset::ho-dan')).toBe(
      'permitted cleared-officers-read-data',
    );
    writeFileSync(city, declarations.replace(', cleared: [{ type: Classification, id: personal }]', ''));
    expect((await call('POST', '/api/v1/policies/reload')).status).toBe(200);
    expect(await ask('User::lan', 'read-data', 'Dataset::ho-dan')).toBe('not-permitted');
    writeFileSync(city, declarations);
    expect((await call('POST', '/api/v1/policies/reload')).status).toBe(200);
    expect(await ask('User::lan', 'read-data', 'Dataset::ho-dan')).toBe(
      'permitted cleared-officers-read-data',
    );
  });
});

describe('facts of any entity', () => {
  it('say their source and age, go stale, tell enforcement points, and come back', async () => {
    const path = '/api/v1/entities/Device/plc-3/facts/firmware';
    expect((await call('POST', path, { value: 0, source: 'scanner', minutes: 60 })).status).toBe(200);
    expect(await ask('Device::plc-3', 'publish', 'Dataset::readings')).toBe('permitted device-publishes');
    const changes: string[] = [];
    const off = running.kydai.changes.subscribe(({ change }) => changes.push(JSON.stringify(change)));
    time += hour + 1;
    expect(await ask('Device::plc-3', 'publish', 'Dataset::readings')).toBe('stale firmware-at-risk');
    const { body } = await call('GET', '/api/v1/entities/Device/plc-3');
    expect(body.facts).toContainEqual(
      expect.objectContaining({ name: 'firmware', source: 'scanner', stale: true }),
    );
    expect(body.facts.map(({ name }: { name: string }) => name).sort()).toEqual([
      'certified',
      'firmware',
      'quarantined',
      'risk',
    ]);
    const explained = await call('POST', '/api/v1/policies/explain', {
      principal: { type: 'Device', id: 'plc-3' },
      action: 'publish',
      resource: { type: 'Dataset', id: 'readings' },
    });
    expect(explained.body.decision).toMatchObject({
      outcome: 'stale',
      stale: [{ name: 'principal.firmware', source: 'scanner' }],
    });
    expect((await call('POST', path, { value: 1, source: 'scanner', minutes: 60 })).status).toBe(200);
    expect(await ask('Device::plc-3', 'publish', 'Dataset::readings')).toBe('permitted device-publishes');
    await running.kydai.changes.settled();
    off();
    expect(changes).toEqual([
      expect.stringContaining('"fact-stale","device":"plc-3","fact":"firmware","source":"scanner"'),
      expect.stringContaining('"fact-renewed","device":"plc-3","fact":"firmware"'),
    ]);
    time = friday;
  });

  it('of a person end with the sign-in, and deny as stale whoever asks', async () => {
    await signIn('hoa', ['officer']);
    await call('PUT', '/api/v1/entities/User/hoa', {
      attrs: { name: 'Hoa' },
      parents: ['Agency::"thoat-nuoc"'],
    });
    await call('PUT', '/api/v1/entities/Service/mail', {
      attrs: { owner: { type: 'Agency', id: 'so-khac' }, shared: true },
    });
    expect(await ask('User::hoa', 'use-service', 'Service::mail')).toBe('permitted officers-use-services');
    time = friday + 10 * hour + 1;
    expect(await ask('User::hoa', 'use-service', 'Service::mail')).toBe('stale signed-out');
    time = friday;
    await signIn('hoa', ['officer']);
    await running.kydai.sessions.endAll('hoa', 'playbook:test');
    expect(await ask('User::hoa', 'use-service', 'Service::mail')).toBe('forbidden signed-out');
  });

  it.each([
    ['that the schema does not know', 'Agency/thoat-nuoc/facts/mood', 400],
    ['of another type', 'Device/plc-3/facts/risk', 400, 'high'],
    ['of somebody unknown', 'Device/nobody/facts/risk', 404],
    ['that is a sign-in', 'User/lan/facts/assurance', 400],
    ['that is a broken glass', 'User/lan/facts/emergency', 400],
    ['that only the register says', 'Device/plc-3/facts/quarantined', 400, false],
  ])('are refused where they are one %s', async (_, path, status, value: unknown = 1) => {
    const body = { value, source: 'x', minutes: 1 };
    expect((await call('POST', `/api/v1/entities/${path}`, body)).status).toBe(status);
  });

  it('may be tags under names of the city’s own', async () => {
    const path = '/api/v1/entities/Device/plc-3/facts/patch-level';
    const { body } = await call('POST', path, { value: 7, source: 'wsus', minutes: 5 });
    expect(body.facts).toContainEqual(expect.objectContaining({ name: 'patch-level', source: 'wsus' }));
  });
});

describe('breaking the glass', () => {
  it('opens what the city needs in an emergency, and ends in an incident that somebody looks at', async () => {
    const lan = await signIn('lan', ['operator']);
    expect((await call('POST', '/api/v1/emergency', { reason: 'flood in the old town' }, lan)).status).toBe(
      403,
    );
    time = friday + 13 * hour;
    const thu = await signIn('thu', ['on-call']);
    expect(await ask('User::thu', 'operate', 'Actuator::bom-3', start_)).toMatch(
      /^forbidden outside-working/,
    );
    expect((await call('POST', '/api/v1/emergency', { reason: 'flood' }, thu)).status).toBe(400);
    const broken = await call('POST', '/api/v1/emergency', { reason: 'flood in the old town' }, thu);
    expect(broken).toMatchObject({ status: 200, body: { until: time + 30 * 60_000 } });
    expect(await ask('User::thu', 'operate', 'Actuator::bom-3', start_)).toBe('permitted break-glass');
    // Allowed decisions are not kept here, but one that raises an alarm always is.
    const event = await eventually(async () => {
      const page = await running.kydai.events.search({
        filter: parseQuery('dataset:kydai.decision and kydai.decision.alarm:break-glass')!,
      });
      return page.events[0];
    });
    expect(event.fields.get('user.id')).toBe('thu');
    expect(event.fields.get('kydai.fact.emergency.source')).toBe('user:thu');
    const incident = await eventually(async (): Promise<Incident | undefined> => {
      const page = await running.kydai.records.find(incidents, { limit: 100 });
      return page.records.map(({ value }) => value).find(({ category }) => category === 'break-glass');
    });
    expect(incident.entities).toContainEqual({ type: 'user', id: 'thu' });
    time += 30 * 60_000 + 1;
    expect(await ask('User::thu', 'operate', 'Actuator::bom-3', start_)).toMatch(/^stale/);
    time = friday;
  });
});
