import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PolicyError } from '../error.ts';
import { engineFor, entity, policySet, uid } from '../testing/worlds.ts';

const publish = { principal: uid('Device', 'cam-1'), action: 'publish', resource: uid('Dataset', 'video') };

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    return (error as PolicyError).code;
  }
  return 'none';
};

describe('a decision', () => {
  test('tells forbidden from not permitted, with ids and reasons', () => {
    const text = `@id("devices-publish") permit (principal is Device, action in Action::"use", resource);
@id("quarantine") @reason("thiết bị bị cách ly") @reason_en("the device is quarantined") forbid (principal, action, resource) when { principal.quarantined };`;
    const { engine, store } = engineFor(text, [entity('Device', 'cam-1', { quarantined: false, risk: 0 })]);
    expect(engine.decide(publish)).toMatchObject({
      allowed: true,
      outcome: 'permitted',
      determining: [{ id: 'devices-publish', effect: 'permit' }],
      policySet: engine.policySet.digest,
    });
    store.upsert(entity('Device', 'cam-1', { quarantined: true, risk: 0 }));
    expect(engine.decide(publish)).toMatchObject({
      outcome: 'forbidden',
      determining: [
        { id: 'quarantine', reason: 'thiết bị bị cách ly', reasonEn: 'the device is quarantined' },
      ],
    });
    const { engine: closed } = engineFor('permit (principal, action == Action::"view", resource);');
    expect(closed.decide(publish)).toMatchObject({
      allowed: false,
      outcome: 'not-permitted',
      determining: [],
    });
  });

  test('reports every policy that determines, in the order of the files', () => {
    const text = Array.from(
      { length: 60 },
      (_, n) => `@id("p${n}") permit (principal, action, resource);`,
    ).join('\n');
    const { determining } = engineFor(text).engine.decide(publish);
    expect(determining.map(({ id }) => id)).toEqual(Array.from({ length: 60 }, (_, n) => `p${n}`));
  });

  test('reads context by the types of the schema', () => {
    const { engine } = engineFor(
      'permit (principal, action, resource) when { context.from.isInRange(ip("10.0.0.0/8")) && context.hour >= 7 };',
    );
    expect(engine.decide({ ...publish, context: { from: '10.1.1.1', hour: 8 } }).allowed).toBe(true);
    expect(engine.decide({ ...publish, context: { from: '11.1.1.1', hour: 8 } }).allowed).toBe(false);
  });

  test('knows a stranger that both principal and context name', () => {
    const { engine } = engineFor('permit (principal, action, resource) when { context.who == principal };');
    const request = {
      ...publish,
      principal: uid('Ghost', 'x'),
      context: { who: { __entity: uid('Ghost', 'x') } },
    };
    expect(engine.decide(request).allowed).toBe(true);
  });

  test('knows an entity that only a policy names, from the first request on', () => {
    const { engine } = engineFor('permit (principal == Device::"cam-1", action, resource);');
    expect(engine.decide(publish).allowed).toBe(true);
  });

  test('refuses malformed requests with a code and remembers nothing of strangers', () => {
    const { engine, store } = engineFor('permit (principal, action, resource);');
    const bad: [string, unknown][] = [
      ['request', { ...publish, principal: { type: 'A b', id: '' } }],
      ['request', { ...publish, principal: uid('User', '\ud800') }],
      ['request', { ...publish, resource: { type: 'Device' } }],
      ['request', { ...publish, context: { x: 0.5 } }],
      ['request', { ...publish, context: { x: null } }],
      ['request', { ...publish, context: { x: '\udfff' } }],
      ['request', { ...publish, context: { x: 2n ** 63n } }],
      ['limit', { ...publish, context: { x: 'a'.repeat(2 ** 20 + 1) } }],
      ['limit', { ...publish, context: { x: JSON.parse(`${'['.repeat(500)}${']'.repeat(500)}`) } }],
    ];
    for (const [code, request] of bad) expect(codeOf(() => engine.decide(request as never))).toBe(code);
    const types = store.types.size;
    for (let n = 0; n < 500; n++)
      engine.decide({ ...publish, principal: uid(`T${n}`, `${n}`), action: `a${n}` });
    expect(store.types.size).toBe(types);
    expect(store.find(uid('Device', 'cam-1'))).toBeUndefined();
  });

  test('is the same for an index of thousands of heads as for a plain list', () => {
    const heads = (n: number) => [
      `@id("a${n}") permit (principal == Device::"d${n}", action, resource);`,
      `@id("b${n}") permit (principal in Zone::"z${n}", action, resource);`,
      `@id("c${n}") permit (principal, action, resource == Dataset::"s${n}");`,
      `@id("d${n}") forbid (principal is Device in Zone::"z${n}", action, resource in Zone::"y${n}");`,
    ];
    const text = Array.from({ length: 200 }, (_, n) => heads(n).join('\n')).join('\n');
    const { engine } = engineFor(text, [
      entity('Device', 'd7', {}, uid('Zone', 'z9')),
      entity('Zone', 'z9', {}, uid('Zone', 'z11')),
      entity('Dataset', 's3', {}, uid('Zone', 'y11')),
    ]);
    const ask = (principal: string, resource: string) =>
      engine
        .decide({
          principal: uid('Device', principal),
          action: 'publish',
          resource: uid('Dataset', resource),
        })
        .determining.map(({ id }) => id);
    expect(ask('d7', 's5')).toEqual(
      ['a7', 'b9', 'b11', 'c5'].sort((x, y) => Number(x.slice(1)) - Number(y.slice(1))),
    );
    expect(ask('d7', 's3')).toEqual(['d11']);
    expect(ask('dx', 'sx')).toEqual([]);
  });
});

describe('replacing the set', () => {
  test('changes the next decision, the digest and the annotations', () => {
    const { engine } = engineFor('permit (principal, action, resource);');
    const before = engine.decide(publish);
    engine.replace(policySet('@id("none") @owner("soc") forbid (principal, action, resource);'));
    expect(engine.decide(publish).determining[0]?.id).toBe('none');
    expect(engine.policySet.digest).not.toBe(before.policySet);
    expect(engine.annotations('none')?.get('owner')).toBe('soc');
    expect(engine.annotations('__proto__')).toBeUndefined();
  });

  test('forgets the entities that only the old set named', () => {
    const { engine, store } = engineFor(
      'permit (principal == User::"old", action, resource in Zone::"old");',
    );
    expect(store.find(uid('Zone', 'old'))).toBeDefined();
    engine.replace(policySet('permit (principal == User::"new", action, resource);'));
    expect(store.find(uid('Zone', 'old'))).toBeUndefined();
    expect(store.find(uid('User', 'new'))).toBeDefined();
  });

  test('follows a change of the action hierarchy', () => {
    const { engine } = engineFor('permit (principal, action in Action::"use", resource);');
    expect(engine.decide(publish).allowed).toBe(true);
    expect(engine.decide({ ...publish, action: 'view' }).allowed).toBe(false);
  });
});

test('no policy text can become program text', () => {
  // The payloads would throw or set a global if any of them were ever run.
  const payloads = [
    '");globalThis.pwned=1;("',
    ['`$', '{globalThis.pwned=1}`'].join(''),
    '\\u{27}+globalThis.pwned+\\u{27}',
    '*/pwned/*',
  ];
  for (const payload of payloads) {
    const quoted = JSON.stringify(payload).replaceAll('\\\\u', '\\u');
    const { engine } = engineFor(
      `@id(${quoted}) permit (principal == Device::${quoted}, action, resource)
       when { context[${quoted}] == ${quoted} && context has ${quoted} && {${quoted}: 1} != {"x": ${quoted}} };`,
    );
    engine.decide({ ...publish, principal: uid('Device', payload), context: { [payload]: payload } });
  }
  expect('pwned' in globalThis).toBe(false);
});

test('any ids decide by equality alone', () => {
  const word = fc.string({ unit: 'grapheme', maxLength: 12 }).filter((text) => text.isWellFormed());
  fc.assert(
    fc.property(word, word, (one, other) => {
      const { engine } = engineFor('permit (principal, action, resource) when { context.a == context.b };');
      const { allowed } = engine.decide({ ...publish, context: { a: { [one]: 1 }, b: { [other]: 1 } } });
      expect(allowed).toBe(one === other);
    }),
    { numRuns: 50 },
  );
});
