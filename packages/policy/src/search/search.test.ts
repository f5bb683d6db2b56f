import { expect, test } from 'vitest';
import { createAuthZenHandler } from '../authzen/handler.ts';
import { entityTypes } from '../differential/expression.ts';
import { Random } from '../differential/random.ts';
import { makeWorld } from '../differential/world.ts';
import { EntityStore } from '../entities/store.ts';
import { createEngine } from '../evaluate/engine.ts';
import { engineFor, entity, uid } from '../testing/worlds.ts';
import { loadPolicySet } from '../validate/policy-set.ts';
import { createSearch } from './search.ts';

test('finds exactly those whom a decision on each entity would let through, on random worlds', () => {
  const first = Math.floor(Math.random() * 1_000_000_000);
  let found = 0;
  let spared = 0;
  for (let seed = first; seed < first + 60; seed++) {
    const world = makeWorld(new Random(seed), 6);
    const policySet = loadPolicySet({
      ...(world.schema !== undefined && { schema: { file: 's', text: world.schema } }),
      policies: [
        { file: 'p', text: world.policies.map(({ id, text }) => `@id("${id}") ${text}`).join('\n') },
      ],
      links: world.links,
      validate: false,
    });
    const store = new EntityStore({ schema: policySet.schema });
    store.upsertAll(world.entities);
    const engine = createEngine({ policySet, entities: store });
    const search = createSearch(engine, store);
    for (const { principal, resource, action, context = {} } of world.requests) {
      for (const type of entityTypes) {
        const all = [...store.all(type)].map((each) => each.uid);
        const allowed = (request: object) =>
          engine.authorize({ principal, resource, action, context, ...request }).allowed;
        const sorted = (uids: readonly { id: string }[]) => uids.map(({ id }) => id).sort();
        const subjects = search.subjects({ type, given: resource, action: action.id, context });
        const resources = search.resources({ type, given: principal, action: action.id, context });
        expect(sorted(subjects.found), `seed ${seed}`).toEqual(
          sorted(all.filter((each) => allowed({ principal: each }))),
        );
        expect(sorted(resources.found), `seed ${seed}`).toEqual(
          sorted(all.filter((each) => allowed({ resource: each }))),
        );
        // The same by pages of one and of some.
        for (const limit of [1, 3]) {
          const paged: string[] = [];
          let after: string | undefined;
          do {
            const query = { type, given: resource, action: action.id, context, limit };
            const page = search.subjects({ ...query, ...(after !== undefined && { after }) });
            expect(page.found.length).toBeLessThanOrEqual(limit);
            paged.push(...page.found.map(({ id }) => id));
            after = page.next;
          } while (after !== undefined);
          expect(paged, `seed ${seed}`).toEqual(sorted(subjects.found));
        }
        found += subjects.found.length + resources.found.length;
        spared += 2 * all.length - subjects.decided - resources.decided;
      }
    }
  }
  expect(found).toBeGreaterThan(100);
  expect(spared).toBeGreaterThan(100);
}, 60_000);

const text = `
permit (principal is Device, action == Action::"publish", resource) when { principal in Zone::"north" && context.hour > 6 };
permit (principal is User, action == Action::"view", resource) when { resource has owner && resource.owner == principal };
forbid (principal is Device, action, resource) when { principal.quarantined };`;

function city() {
  const devices = Array.from({ length: 5_000 }, (_, n) =>
    entity(
      'Device',
      `d${String(n).padStart(4, '0')}`,
      { quarantined: n % 10 === 0, risk: 0, owner: { __entity: uid('User', 'an') } },
      uid('Zone', n < 25 ? 'north' : 'south'),
    ),
  );
  return engineFor(
    text,
    [
      ...devices,
      entity('User', 'an', { name: 'An', level: 1 }),
      entity('User', 'ba', { name: 'Ba', level: 1 }),
      entity('Dataset', 'video'),
    ],
    false,
  );
}

test('decides only those that a permit could let through, page by page', () => {
  const { engine, store } = city();
  const search = createSearch(engine, store);
  const query = {
    type: 'Device',
    given: uid('Dataset', 'video'),
    action: 'publish',
    context: { hour: 8 },
    limit: 10,
  };
  const ids: string[] = [];
  let decided = 0;
  let after: string | undefined;
  do {
    const page = search.subjects({ ...query, ...(after !== undefined && { after }) });
    ids.push(...page.found.map(({ id }) => id));
    decided += page.decided;
    after = page.next;
  } while (after !== undefined);
  expect(ids).toHaveLength(22);
  expect(ids).toEqual([...ids].sort());
  expect(decided).toBe(25);
  expect(search.subjects({ ...query, context: { hour: 3 } })).toMatchObject({ found: [], decided: 0 });
  const owner = search.subjects({ type: 'User', given: uid('Device', 'd0001'), action: 'view' });
  expect(owner).toMatchObject({ found: [uid('User', 'an')], decided: 1 });
  expect(() => search.subjects({ ...query, after: '***' })).toThrow(
    expect.objectContaining({ code: 'request' }),
  );
});

test('gives every entity that stays exactly once over its pages, whatever comes and goes between them', () => {
  const { engine, store } = city();
  const search = createSearch(engine, store);
  const query = { type: 'Device', given: uid('Dataset', 'video'), action: 'publish', context: { hour: 8 } };
  const stays = search.subjects(query).found.map(({ id }) => id);
  const met: string[] = [];
  let after: string | undefined;
  let pages = 0;
  do {
    const page = search.subjects({ ...query, limit: 4, ...(after !== undefined && { after }) });
    met.push(...page.found.map(({ id }) => id));
    after = page.next;
    // Behind the place, at it, and before it.
    for (const id of ['a', `${met.at(-1)}`, `z${pages}`])
      store.upsert(entity('Device', `${id}-new`, { quarantined: false, risk: 0 }, uid('Zone', 'north')));
    store.remove(uid('Device', `a-new`));
    pages++;
  } while (after !== undefined && pages < 100);
  expect(new Set(met).size).toBe(met.length);
  expect(met.filter((id) => stays.includes(id))).toEqual(stays);
});

test('refuses a token of another search, and what is no token', () => {
  const { engine, store } = city();
  const search = createSearch(engine, store);
  const query = {
    type: 'Device',
    given: uid('Dataset', 'video'),
    action: 'publish',
    context: { hour: 8 },
    limit: 1,
  };
  const { next } = search.subjects(query);
  expect(search.subjects({ ...query, limit: 5, after: next! }).found).toHaveLength(5);
  const text = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const refused = expect.objectContaining({ code: 'request' });
  expect(() => search.subjects({ ...query, context: { hour: 9 }, after: next! })).toThrow(refused);
  expect(() => search.resources({ ...query, after: next! })).toThrow(refused);
  for (const after of [
    '***',
    '',
    'x'.repeat(100_000),
    text([]),
    text({}),
    text(null),
    text(['a', 5]),
    text('d0001'),
  ])
    expect(() => search.subjects({ ...query, after }), after.slice(0, 20)).toThrow(refused);
});

test('searches at one moment with the context of that moment', () => {
  const { engine, store } = city();
  let moments = 0;
  const search = createSearch(engine, store, (request) => {
    moments++;
    return { ...request, context: { ...request.context, hour: 7 } };
  });
  const query = { type: 'Device', given: uid('Dataset', 'video'), action: 'publish' };
  expect(search.subjects(query).found).toHaveLength(22);
  // What a caller says the time is counts for nothing.
  expect(search.subjects({ ...query, context: { hour: 1 } }).found).toHaveLength(22);
  expect(moments).toBe(2);
  const asked = { principal: uid('Device', 'd0001'), resource: uid('Dataset', 'video') };
  expect(search.actions(asked)).toEqual(['publish']);
});

test('answers over HTTP, and lists its endpoints', async () => {
  const { engine, store } = city();
  const handler = createAuthZenHandler({
    decide: engine.decide,
    entities: store,
    clock: { now: () => 0 },
    search: createSearch(engine, store),
    mapping: { actions: { can_publish: 'publish' } },
  });
  const post = async (path: string, body: object) =>
    (
      await handler(
        new Request(`http://x${path}`, {
          method: 'POST',
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
        }),
      )
    ).json();
  const resource = { type: 'dataset', id: 'video' };
  const context = { hour: 8 };
  const first = (await post('/access/v1/search/subject', {
    subject: { type: 'device' },
    action: { name: 'can_publish' },
    resource,
    context,
    page: { limit: 3 },
  })) as { page: { next_token: string }; results: unknown[] };
  expect(first.results).toEqual(['d0001', 'd0002', 'd0003'].map((id) => ({ type: 'device', id })));
  const second = await post('/access/v1/search/subject', {
    subject: { type: 'device' },
    action: { name: 'can_publish' },
    resource,
    context,
    page: { limit: 1, token: first.page.next_token },
  });
  expect(second).toMatchObject({ results: [{ id: 'd0004' }] });
  const next = await post('/access/v1/search/subject', {
    subject: { type: 'device' },
    action: { name: 'can_publish' },
    resource,
    context: { hour: 9 },
    page: { token: first.page.next_token },
  });
  expect(next).toMatchObject({ status: 400 });
  const subject = { type: 'device', id: 'd0001' };
  expect(await post('/access/v1/search/action', { subject, resource, context })).toMatchObject({
    results: [{ name: 'can_publish' }],
  });
  expect(
    await post('/access/v1/search/resource', {
      subject,
      action: { name: 'publish' },
      resource: { type: 'dataset' },
      context,
    }),
  ).toMatchObject({
    results: [{ type: 'dataset', id: 'video' }],
    page: { next_token: '' },
  });
  expect(
    await post('/access/v1/search/subject', { subject: {}, action: { name: 'x' }, resource }),
  ).toMatchObject({ status: 400 });
  const metadata = await (await handler(new Request('http://x/.well-known/authzen-configuration'))).json();
  expect(metadata).toMatchObject({ search_subject_endpoint: 'http://x/access/v1/search/subject' });
});
