import type { PolicyEntity } from '@kydai/contracts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PolicyError } from '../error.ts';
import { parseSchema } from '../parse/schema.ts';
import { entity, uid } from '../testing/worlds.ts';
import { EntityStore } from './store.ts';

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return (error as PolicyError).code;
  }
  return 'none';
};

const isIn = (store: EntityStore, below: string, above: string) =>
  store.find(uid('Zone', below))?.ancestors.has(store.find(uid('Zone', above))!) ?? false;

describe('an entity store', () => {
  test('gives back what it was given', () => {
    const store = new EntityStore();
    const device = {
      uid: uid('Device', 'cam-1'),
      attrs: {
        n: 1,
        big: 9_007_199_254_740_993n,
        set: ['a', 'b'],
        deep: { owner: { __entity: uid('User', 'an') } },
        at: { __extn: { fn: 'datetime', arg: '2026-11-21T08:00:00.000Z' } },
        // No text has such a year; the reference engine writes it as an offset.
        far: {
          __extn: {
            fn: 'offset',
            args: [
              { __extn: { fn: 'datetime', arg: '1970-01-01' } },
              { __extn: { fn: 'duration', arg: '9223372036854775807ms' } },
            ],
          },
        } as never,
        net: { __extn: { fn: 'ip', arg: '10.0.0.0/8' } },
      },
      parents: [uid('Zone', 'north')],
      tags: { __proto__x: 'v' },
    };
    store.upsert(device);
    expect(store.get(device.uid)).toEqual(device);
    expect([...store.all('Device')]).toHaveLength(1);
    expect(store.size).toBe(1);
    expect(store.has(uid('User', 'an'))).toBe(false);
  });

  test('keeps hostile names apart from those of JavaScript', () => {
    const store = new EntityStore();
    const attrs = JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}');
    for (const id of ['__proto__', 'constructor', '', '\u0000'])
      store.upsert({ ...entity('__proto__', id), attrs });
    expect(store.size).toBe(4);
    expect(JSON.stringify(store.get(uid('__proto__', '__proto__'))!.attrs)).toBe(JSON.stringify(attrs));
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test('refuses what Cedar cannot hold, and keeps nothing of it', () => {
    const store = new EntityStore();
    const refuse = (attrs: unknown, code = 'entity') =>
      expect(
        codeOf(() => store.upsert({ uid: uid('A', 'x'), attrs: attrs as never, parents: [uid('B', 'y')] })),
      ).toBe(code);
    for (const value of [null, undefined, 0.5, Number.NaN, 2 ** 53, -(2n ** 63n) - 1n, () => 1, '\ud800'])
      refuse({ value });
    refuse({ '\ud800': 1 });
    refuse({ a: { __entity: { type: 'no type', id: 'x' } } });
    refuse({ a: { __extn: { fn: 'ip', arg: 'x' } } });
    refuse({ a: { __extn: { fn: 'eval', arg: 'x' } } });
    refuse({ a: Array(200_001).fill(1) }, 'limit');
    refuse({ a: 'x'.repeat(2 ** 20 + 1) }, 'limit');
    refuse({ a: JSON.parse('['.repeat(100) + ']'.repeat(100)) }, 'limit');
    expect(codeOf(() => store.upsert({} as never))).toBe('entity');
    expect(store.size).toBe(0);
    expect(store.types.get('B')?.nodes.size ?? 0).toBe(0);
  });

  test('refuses a cycle of any length and stays as it was', () => {
    const store = new EntityStore();
    for (let n = 0; n < 50; n++) store.upsert(entity('Zone', `${n}`, {}, uid('Zone', `${n + 1}`)));
    expect(codeOf(() => store.upsert(entity('Zone', '50', {}, uid('Zone', '0'))))).toBe('entity');
    expect(codeOf(() => store.upsert(entity('Zone', 'self', {}, uid('Zone', 'self'))))).toBe('entity');
    expect(store.has(uid('Zone', '50'))).toBe(false);
    expect(isIn(store, '0', '50')).toBe(true);
    expect(isIn(store, '50', '0')).toBe(false);
  });

  test('follows a moved edge at any height', () => {
    const store = new EntityStore();
    for (let n = 0; n < 3_000; n++) store.upsert(entity('Zone', `leaf${n}`, {}, uid('Zone', 'mid')));
    store.upsert(entity('Zone', 'mid', {}, uid('Zone', 'top')));
    expect(isIn(store, 'leaf7', 'top')).toBe(true);
    store.upsert(entity('Zone', 'mid', {}, uid('Zone', 'other')));
    expect(isIn(store, 'leaf7', 'top')).toBe(false);
    expect(isIn(store, 'leaf7', 'other')).toBe(true);
    store.remove(uid('Zone', 'mid'));
    expect(isIn(store, 'leaf7', 'other')).toBe(false);
    expect(isIn(store, 'leaf7', 'mid')).toBe(true);
  });

  test('forgets names that nothing refers to any more', () => {
    const store = new EntityStore();
    for (let n = 0; n < 1_000; n++) {
      store.upsert(entity('A', 'x', { friend: { __entity: uid('B', `${n}`) } }, uid('C', `${n}`)));
    }
    expect(store.types.get('B')!.nodes.size).toBe(1);
    expect(store.types.get('C')!.nodes.size).toBe(1);
    expect(store.remove(uid('A', 'x'))).toBe(true);
    expect(store.remove(uid('A', 'x'))).toBe(false);
    expect([...store.types.values()].map(({ nodes }) => nodes.size)).toEqual([0, 0, 0]);
  });
});

test('with a schema and check, refuses an entity that is not as declared, and says where', () => {
  const schema = parseSchema(
    's',
    `entity Zone in [Zone]; entity Kind enum ["camera", "siren"];
entity Device in [Zone] { risk: Long, net?: ipaddr, kind?: Kind, log: Set<{at: datetime, who?: String}> } tags Long;`,
  );
  const store = new EntityStore({ schema, check: true });
  const good = { risk: 1, net: '10.0.0.1', kind: { type: 'Kind', id: 'siren' }, log: [{ at: '2026-11-21' }] };
  const device = (attrs: object, more: object = {}) => ({
    ...entity('Device', 'd', attrs as never),
    ...more,
  });
  store.upsert(device(good, { tags: { n: 1 }, parents: [uid('Zone', 'z')] }));
  const refused = (wrong: PolicyEntity) => {
    try {
      store.upsert(wrong);
    } catch (error) {
      return (error as PolicyError).code === 'entity' ? (error as PolicyError).message : 'another code';
    }
    return 'not refused';
  };
  expect(refused(device({ ...good, risk: '1' }))).toContain('`risk` that is a String and must be a Long');
  expect(refused(device({ log: [] }))).toContain('lacks `risk`');
  expect(refused(device({ ...good, extra: 1 }))).toContain('`extra`, which the schema does not declare');
  expect(refused(device({ ...good, net: 'nowhere' }))).toContain('not a valid ipaddr');
  expect(refused(device({ ...good, kind: { __entity: uid('Zone', 'z') } }))).toContain('must be a Kind');
  expect(refused(device({ ...good, log: [{ who: 'an' }] }))).toContain('lacks `log.at`');
  expect(refused(device(good, { tags: { n: true } }))).toContain('tag `n`');
  expect(refused(device(good, { parents: [uid('Device', 'e')] }))).toContain('cannot be in a `Device`');
  expect(refused(entity('Kind', 'drone'))).toContain('not one of the ids');
  expect(refused(entity('Ghost', 'x'))).toContain('does not declare');
  expect(store.get(uid('Device', 'd'))!.attrs['risk']).toBe(1);
});

test('ancestors equal those of a plain search after any changes', () => {
  const change = fc.record({
    id: fc.nat(7),
    parents: fc.uniqueArray(fc.nat(7), { maxLength: 3 }),
    remove: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
      const store = new EntityStore();
      const edges = new Map<number, number[]>();
      const above = (id: number): Set<number> => {
        const found = new Set<number>();
        const open = [...(edges.get(id) ?? [])];
        for (let each = open.pop(); each !== undefined; each = open.pop()) {
          if (!found.has(each)) open.push(...(edges.get(each) ?? []));
          found.add(each);
        }
        return found;
      };
      for (const { id, parents, remove } of changes) {
        if (remove) {
          store.remove(uid('Zone', `${id}`));
          edges.delete(id);
        } else {
          const cyclic = parents.some((parent) => parent === id || above(parent).has(id));
          const code = codeOf(() =>
            store.upsert(entity('Zone', `${id}`, {}, ...parents.map((each) => uid('Zone', `${each}`)))),
          );
          expect(code).toBe(cyclic ? 'entity' : 'none');
          if (!cyclic) edges.set(id, parents);
        }
        for (let each = 0; each < 8; each++) {
          const got = [...(store.find(uid('Zone', `${each}`))?.ancestors ?? [])].map((node) =>
            Number(node.id),
          );
          expect(new Set(got)).toEqual(above(each));
        }
      }
    }),
    { numRuns: 150 },
  );
});
