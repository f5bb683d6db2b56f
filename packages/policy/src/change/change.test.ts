import { describe, expect, test } from 'vitest';
import type { PolicyError } from '../error.ts';
import { engineFor, entity, policySet, uid } from '../testing/worlds.ts';
import { blastRadius } from './blast-radius.ts';
import { runPolicyTests } from './policy-tests.ts';
import { replay } from './replay.ts';

const text = `
@id("publish") permit (principal is Device, action == Action::"publish", resource) when { principal.risk < 80 };
@id("quarantine") forbid (principal is Device, action, resource) when { principal.quarantined };`;

const device = (id: string, quarantined: boolean, risk: number) =>
  entity('Device', id, { quarantined, risk });
const jsonDevice = (quarantined: boolean, risk: number) => ({
  uid: 'Device::"d"',
  attrs: { quarantined, risk },
});
const ask = { principal: 'Device::"d"', action: 'publish', resource: 'Dataset::"video"' };
const file = (content: unknown) => ({ file: 'access.test.json', text: JSON.stringify(content) });

describe('policy tests', () => {
  const cases = [
    { name: 'good device', ...ask, expect: 'permitted', by: ['publish'] },
    { name: 'quarantined', ...ask, entities: [jsonDevice(true, 1)], expect: 'forbidden', by: ['quarantine'] },
    { name: 'risky', ...ask, entities: [jsonDevice(false, 90)], expect: 'not-permitted' },
  ];

  test('pass, and cover every policy and condition both ways', () => {
    const report = runPolicyTests(policySet(text), [file({ entities: [jsonDevice(false, 1)], cases })]);
    expect(report).toMatchObject({ passed: 3, failed: 0, uncovered: [] });
    expect(report.coverage).toMatchObject([
      { id: 'publish', fired: 2, spared: 1 },
      {
        id: 'quarantine',
        fired: 1,
        spared: 2,
        conditions: [{}, { condition: 'principal.quarantined', held: 1, heldNot: 2 }],
      },
    ]);
  });

  test('fail by outcome and by policy, and say what no case shows', () => {
    const wrong = [
      { ...cases[0], expect: 'forbidden', by: undefined },
      { ...cases[0], by: ['quarantine'] },
    ];
    const report = runPolicyTests(policySet(text), [
      file({ entities: [jsonDevice(false, 1)], cases: wrong }),
    ]);
    expect(report.failed).toBe(2);
    expect(report.results).toMatchObject([
      { expected: 'forbidden', got: 'permitted' },
      { expected: 'permitted by quarantine', got: 'permitted by publish' },
    ]);
    expect(report.uncovered.join('\n')).toContain('no case makes `quarantine` apply');
    expect(report.uncovered.join('\n')).toContain('`principal.risk < 80` of `publish` is never false');
  });

  test.each([
    ['no cases', { cases: [] }],
    ['a wrong outcome', { cases: [{ ...cases[0], expect: 'maybe' }] }],
    ['a uid without quotes', { cases: [{ ...cases[0], principal: 'Device::d' }] }],
    ['an unknown key', { cases, extra: 1 }],
  ])('with %s are refused with the file', (_, content) => {
    expect(() => runPolicyTests(policySet(text), [file(content)])).toThrow(
      expect.objectContaining({ code: 'request', file: 'access.test.json' }),
    );
  });

  test('over facts that the schema does not allow are refused, naming the case', () => {
    const content = { cases: [{ ...cases[0], entities: [{ uid: 'Device::"d"', attrs: { risk: 'high' } }] }] };
    try {
      runPolicyTests(policySet(text), [file(content)]);
    } catch (error) {
      expect((error as PolicyError).code).toBe('entity');
      expect((error as PolicyError).message).toContain('case `good device`');
      return;
    }
    expect.unreachable();
  });
});

describe('replay', () => {
  const { store } = engineFor(text, [device('a', false, 10), device('b', false, 70), device('c', false, 95)]);
  const recorded = ['a', 'b', 'b', 'c'].map((id) => ({
    request: { principal: uid('Device', id), action: 'publish', resource: uid('Dataset', 'video') },
    decision: { allowed: id !== 'c' },
  }));

  test('groups who loses and who gains', () => {
    const candidate = policySet(
      text.replace('principal.risk < 80', 'principal.risk < 60 || principal.risk > 90'),
    );
    const report = replay({ recorded, candidate, entities: store });
    expect(report).toMatchObject({
      requests: 4,
      same: 1,
      gains: [{ principal: uid('Device', 'c'), requests: 1, policies: ['publish'] }],
      loses: [
        { principal: uid('Device', 'b'), requests: 2, resources: [uid('Dataset', 'video')], policies: [] },
      ],
    });
    const folded = recorded.map((each) => ({ ...each, times: 10 }));
    expect(replay({ recorded: folded, candidate, entities: store })).toMatchObject({
      requests: 40,
      same: 10,
      gains: [{ requests: 10 }],
      loses: [{ requests: 20 }],
    });
  });

  test('tells changed facts from changed policies, and counts what cannot be read', () => {
    const old = [
      { ...recorded[0]!, decision: { allowed: false } },
      { ...recorded[0]!, request: { ...recorded[0]!.request, principal: { type: '?', id: '' } } },
    ];
    const same = policySet(text);
    expect(replay({ recorded: old, candidate: same, current: same, entities: store })).toMatchObject({
      same: 1,
      drifted: 1,
      unreadable: 1,
      gains: [],
      loses: [],
    });
  });

  test('leaves the facts alone', () => {
    const before = JSON.stringify([...store.all()]);
    replay({ recorded, candidate: policySet(text), entities: store });
    expect(JSON.stringify([...store.all()])).toBe(before);
  });
});

describe('blast radius', () => {
  test('lists the grants that a quarantine would take, and undoes the trial', () => {
    const { engine, store } = engineFor(text, [
      device('a', false, 10),
      entity('Dataset', 'video'),
      entity('Dataset', 'readings'),
    ]);
    const radius = blastRadius(engine, store, { uid: uid('Device', 'a'), change: device('a', true, 10) });
    expect(radius.complete).toBe(true);
    expect(radius.gains).toEqual([]);
    expect(radius.loses).toEqual(
      ['readings', 'video'].map((id) => ({
        principal: uid('Device', 'a'),
        action: 'publish',
        resource: uid('Dataset', id),
        by: ['quarantine'],
      })),
    );
    expect(store.get(uid('Device', 'a'))).toEqual(device('a', false, 10));
    const back = blastRadius(engine, store, { uid: uid('Device', 'a'), change: undefined });
    expect(back.loses).toHaveLength(2);
    expect(store.has(uid('Device', 'a'))).toBe(true);
  });

  test('sees whoever is below what changes, and whoever names it', () => {
    const rules = `
@id("zone") permit (principal is Device in Zone::"city", action == Action::"publish", resource);
@id("owner") forbid (principal is Device, action == Action::"publish", resource)
when { principal has owner && principal.owner.level < 2 };`;
    const owner = { __entity: uid('User', 'an') };
    const { engine, store } = engineFor(rules, [
      entity('Zone', 'north', {}, uid('Zone', 'city')),
      entity('User', 'an', { name: 'An', level: 3 }),
      entity('Device', 'a', { owner }, uid('Zone', 'north')),
      entity('Device', 'b', {}, uid('Zone', 'north')),
      entity('Dataset', 'video'),
    ]);
    const lost = (id: string, by: string[]) => ({
      principal: uid('Device', id),
      action: 'publish',
      resource: uid('Dataset', 'video'),
      by,
    });
    const moved = blastRadius(engine, store, { uid: uid('Zone', 'north'), change: entity('Zone', 'north') });
    expect(moved).toMatchObject({ loses: [lost('a', []), lost('b', [])], entities: 3, complete: true });
    const demoted = entity('User', 'an', { name: 'An', level: 1 });
    const radius = blastRadius(engine, store, { uid: uid('User', 'an'), change: demoted });
    expect(radius).toMatchObject({ loses: [lost('a', ['owner'])], gains: [], entities: 2 });
    const few = blastRadius(engine, store, {
      uid: uid('Zone', 'north'),
      change: entity('Zone', 'north'),
      dependents: 1,
    });
    expect(few).toMatchObject({ entities: 2, complete: false });
  });

  test('undoes the trial also when the change is refused, and says when it is not complete', () => {
    const { engine, store } = engineFor(text, [
      device('a', false, 10),
      ...Array.from({ length: 30 }, (_, n) => entity('Dataset', `s${n}`)),
    ]);
    const change = { ...device('a', true, 10), attrs: { risk: 0.5 } };
    expect(() => blastRadius(engine, store, { uid: uid('Device', 'a'), change })).toThrow(
      expect.objectContaining({ code: 'entity' }),
    );
    expect(store.get(uid('Device', 'a'))).toEqual(device('a', false, 10));
    expect(
      blastRadius(engine, store, { uid: uid('Device', 'a'), change: device('a', true, 10), limit: 5 })
        .complete,
    ).toBe(false);
  });
});
