import type { AccessRequest, CedarValue } from '@kydai/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createEngine } from '../evaluate/engine.ts';
import { entity, uid } from '../testing/worlds.ts';
import { loadPolicySet } from '../validate/policy-set.ts';
import { Expiry } from './expiry.ts';
import { lasting } from './fact.ts';
import { EntityNode, EntityTypeNode } from './node.ts';
import { EntityStore } from './store.ts';

const schema = {
  file: 'facts.cedarschema',
  text: `
type Score = { value: Long, source: String, at: datetime, until: datetime };
type Flag = { value: Bool, source: String, at: datetime, until: datetime };
entity Device { risk: Score, quarantined: Flag } tags Score;
entity Dataset;
action read, write appliesTo { principal: [Device], resource: [Dataset], context: { now?: datetime } };
`,
};
const policies = `
@id("may") permit (principal, action, resource);
@id("risky") forbid (principal, action, resource) when { principal.risk.value >= 80 };
@id("quarantined") forbid (principal, action == Action::"write", resource) when { principal.quarantined.value };
@id("old") forbid (principal, action == Action::"write", resource)
when { context has now && context.now.durationSince(principal.risk.at) > duration("1h") };
`;
const hour = 3_600_000;

const fact = (value: CedarValue, until: number, source = 'edr', at = 0) => ({ value, source, at, until });
const device = (risk: number, until: number, quarantined = false) =>
  entity('Device', 'cam', { risk: fact(risk, until), quarantined: fact(quarantined, lasting, 'register') });

function setUp(text = policies) {
  const policySet = loadPolicySet({ schema, policies: [{ file: 'facts.cedar', text }] });
  const store = new EntityStore({ schema: policySet.schema, check: true });
  const engine = createEngine({ policySet, entities: store });
  const decide = (action = 'read', context?: AccessRequest['context']) =>
    engine.decide({
      principal: uid('Device', 'cam'),
      action,
      resource: uid('Dataset', 'video'),
      ...(context && { context }),
    });
  return { store, decide, engine };
}

describe('a fact', () => {
  test('is believed until its time, and denies as stale from then on', () => {
    const { store, decide } = setUp();
    store.upsert(device(10, 2000));
    expect(store.nextExpiry).toBe(2000);
    expect(store.expire(2000)).toEqual([]);
    expect(decide()).toMatchObject({ allowed: true, outcome: 'permitted' });
    expect(store.expire(2001)).toEqual([
      { entity: uid('Device', 'cam'), name: 'risk', source: 'edr', at: 0, until: 2000 },
    ]);
    expect(store.expire(9000)).toEqual([]);
    const decision = decide();
    expect(decision).toMatchObject({
      allowed: false,
      outcome: 'stale',
      stale: [{ name: 'principal.risk', source: 'edr', at: 0, until: 2000 }],
      determining: [{ id: 'risky', effect: 'forbid' }],
    });
    expect(decision.failures[0]?.message).toBe('`principal.risk` is stale at facts.cedar:3:58');
    expect(decision.determining[0]?.reasonEn).toMatch(/stale/);
    store.upsert(device(10, 3000));
    expect(decide().outcome).toBe('stale');
    store.upsert(device(10, 20_000));
    expect(decide().outcome).toBe('permitted');
  });

  test('that is stale does not hide a forbid that stands in the way for another reason', () => {
    const { store, decide } = setUp();
    store.upsert(device(10, 2000, true));
    store.expire(5000);
    expect(decide('write')).toMatchObject({ outcome: 'forbidden' });
    expect(decide('write').determining.map(({ id }) => id)).toEqual(['risky', 'quarantined']);
    expect(decide('read').outcome).toBe('stale');
  });

  test('on which only a permit rests makes the difference between stale and not permitted', () => {
    const { store, decide } = setUp(
      '@id("low") permit (principal, action == Action::"read", resource) when { principal.risk.value < 50 };',
    );
    store.upsert(device(10, 2000));
    store.expire(5000);
    expect(decide('read')).toMatchObject({
      outcome: 'stale',
      determining: [{ id: 'low', effect: 'permit' }],
    });
    expect(decide('write').outcome).toBe('not-permitted');
  });

  test('tells its age to policies, while it is stale too', () => {
    const { store, decide } = setUp();
    store.upsert(device(10, 2 * hour));
    expect(decide('write', { now: hour }).outcome).toBe('permitted');
    expect(decide('write', { now: hour + 1 })).toMatchObject({
      outcome: 'forbidden',
      determining: [{ id: 'old' }],
    });
    store.expire(3 * hour);
    expect(decide('write', { now: 3 * hour }).determining.map(({ id }) => id)).toEqual(['risky', 'old']);
  });

  test('is given back whole, and is withheld again when it comes back as old as it was', () => {
    const { store, decide } = setUp();
    store.upsert(device(10, 2000));
    store.expire(5000);
    const back = store.get(uid('Device', 'cam'))!;
    expect(back.attrs['risk']).toMatchObject({ value: 10, source: 'edr' });
    store.upsert(back);
    expect(decide().outcome).toBe('stale');
    expect(store.facts(uid('Device', 'cam'))).toEqual([
      { name: 'risk', source: 'edr', at: 0, until: 2000, stale: true },
      { name: 'quarantined', source: 'register', at: 0, until: lasting, stale: false },
    ]);
  });

  test('may be a tag, beside an attribute of the same name', () => {
    const { store, decide } = setUp(
      '@id("tagged") permit (principal, action, resource) when { principal.hasTag("risk") && principal.getTag("risk").value < 5 };',
    );
    store.upsert({ ...device(10, 9000), tags: { risk: fact(1, 2000) } });
    expect(decide().outcome).toBe('permitted');
    expect(store.expire(5000)).toMatchObject([{ name: 'risk', until: 2000 }]);
    expect(decide()).toMatchObject({ outcome: 'stale', stale: [{ name: 'principal.getTag("risk")' }] });
    expect(store.expire(9001)).toMatchObject([{ name: 'risk', until: 9000 }]);
  });

  test('of a removed entity never goes stale, and one that lasts never waits', () => {
    const { store } = setUp();
    store.upsert(device(10, lasting));
    expect(store.nextExpiry).toBe(Number.POSITIVE_INFINITY);
    store.upsert(device(10, 2000));
    store.remove(uid('Device', 'cam'));
    expect(store.expire(5000)).toEqual([]);
    expect(store.facts(uid('Device', 'cam'))).toEqual([]);
  });

  test('without a source or a time is refused where the schema declares one', () => {
    const { store } = setUp();
    for (const bad of [
      { value: 1 },
      fact('x', 1),
      { ...fact(1, 1), until: 'soon' },
      { ...fact(1, 1), more: 1 },
    ]) {
      const change = { ...device(1, 1), attrs: { ...device(1, 1).attrs, risk: bad as CedarValue } };
      expect(() => store.upsert(change)).toThrow(expect.objectContaining({ code: 'entity' }));
    }
    expect(store.size).toBe(2);
  });
});

test('another schema is used from now on, or refused with the first entity that does not fit it', () => {
  const { store } = setUp();
  store.upsert(device(10, lasting));
  const other = (text: string) => loadPolicySet({ schema: { file: 'o', text }, policies: [] }).schema;
  expect(() => store.useSchema(other('entity Device { risk: Long };'))).toThrow(
    expect.objectContaining({ code: 'entity' }),
  );
  store.upsert(device(20, lasting));
  store.remove(uid('Device', 'cam'));
  store.useSchema(other('entity Device { risk: Long };'));
  store.upsert(entity('Device', 'cam', { risk: 1 }));
  expect(() => store.upsert(device(10, lasting))).toThrow(expect.objectContaining({ code: 'entity' }));
});

test('expiry gives out whoever waits in the order of time, each once', () => {
  const type = new EntityTypeNode('T', 1, { epoch: 0 });
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(20), fc.nat(50)), { maxLength: 60 }), (waits) => {
      const expiry = new Expiry();
      const nodes = new Map<number, EntityNode>();
      const first = new Map<EntityNode, number>();
      for (const [id, at] of waits) {
        const node = nodes.get(id) ?? new EntityNode(type, String(id));
        node.exists = true;
        nodes.set(id, node);
        expiry.await(node, at);
        first.set(node, Math.min(at, first.get(node) ?? at));
      }
      const taken: number[] = [];
      for (let now = 0; now <= 51; now++) {
        for (let node = expiry.take(now); node; node = expiry.take(now)) {
          expect(first.get(node)).toBeLessThan(now);
          taken.push(first.get(node)!);
        }
      }
      expect(taken).toEqual([...first.values()].sort((a, b) => a - b));
      expect(expiry.next).toBe(Number.POSITIVE_INFINITY);
    }),
  );
});
