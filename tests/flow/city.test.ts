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
    ['a sign-in', 'User/x', { attrs: { name: 'x', assurance: 2 } }, /is found out/],
    ['the end of a quarantine', 'Device/plc-3', { attrs: { quarantined: false } }, /is found out/],
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

describe('the decision log', () => {
  const kept = (query: string) =>
    eventually(async () => {
      const page = await running.kydai.events.search({
        filter: parseQuery(`dataset:kydai.decision and ${query}`)!,
        limit: 1000,
      });
      return page.events.length > 0 ? page.events : undefined;
    });

  it('keeps what we ask ourselves: certificates, the console, containment and releases', async () => {
    // Allowed ones are sampled away here; what is denied never is.
    const { authority, apiTokens, decide } = running.kydai;
    await authority.devices.update('plc-3', { quarantined: true }, 'user:test');
    await expect(enrolled(running, 'plc-3')).rejects.toThrow();
    const [enrolment] = await kept('event.provider:enrolment and device.id:plc-3');
    expect(enrolment!.fields.get('rule.id')).toContain('quarantined-gets-no-certificate');
    expect(enrolment!.fields.get('kydai.fact.quarantined.source')).toBe('register');
    expect(enrolment!.fields.get('event.duration')).toBeGreaterThan(0);
    await authority.devices.update('plc-3', { quarantined: false }, 'user:test');

    const token = await apiTokens.create({ name: 'few', scopes: ['ingest-events'], days: 1 }, 'user:test');
    const bearer = { authorization: `Bearer ${token.secret}` };
    expect((await call('GET', '/api/v1/devices', undefined, bearer)).status).toBe(403);
    const [refused] = await kept('event.provider:console and event.action:read-api');
    expect(refused!.fields.get('kydai.decision.outcome')).toBe('not-permitted');
    expect(refused!.fields.get('rule.ruleset')).toBe(running.kydai.policies.inForce.digest);

    // What is asked to show or to prove something lets nothing happen, and is not kept.
    const request = {
      principal: { type: 'User', id: 'ghost' },
      action: 'view',
      resource: { type: 'Area', id: 'x' },
    };
    expect(decide(request).allowed).toBe(false);
    expect(running.kydai.decisionLog.newest(1000).some(({ principal }) => principal.includes('ghost'))).toBe(
      false,
    );
  });
});

describe('asking what if', () => {
  const blast = (body: object) => call('POST', '/api/v1/policies/blast', body);
  const uid = (type: string, id: string) => ({ type, id });

  it('sees who loses what by a quarantine, a risk, a group and a sign-out', async () => {
    // Monday at ten: time only goes on.
    time = friday + 72 * hour;
    await signIn('lan', ['operator']);
    await call('PUT', '/api/v1/entities/Device/cam-behind', { attrs: { gateway: uid('Device', 'plc-3') } });
    await enrolled(running, 'cam-behind');
    const fresh = { value: 0, source: 'scanner', minutes: 6000 };
    await call('POST', '/api/v1/entities/Device/plc-3/facts/firmware', fresh);
    const grants = async (body: object) => {
      const { status, body: radius } = await blast(body);
      expect(status).toBe(200);
      return (radius.loses as { principal: { id: string }; action: string; by: string[] }[]).map(
        ({ principal, action, by }) => `${principal.id} ${action} ${by.join()}`,
      );
    };
    expect(await grants({ device: 'plc-3' })).toEqual(
      expect.arrayContaining(['plc-3 publish quarantined-device', 'cam-behind publish quarantined-gateway']),
    );
    const vulnerable = { entity: uid('Device', 'cam-behind'), set: { firmware: 90 } };
    expect(await grants(vulnerable)).toContain('cam-behind publish firmware-at-risk');
    const left = { entity: uid('User', 'lan'), leave: [uid('Agency', 'thoat-nuoc')] };
    expect(await grants(left)).toContain('lan read-data ');
    const out = { entity: uid('User', 'lan'), set: { assurance: 0 } };
    expect(await grants(out)).toContain('lan read-data signed-out');
    const merged = { entity: uid('Agency', 'thoat-nuoc'), remove: true };
    expect((await blast(merged)).body.entities).toBeGreaterThan(2);
    expect(await ask('User::lan', 'read-data', 'Dataset::ho-dan')).toBe(
      'permitted cleared-officers-read-data',
    );
  });

  it('refuses what there is not and what the schema does not allow', async () => {
    expect((await blast({ entity: uid('Device', 'nobody'), remove: true })).status).toBe(404);
    expect((await blast({ entity: uid('Device', 'plc-3'), set: { risk: 'high' } })).status).toBe(422);
    expect((await blast({ entity: uid('Device', 'plc-3'), set: { colour: 'red' } })).status).toBe(422);
    expect((await blast({})).status).toBe(400);
  });
});

it('asks whom a detection named for a fresh sign-in, for a day, and nobody else', async () => {
  time = friday + 73 * hour;
  await signIn('lan', ['operator']);
  time += 20 * 60_000;
  const operate = () => ask('User::lan', 'operate', 'Actuator::bom-3', start_);
  expect(await operate()).toBe('permitted operators-operate');
  const detection = {
    id: '019a9f00-0000-7000-8000-000000000001',
    rule: { id: 'test', title: 'test' },
    level: 'high',
    time,
    firstEventTime: time,
    detected: time,
    eventIds: [],
    eventCount: 1,
    entities: [
      { type: 'user', id: 'lan' },
      { type: 'user', id: 'nobody-that-we-know' },
    ],
    techniques: [],
    tags: [],
    drill: false,
  } as const;
  running.kydai.signals.publish({ type: 'detection', detection });
  await eventually(async () => (await operate()) === 'forbidden risk-needs-step-up');
  const { body } = await call('GET', '/api/v1/entities/User/lan');
  expect(body.facts).toContainEqual(
    expect.objectContaining({ name: 'suspicion', source: 'siem', until: time + 24 * hour }),
  );
  expect((await call('GET', '/api/v1/entities/User/nobody-that-we-know')).status).toBe(404);
  await signIn('lan', ['operator']);
  expect(await operate()).toBe('permitted operators-operate');
  time += 24 * hour + 1;
  await signIn('lan', ['operator']);
  time += 20 * 60_000;
  // No news since: it faded, and did not go stale.
  expect(await operate()).toBe('permitted operators-operate');
});

it('explains everything to people with a role, and to programs what they need', async () => {
  const { secret } = await running.kydai.apiTokens.create(
    { name: 'app', scopes: ['read-api'], days: 1 },
    'user:test',
  );
  const request = {
    principal: { type: 'User', id: 'nobody' },
    action: 'read-data',
    resource: { type: 'Dataset', id: 'ho-dan' },
  };
  const full = await call('POST', '/api/v1/policies/explain', request);
  expect(full.body.remedies.length).toBeGreaterThan(0);
  const bearer = { authorization: `Bearer ${secret}` };
  const short = await call('POST', '/api/v1/policies/explain', request, bearer);
  expect(short.body).toEqual({ outcome: full.body.decision.outcome, reasons: expect.any(Array) });
});

describe('breaking the glass', () => {
  it('opens what the city needs in an emergency, and ends in an incident that somebody looks at', async () => {
    const lan = await signIn('lan', ['operator']);
    expect((await call('POST', '/api/v1/emergency', { reason: 'flood in the old town' }, lan)).status).toBe(
      403,
    );
    time = friday + 109 * hour;
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
  });
});
