import { describe, expect, test } from 'vitest';
import { engineFor, entity, uid } from '../testing/worlds.ts';
import { createAuthZenHandler, type DecisionMade } from './handler.ts';

const policies = `
@id("own-zone") permit (principal is Device, action in Action::"use", resource) when { resource in Zone::"north" };
@id("quarantine") @reason("bị cách ly") @reason_en("quarantined")
forbid (principal is Device, action, resource) when { principal.quarantined };
@id("numbers") permit (principal is User, action, resource)
when { context.n == 9007199254740993 && context.f == decimal("0.5") };
@id("told") permit (principal is User, action, resource) when { context.asserted.resource.owner == "an" };`;

interface Answer {
  readonly decision: boolean;
  readonly context: Record<string, unknown>;
  readonly evaluations: readonly { readonly decision: boolean }[];
}

function handlerFor(more: object = {}) {
  const made: DecisionMade[] = [];
  const { engine, store } = engineFor(
    policies,
    [
      entity('Device', 'good', { quarantined: false, risk: 0 }),
      entity('Device', 'bad', { quarantined: true, risk: 90 }),
      entity('Dataset', 'video', {}, uid('Zone', 'north')),
    ],
    false,
  );
  const handler = createAuthZenHandler({
    decide: engine.decide,
    annotations: (id) => engine.annotations(id),
    entities: store,
    clock: { now: () => 42 },
    onDecision: (each) => made.push(each),
    ...more,
  });
  const post = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
    const request = new Request(`http://pdp.test${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    const response = await handler(request);
    return { status: response.status, headers: response.headers, body: (await response.json()) as Answer };
  };
  return { handler, post, made };
}

const ask = (id: string) => ({
  subject: { type: 'device', id },
  action: { name: 'publish' },
  resource: { type: 'dataset', id: 'video' },
});

describe('evaluation', () => {
  test('permits, and tells the host what was decided', async () => {
    const { post, made } = handlerFor();
    const { status, headers, body } = await post('/access/v1/evaluation', ask('good'), {
      'x-request-id': 'r-1',
    });
    expect(status).toBe(200);
    expect(headers.get('x-request-id')).toBe('r-1');
    expect(body).toMatchObject({ decision: true, context: { outcome: 'permitted', policies: ['own-zone'] } });
    expect(made).toMatchObject([{ at: 42, requestId: 'r-1', request: { principal: uid('Device', 'good') } }]);
  });

  test('denies with reasons in two languages, and less for outsiders', async () => {
    const full = await handlerFor().post('/access/v1/evaluation', ask('bad'));
    expect(full.body).toMatchObject({
      decision: false,
      context: {
        outcome: 'forbidden',
        policies: ['quarantine'],
        reason_user: { vi: 'bị cách ly', en: 'quarantined' },
      },
    });
    const { body } = await handlerFor({ detail: 'redacted' }).post('/access/v1/evaluation', ask('bad'));
    expect(Object.keys(body.context)).toEqual(['outcome', 'reason_user']);
  });

  test('reads exact integers and fractions, and drops null', async () => {
    const user =
      '"subject": {"type": "user", "id": "an"}, "action": {"name": "view"}, "resource": {"type": "Dataset", "id": "video"}';
    const { post } = handlerFor();
    const exact = await post(
      '/access/v1/evaluation',
      `{${user}, "context": {"n": 9007199254740993, "f": 0.5, "x": null}}`,
    );
    expect(exact.body.decision).toBe(true);
    const other = await post(
      '/access/v1/evaluation',
      `{${user}, "context": {"n": 9007199254740992, "f": 0.5}}`,
    );
    expect(other.body.decision).toBe(false);
    expect((await post('/access/v1/evaluation', `{${user}, "context": {"f": 0.12345}}`)).status).toBe(400);
    expect((await post('/access/v1/evaluation', `{${user}, "context": {"n": 1e300}}`)).status).toBe(400);
  });

  test('never takes properties for facts, and only as claims where configured', async () => {
    const lying = {
      ...ask('bad'),
      subject: { type: 'device', id: 'bad', properties: { quarantined: false } },
    };
    expect((await handlerFor().post('/access/v1/evaluation', lying)).body.decision).toBe(false);
    const told = {
      subject: { type: 'user', id: 'an' },
      action: { name: 'view' },
      resource: { type: 'dataset', id: 'video', properties: { owner: 'an' } },
    };
    expect((await handlerFor().post('/access/v1/evaluation', told)).body.decision).toBe(false);
    const trusting = handlerFor({ mapping: { assertedProperties: true } });
    expect((await trusting.post('/access/v1/evaluation', told)).body.decision).toBe(true);
    const forged = {
      ...told,
      resource: { type: 'dataset', id: 'video' },
      context: { asserted: { resource: { owner: 'an' } } },
    };
    expect((await trusting.post('/access/v1/evaluation', forged)).body.decision).toBe(false);
  });

  test('maps types and actions as configured', async () => {
    const { post } = handlerFor({
      mapping: { types: { camera: 'Device' }, actions: { can_publish: 'publish' } },
    });
    const mapped = {
      ...ask('good'),
      subject: { type: 'camera', id: 'good' },
      action: { name: 'can_publish' },
    };
    expect((await post('/access/v1/evaluation', mapped)).body.decision).toBe(true);
  });
});

describe('evaluations', () => {
  const members = ['bad', 'good', 'bad'].map((id) => ({ subject: { type: 'device', id } }));
  const { action, resource } = ask('x');
  const decisions = async (semantic?: string) => {
    const options = semantic && { evaluations_semantic: semantic };
    const { body } = await handlerFor().post('/access/v1/evaluations', {
      action,
      resource,
      evaluations: members,
      options,
    });
    return body.evaluations.map(({ decision }: { decision: boolean }) => decision);
  };

  test('follow the three semantics', async () => {
    expect(await decisions()).toEqual([false, true, false]);
    expect(await decisions('execute_all')).toEqual([false, true, false]);
    expect(await decisions('deny_on_first_deny')).toEqual([false]);
    expect(await decisions('permit_on_first_permit')).toEqual([false, true]);
  });

  test('without members are a single evaluation', async () => {
    const { body } = await handlerFor().post('/access/v1/evaluations', { ...ask('good'), evaluations: [] });
    expect(body.decision).toBe(true);
  });

  test('deny a member that cannot be asked, and go on', async () => {
    const evaluations = [
      { subject: { type: 'device', id: '\ud800' } },
      { subject: { type: 'device', id: 'good' } },
    ];
    const { body } = await handlerFor().post('/access/v1/evaluations', { action, resource, evaluations });
    expect(body.evaluations).toMatchObject([
      { decision: false, context: { error: { status: 400 } } },
      { decision: true },
    ]);
  });

  test('refuse an unknown semantic and too many members', async () => {
    const { post, made } = handlerFor();
    const status = async (body: object) => (await post('/access/v1/evaluations', body)).status;
    expect(
      await status({ ...ask('good'), evaluations: members, options: { evaluations_semantic: 'x' } }),
    ).toBe(400);
    expect(await status({ ...ask('good'), evaluations: Array(1_001).fill({}) })).toBe(400);
    expect(made).toEqual([]);
  });
});

describe('malformed requests', () => {
  test.each([
    ['nothing', '', 400],
    ['half an object', '{"subject": ', 400],
    ['an array', '[]', 400],
    ['null', 'null', 400],
    ['no resource', { ...ask('good'), resource: undefined }, 400],
    ['a number for an id', { ...ask('good'), subject: { type: 'device', id: 5 } }, 400],
    [
      'a lone surrogate',
      '{"subject":{"type":"device","id":"\\ud800"},"action":{"name":"publish"},"resource":{"type":"dataset","id":"x"}}',
      400,
    ],
    ['a context that is a list', { ...ask('good'), context: [] }, 400],
    ['depth', `{"context": ${'['.repeat(100_000)}`, 400],
    ['length', `"${'x'.repeat(256 * 1024)}"`, 413],
  ])('%s is a problem document', async (_, body, status) => {
    const answer = await handlerFor().post('/access/v1/evaluation', body);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    expect(answer.body).toMatchObject({ status, title: expect.any(String), code: expect.any(String) });
  });

  test('wrong paths, methods, media types and request ids', async () => {
    const { handler, post } = handlerFor();
    expect((await handler(new Request('http://pdp.test/access/v1/nothing'))).status).toBe(404);
    const wrong = await handler(new Request('http://pdp.test/access/v1/evaluation'));
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST']);
    expect((await post('/access/v1/evaluation', ask('good'), { 'content-type': 'text/plain' })).status).toBe(
      400,
    );
    const long = await post('/access/v1/evaluation', ask('good'), { 'x-request-id': 'x'.repeat(2_000) });
    expect(long.headers.get('x-request-id')).toBeNull();
  });

  test('a body that is not UTF-8 or that never ends', async () => {
    const { handler } = handlerFor();
    const send = async (body: Uint8Array | ReadableStream) =>
      (
        await handler(
          new Request('http://pdp.test/access/v1/evaluation', {
            method: 'POST',
            body,
            headers: { 'content-type': 'application/json' },
            duplex: 'half',
          } as RequestInit),
        )
      ).status;
    expect(await send(new Uint8Array([0x7b, 0xff, 0x7d]))).toBe(400);
    const endless = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(65_536).fill(0x20)),
    });
    expect(await send(endless)).toBe(413);
  });
});

test('the metadata document names the endpoints that exist', async () => {
  const { handler } = handlerFor({ baseUrl: 'https://ioc.hue.gov.vn/' });
  const document = await (await handler(new Request('http://x/.well-known/authzen-configuration'))).json();
  expect(document).toMatchObject({
    policy_decision_point: 'https://ioc.hue.gov.vn',
    access_evaluation_endpoint: 'https://ioc.hue.gov.vn/access/v1/evaluation',
    access_evaluations_endpoint: 'https://ioc.hue.gov.vn/access/v1/evaluations',
  });
});
