import { describe, expect, test } from 'vitest';
import { Random } from '../differential/random.ts';
import { makeWorld } from '../differential/world.ts';
import { EntityStore } from '../entities/store.ts';
import { createEngine } from '../evaluate/engine.ts';
import { engineFor, entity, uid } from '../testing/worlds.ts';
import { loadPolicySet } from '../validate/policy-set.ts';
import { explain, redacted } from './explain.ts';
import { formatExpression } from './format.ts';

const text = `
@id("publish") permit (principal is Device in Zone::"city", action == Action::"publish", resource)
when { principal.risk < 80 };
@id("night") permit (principal is Device, action == Action::"publish", resource)
when { context has hour && context.hour < 6 && principal.risk < 80 };
@id("quarantine") @reason("bị cách ly") forbid (principal is Device, action, resource) when { principal.quarantined };
@id("people") permit (principal is User, action == Action::"view", resource == Dataset::"video");`;

function ask(attrs: { quarantined: boolean; risk: number }, zone = 'city', context = {}) {
  const { engine, store } = engineFor(text, [entity('Device', 'cam-1', attrs, uid('Zone', zone))]);
  const request = {
    principal: uid('Device', 'cam-1'),
    action: 'publish',
    resource: uid('Dataset', 'video'),
    context,
  };
  return { explanation: explain(engine, store, request), store, engine, request };
}

const said = (changes: readonly { condition: string; must: boolean }[]) =>
  changes.map(({ condition, must }) => `${condition} = ${must}`).sort();

describe('an explanation', () => {
  test('of a permit shows each condition with its facts and place', () => {
    const { determining, remedies } = ask({ quarantined: false, risk: 5 }).explanation;
    expect(remedies).toEqual([]);
    expect(determining).toMatchObject([
      {
        id: 'publish',
        place: { file: 'city.cedar', line: 2 },
        conditions: [
          { condition: 'principal is Device', value: true },
          {
            condition: 'principal in Zone::"city"',
            value: true,
            facts: [{ name: 'Device::"cam-1" in Zone::"city"', value: true }],
          },
          {
            condition: 'principal.risk < 80',
            value: true,
            facts: [{ name: 'Device::"cam-1".risk', value: 5 }],
            place: { line: 3 },
          },
        ],
      },
    ]);
  });

  test('of a denial names the forbid in the way and the smallest change', () => {
    const { explanation } = ask({ quarantined: true, risk: 5 });
    expect(explanation.standsInTheWay).toMatchObject([{ id: 'quarantine' }]);
    expect(explanation.remedies.map(said)[0]).toEqual(['principal.quarantined = false']);
    expect(explanation.remedies[0]![0]!.facts).toEqual([
      { name: 'Device::"cam-1".quarantined', value: true },
    ]);
    expect(redacted(explanation)).toEqual({ outcome: 'forbidden', reasons: ['bị cách ly'] });
  });

  test('offers every smallest set, and only sets that would do', () => {
    const { explanation } = ask({ quarantined: true, risk: 95 }, 'elsewhere', { hour: 9 });
    expect(explanation.remedies.map(said)).toEqual([
      ['principal in Zone::"city" = true', 'principal.quarantined = false', 'principal.risk < 80 = true'],
      ['context.hour < 6 = true', 'principal.quarantined = false', 'principal.risk < 80 = true'],
    ]);
  });

  test('takes who asks for what as given', () => {
    const { engine, store } = engineFor(text);
    const stranger = { principal: uid('User', 'an'), action: 'view', resource: uid('Dataset', 'logs') };
    expect(explain(engine, store, stranger)).toMatchObject({
      decision: { outcome: 'not-permitted' },
      remedies: [],
    });
  });

  test('says which fact is missing where a forbid could not be evaluated', () => {
    const { engine, store } = engineFor(text, [entity('Device', 'cam-1', { risk: 1 }, uid('Zone', 'city'))]);
    const request = {
      principal: uid('Device', 'cam-1'),
      action: 'publish',
      resource: uid('Dataset', 'video'),
    };
    const { determining, remedies } = explain(engine, store, request);
    expect(determining[0]!.conditions.at(-1)).toMatchObject({
      value: 'failed',
      facts: [{ name: 'Device::"cam-1".quarantined' }],
    });
    expect(remedies.map(said)).toEqual([['principal.quarantined = false']]);
  });

  test('is true: making the changes changes the decision', () => {
    const { explanation, store, engine, request } = ask({ quarantined: true, risk: 95 });
    expect(said(explanation.remedies[0]!)).toEqual([
      'principal.quarantined = false',
      'principal.risk < 80 = true',
    ]);
    store.upsert(entity('Device', 'cam-1', { quarantined: false, risk: 79 }, uid('Zone', 'city')));
    expect(engine.decide(request).allowed).toBe(true);
  });
});

describe('a fact that is too old', () => {
  const facts = {
    file: 'facts.cedarschema',
    text: `
type Score = { value: Long, source: String, at: datetime, until: datetime };
entity Device { risk: Score };
entity Dataset;
action publish appliesTo { principal: [Device], resource: [Dataset], context: {} };`,
  };
  const rules = `
@id("may") @alarm("break-glass") permit (principal, action, resource);
@id("risky") @reason("rủi ro của thiết bị quá cao") forbid (principal, action, resource) when { principal.risk.value >= 80 };`;
  const set = loadPolicySet({ schema: facts, policies: [{ file: 'facts.cedar', text: rules }] });
  const store = new EntityStore({ schema: set.schema, check: true });
  const engine = createEngine({ policySet: set, entities: store });
  const request = { principal: uid('Device', 'a'), action: 'publish', resource: uid('Dataset', 'x') };
  store.upsert(entity('Device', 'a', { risk: { value: 5, source: 'edr', at: 1000, until: 2000 } }));
  const fact = { name: 'Device::"a".risk', value: 5, source: 'edr', at: 1000, until: 2000 };

  test('shows who said it and until when, before and after, and what its permission raises', () => {
    expect(explain(engine, store, request).determining).toMatchObject([{ id: 'may', alarm: 'break-glass' }]);
    store.expire(3000);
    const { decision, determining, remedies } = explain(engine, store, request);
    expect(decision.outcome).toBe('stale');
    expect(determining).toMatchObject([
      {
        id: 'risky',
        reasonEn: 'stale: the fact `principal.risk` is too old to be believed',
        conditions: [
          { condition: 'principal.risk.value >= 80', value: 'stale', facts: [{ ...fact, stale: true }] },
        ],
      },
    ]);
    expect(remedies).toMatchObject([
      [{ condition: 'principal.risk.value >= 80', must: false, facts: [{ ...fact, stale: true }] }],
    ]);
  });

  test('is told to outsiders without its name, its source and its value', () => {
    expect(redacted(explain(engine, store, request))).toEqual({ outcome: 'stale', reasons: [] });
  });
});

test('explains any decision of random worlds, and formats expressions that read back as themselves', () => {
  const first = Math.floor(Math.random() * 1_000_000_000);
  let remedies = 0;
  for (let seed = first; seed < first + 60; seed++) {
    const world = makeWorld(new Random(seed), 10);
    const policySet = loadPolicySet({
      policies: [
        {
          file: 'p',
          text: world.policies.map(({ id, text: policy }) => `@id("${id}") ${policy}`).join('\n'),
        },
      ],
      links: world.links,
    });
    const store = new EntityStore();
    store.upsertAll(world.entities);
    const engine = createEngine({ policySet, entities: store });
    for (const { action, ...request } of world.requests) {
      const {
        decision,
        determining,
        remedies: offered,
      } = explain(engine, store, { ...request, action: action.id });
      remedies += offered.length;
      for (const policy of determining) {
        const failing = decision.failures.some(({ id }) => id === policy.id);
        if (!failing && policy.conditions.length === 1)
          expect(policy.conditions[0]!.value, `seed ${seed}`).not.toBe('failed');
      }
    }
    for (const { conditions } of policySet.policies) {
      for (const { body } of conditions) {
        const once = formatExpression(body);
        const again = loadPolicySet({
          policies: [{ file: 'p', text: `permit (principal, action, resource) when { ${once} };` }],
        });
        expect(formatExpression(again.policies[0]!.conditions[0]!.body), `seed ${seed}`).toBe(once);
      }
    }
  }
  expect(remedies).toBeGreaterThan(20);
}, 60_000);
