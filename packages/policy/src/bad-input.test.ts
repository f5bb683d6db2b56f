import type { PolicyEntity } from '@kydai/contracts';
import { describe, expect, test } from 'vitest';
import { readEntities } from './entities/read.ts';
import { EntityStore } from './entities/store.ts';
import { PolicyError } from './error.ts';
import { createEngine } from './evaluate/engine.ts';
import { explain } from './explain/explain.ts';
import { engineFor, entity, policySet, schema, uid } from './testing/worlds.ts';
import { loadPolicySet } from './validate/policy-set.ts';

const refusalOf = (run: () => unknown): PolicyError => {
  try {
    run();
  } catch (error) {
    if (error instanceof PolicyError) return error;
    throw error;
  }
  throw new Error('it was taken');
};
const permit = (condition: string) => `permit (principal, action, resource)\nwhen { ${condition} };`;
const deep = (open: string, core: string, close: string, n: number) =>
  open.repeat(n) + core + close.repeat(n);

describe('a hostile policy is refused with code, file, line and column', () => {
  test.each([
    ['deep parentheses', permit(deep('(', 'true', ')', 5_000)), 'limit', 2],
    ['deep sets', permit(`${deep('[', '1', ']', 500)} == 1`), 'limit', 2],
    ['10,000 branches of ||', permit(Array(10_000).fill('principal == resource').join(' || ')), 'limit', 2],
    ['10,000 branches of if', permit(deep('if true then ', 'true', ' else true', 10_000)), 'limit', 2],
    ['half a policy', 'permit (\n', 'parse', 1],
    [
      'a control character in a name',
      'permit (principal, action, resource)\nwhen { principal.\u0007 };',
      'parse',
      2,
    ],
    ['an unknown attribute', permit('principal.nothing'), 'validate', 2],
    ['a comparison of two types', permit('context has hour && context.hour < "6"'), 'validate', 2],
  ])('%s', (_, text, code, line) => {
    const refusal = refusalOf(() => policySet(text));
    expect(refusal).toMatchObject({ code, file: 'city.cedar', line });
    expect(refusal.column).toBeGreaterThan(0);
    expect(refusal.message.length).toBeLessThan(2_000);
  });

  test('a schema that names a type which there is not', () => {
    const text = 'entity A;\nentity B { a: Nope };';
    const refusal = refusalOf(() => loadPolicySet({ schema: { file: 's.cedarschema', text }, policies: [] }));
    expect(refusal).toMatchObject({ code: 'schema', file: 's.cedarschema' });
    expect(refusal.message).toContain('Nope');
  });
});

describe('a hostile entity is refused with its code and its place, and leaves nothing', () => {
  const city = policySet('permit (principal, action, resource);').schema;
  const device = (attrs: object): PolicyEntity => entity('Device', 'cam-1', attrs as PolicyEntity['attrs']);
  const whole = { quarantined: false, risk: 1 };
  test.each([
    ['too many values', device({ ...whole, owner: Array(200_001).fill(1) }), 'limit', 'owner'],
    [
      'a text of two million characters',
      device({ ...whole, address: 'x'.repeat(2_000_000) }),
      'limit',
      'address',
    ],
    ['deep nesting', device({ ...whole, owner: JSON.parse(deep('[', '', ']', 500)) }), 'limit', 'owner'],
    ['a lone surrogate', device({ ...whole, address: '\ud800' }), 'entity', 'address'],
    ['a lone surrogate for its id', entity('Device', '\udfff', whole), 'entity', 'id'],
    ['an id of 5,000 characters', entity('Device', 'x'.repeat(5_000), whole), 'entity', 'id'],
    ['a control character in its type', entity('Dev\u0000ice', 'x', whole), 'entity', 'type'],
    ['`__proto__` for its type', entity('__proto__', 'x'), 'entity', 'does not declare'],
    ['an attribute too many', device({ ...whole, ['__proto__x']: 1 }), 'entity', '__proto__x'],
    ['a required attribute too few', device({ risk: 1 }), 'entity', 'quarantined'],
    ['another type', device({ ...whole, risk: 'high' }), 'entity', 'risk'],
    ['a fraction', device({ ...whole, risk: 0.5 }), 'entity', 'risk'],
    ['more than 64 bits', device({ ...whole, risk: 2n ** 64n }), 'entity', 'risk'],
    [
      'a group that it cannot be in',
      entity('Device', 'x', whole, uid('User', 'an')),
      'entity',
      'cannot be in',
    ],
  ])('%s', (_, bad, code, place) => {
    const store = new EntityStore({ schema: city, check: true });
    store.upsert(entity('Device', 'cam-1', whole));
    const refusal = refusalOf(() => store.upsert(bad));
    expect(refusal.code).toBe(code);
    expect(refusal.message).toContain(place);
    expect(refusal.message.length).toBeLessThan(600);
    expect([...store.all()]).toEqual([entity('Device', 'cam-1', whole)]);
  });

  test('a circle of a thousand', () => {
    const store = new EntityStore({ schema: city, check: true });
    for (let n = 0; n < 1_000; n++) store.upsert(entity('Zone', `${n}`, {}, uid('Zone', `${n + 1}`)));
    const refusal = refusalOf(() => store.upsert(entity('Zone', '1000', {}, uid('Zone', '0'))));
    expect(refusal).toMatchObject({ code: 'entity' });
    expect(refusal.message).toContain('its own ancestor');
  });

  test.each([
    ['no JSON', '{"entities": [', 'not valid JSON'],
    ['another shape', '{"entities": {}}', 'entities'],
    ['a key too many', '{"entities": [{"uid": "A::\\"x\\"", "colour": 1}]}', 'entities.0'],
    ['a name that is none', '{"entities": [{"uid": "cam-1"}]}', 'entities.0.uid'],
    [
      'deep nesting',
      `{"entities": [{"uid": "A::\\"x\\"", "attrs": {"a": ${deep('[', '', ']', 500)}}}]}`,
      'too deep',
    ],
  ])('in a file of %s, with the file', (_, text, place) => {
    const refusal = refusalOf(() => readEntities({ file: 'city.json', text }));
    expect(refusal).toMatchObject({ code: 'entity', file: 'city.json' });
    expect(refusal.message).toContain(place);
  });
});

describe('hostile ids of a request', () => {
  const ids = [
    '__proto__',
    'constructor',
    '',
    '\u0000\u001f',
    '"; permit(principal,action,resource);//',
    '𠮷'.repeat(1_000),
  ];
  test.each(ids)('`%s` decides and is explained as any other', (id) => {
    const { engine, store } = engineFor(
      '@id("one") permit (principal == Device::"cam-1", action, resource);',
    );
    const request = { principal: uid('Device', id), action: 'publish', resource: uid('Dataset', id) };
    expect(engine.decide(request).outcome).toBe('not-permitted');
    expect(explain(engine, store, request).decision.outcome).toBe('not-permitted');
    expect([...store.all('Device')]).toEqual([]);
  });

  test('that no text may hold are refused', () => {
    const { engine } = engineFor('permit (principal, action, resource);');
    for (const id of ['\ud800', 'x'.repeat(5_000)]) {
      const request = { principal: uid('Device', id), action: 'publish', resource: uid('Dataset', 'video') };
      expect(refusalOf(() => engine.decide(request)).code).toBe('request');
    }
  });
});

test('whatever was refused, the set in force decides on as before', () => {
  const good = policySet('@id("may") permit (principal, action, resource);');
  const store = new EntityStore({ schema: good.schema, check: true });
  const engine = createEngine({ policySet: good, entities: store });
  const request = { principal: uid('Device', 'x'), action: 'publish', resource: uid('Dataset', 'y') };
  for (const text of [permit(deep('(', 'true', ')', 5_000)), 'permit', permit('principal.nothing')])
    refusalOf(() => engine.replace(loadPolicySet({ schema, policies: [{ file: 'x', text }] })));
  expect(engine.policySet).toBe(good);
  expect(engine.decide(request)).toMatchObject({ allowed: true, policySet: good.digest });
});
