import { describe, expect, test } from 'vitest';
import { EntityStore } from '../entities/store.ts';
import { createEngine } from '../evaluate/engine.ts';
import { createSearch } from '../search/search.ts';
import { uid } from '../testing/worlds.ts';
import { loadPolicySet } from '../validate/policy-set.ts';
import { createAuthZenHandler } from './handler.ts';

/** The fixture and the requests of the AuthZEN 1.0 certification scenario, at every level that it has. */
const schema = `entity User; entity Record;
type Asked = { asserted: { subject: { role?: String }, action: { soft?: Bool }, resource: { status?: String } } };
action read, write, delete appliesTo { principal: [User], resource: [Record], context: Asked };`;
const policies = `
permit (principal in User::"alice", action in [Action::"read", Action::"write"], resource);
permit (principal == User::"bob", action == Action::"read", resource);
permit (principal == User::"alice", action == Action::"delete", resource)
when { context.asserted.action has soft && context.asserted.action.soft };
permit (principal, action == Action::"write", resource)
when { context.asserted.subject has role && context.asserted.subject.role == "admin" };
permit (principal == User::"bob", action == Action::"write", resource == Record::"record-2");
forbid (principal, action == Action::"write", resource)
when { context.asserted.resource has status && context.asserted.resource.status == "archived" }
unless { principal == User::"bob" };`;

const policySet = loadPolicySet({
  schema: { file: 'cert.cedarschema', text: schema },
  policies: [{ file: 'cert.cedar', text: policies }],
});
const entities = new EntityStore({ schema: policySet.schema, check: true });
for (const each of [
  uid('User', 'alice'),
  uid('User', 'bob'),
  uid('Record', 'record-1'),
  uid('Record', 'record-2'),
]) {
  entities.upsert({ uid: each, attrs: {}, parents: [] });
}
const engine = createEngine({ policySet, entities });
const handler = createAuthZenHandler({
  decide: engine.decide,
  entities,
  clock: { now: () => 0 },
  search: createSearch(engine, entities),
  mapping: { assertedProperties: true },
});

interface Answer {
  readonly decision?: boolean;
  readonly evaluations?: readonly { readonly decision: boolean }[];
  readonly results?: readonly { readonly id?: string; readonly name?: string }[];
  readonly page?: { readonly next_token: string };
}

async function send(path: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await handler(
    new Request(`https://pdp.test/access/v1/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    }),
  );
  return { status: response.status, headers: response.headers, body: (await response.json()) as Answer };
}

const user = (id: string, properties?: object) => ({ type: 'user', id, ...(properties && { properties }) });
const record = (id: string, properties?: object) => ({
  type: 'record',
  id,
  ...(properties && { properties }),
});
const action = (name: string, properties?: object) => ({ name, ...(properties && { properties }) });
const archived = { status: 'archived' };

describe('basic', () => {
  test.each([
    [true, user('alice'), action('read'), record('record-1')],
    [true, user('alice'), action('write'), record('record-1')],
    [true, user('bob'), action('read'), record('record-1')],
    [false, user('bob'), action('write'), record('record-1')],
    [false, user('alice'), action('write'), record('record-2', archived)],
    [true, user('bob', { role: 'admin' }), action('write'), record('record-2', archived)],
    [true, user('alice'), action('delete', { soft: true }), record('record-1')],
    [false, user('alice'), action('delete', { soft: false }), record('record-1')],
    [
      true,
      user('alice', { department: 'Sales' }),
      action('read', { method: 'GET' }),
      record('record-1', { owner: 'bob' }),
    ],
  ])('%s for %j %j %j', async (expected, subject, asked, resource) => {
    const context = { time: '2025-06-27T18:03-07:00', ip: '192.168.1.1' };
    for (const more of [{}, { context }, { foo: 'bar', futureField: { nested: true } }]) {
      const { status, body } = await send('evaluation', { subject, action: asked, resource, ...more });
      expect([status, body.decision]).toEqual([200, expected]);
    }
  });

  test('a missing part, an invalid type, another media type, no JSON and no body are 400', async () => {
    const good = { subject: user('alice'), action: action('read'), resource: record('record-1') };
    const bad: unknown[] = [
      { ...good, subject: undefined },
      { ...good, action: undefined },
      { ...good, resource: undefined },
      { ...good, subject: { id: 'alice' } },
      { ...good, subject: { type: 'user' } },
      { ...good, action: {} },
      { ...good, resource: { id: 'record-1' } },
      { ...good, resource: { type: 'record' } },
      { ...good, subject: 'alice' },
      { ...good, action: { name: 123 } },
      '{"subject":',
      '',
    ];
    for (const body of bad) expect((await send('evaluation', body)).status, JSON.stringify(body)).toBe(400);
    expect((await send('evaluation', good, { 'content-type': 'text/plain' })).status).toBe(400);
  });

  test('any request id comes back', async () => {
    const good = { subject: user('alice'), action: action('read'), resource: record('record-1') };
    const { headers } = await send('evaluation', good, { 'x-request-id': 'any text: 7/é' });
    expect(headers.get('x-request-id')).toBe('any text: 7/é');
    expect((await send('evaluation', '', { 'x-request-id': 'r' })).headers.get('x-request-id')).toBe('r');
  });
});

describe('batch', () => {
  const decisions = async (body: object) =>
    (await send('evaluations', body)).body.evaluations!.map(({ decision }) => decision);

  test('takes defaults, overrides, contexts and properties', async () => {
    const alice = user('alice');
    expect(
      await decisions({
        subject: user('bob'),
        resource: record('record-1'),
        evaluations: [{ action: action('read') }, { action: action('write') }],
      }),
    ).toEqual([true, false]);
    expect(
      await decisions({
        subject: alice,
        action: action('write'),
        evaluations: [
          { resource: record('record-1', { status: 'active' }) },
          { resource: record('record-2', archived) },
        ],
      }),
    ).toEqual([true, false]);
    expect(
      await decisions({
        action: action('write'),
        resource: record('record-2', archived),
        evaluations: [{ subject: alice }, { subject: user('bob', { role: 'admin' }) }],
      }),
    ).toEqual([false, true]);
    expect(
      await decisions({
        subject: alice,
        action: action('read'),
        context: { time: 'x' },
        evaluations: [
          { resource: record('record-1') },
          { resource: record('record-2'), context: { time: 'y', source: 'z' } },
        ],
      }),
    ).toHaveLength(2);
  });

  test('fills a missing type or id from the default, and nothing else', async () => {
    const body = {
      subject: user('alice'),
      action: action('write'),
      resource: { type: 'record', properties: archived },
    };
    const evaluations = [
      { resource: { id: 'record-1', properties: { status: 'active' } } },
      { resource: { id: 'record-1' } },
      { resource: record('record-2', archived) },
    ];
    expect(await decisions({ ...body, evaluations })).toEqual([true, true, false]);
  });

  test('denies a member that lacks a part, and answers the others', async () => {
    const body = { subject: user('alice'), action: action('read') };
    expect(await decisions({ ...body, evaluations: [{ resource: record('record-1') }, {}] })).toEqual([
      true,
      false,
    ]);
    expect(await decisions({ ...body, evaluations: [5, { resource: record('record-1') }] })).toEqual([
      false,
      true,
    ]);
  });

  test('without members is a single evaluation', async () => {
    const body = { subject: user('alice'), action: action('read'), resource: record('record-1') };
    expect((await send('evaluations', body)).body.decision).toBe(true);
    expect((await send('evaluations', { ...body, evaluations: [] })).body.decision).toBe(true);
    expect((await send('evaluations', { subject: user('alice') })).status).toBe(400);
  });
});

describe('search', () => {
  const ids = async (path: string, body: object) =>
    (await send(`search/${path}`, body)).body.results!.map(({ id, name }) => id ?? name);

  test('finds subjects, resources and actions, with and without properties', async () => {
    expect(
      await ids('subject', {
        subject: { type: 'user' },
        action: action('read'),
        resource: record('record-1'),
      }),
    ).toEqual(['alice', 'bob']);
    expect(
      await ids('subject', {
        subject: { type: 'user' },
        action: action('write'),
        resource: record('record-2', archived),
      }),
    ).toEqual(['bob']);
    expect(
      await ids('resource', { subject: user('alice'), action: action('read'), resource: { type: 'record' } }),
    ).toContain('record-1');
    expect(
      await ids('resource', {
        subject: user('bob', { role: 'admin' }),
        action: action('write'),
        resource: { type: 'record' },
      }),
    ).toContain('record-2');
    expect(await ids('action', { subject: user('alice'), resource: record('record-1') })).toEqual([
      'read',
      'write',
    ]);
    expect(
      await ids('action', {
        subject: user('bob', { role: 'admin' }),
        resource: record('record-2', archived),
      }),
    ).toContain('write');
  });

  test('pages until the token is empty', async () => {
    const body = { subject: { type: 'user' }, action: action('read'), resource: record('record-1') };
    const first = (await send('search/subject', { ...body, page: { limit: 1 } })).body;
    expect(first.results).toEqual([user('alice')]);
    const second = (await send('search/subject', { ...body, page: { token: first.page!.next_token } })).body;
    expect(second).toMatchObject({ results: [user('bob')], page: { next_token: '' } });
  });

  test('finds nothing for what is unknown, whatever it is called', async () => {
    expect(await ids('action', { subject: user('nonexistent'), resource: record('record-1') })).toEqual([]);
    for (const type of ['spaceship', 'urn:space ship', '😀']) {
      expect(
        await ids('subject', { subject: { type }, action: action('read'), resource: record('record-1') }),
      ).toEqual([]);
      expect(
        await ids('resource', {
          subject: { type, id: 'x' },
          action: action('read'),
          resource: { type: 'record' },
        }),
      ).toEqual([]);
    }
  });

  test('is 400 where a part is missing', async () => {
    expect(
      (await send('search/subject', { subject: { type: 'user' }, resource: record('record-1') })).status,
    ).toBe(400);
    expect(
      (await send('search/resource', { action: action('read'), resource: { type: 'record' } })).status,
    ).toBe(400);
    expect((await send('search/action', { subject: user('alice') })).status).toBe(400);
    expect(
      (
        await send('search/subject', {
          subject: { type: 'user' },
          action: action('read'),
          resource: { type: 'record' },
        })
      ).status,
    ).toBe(400);
    expect(
      (
        await send('search/resource', {
          subject: { type: 'user' },
          action: action('read'),
          resource: { type: 'record' },
        })
      ).status,
    ).toBe(400);
  });
});
