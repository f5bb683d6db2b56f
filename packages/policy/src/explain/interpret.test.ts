import { expect, test } from 'vitest';
import { ExpressionWriter } from '../differential/expression.ts';
import { Random } from '../differential/random.ts';
import { makeWorld } from '../differential/world.ts';
import { Converter } from '../entities/convert.ts';
import { EntityStore } from '../entities/store.ts';
import { createEngine } from '../evaluate/engine.ts';
import { loadPolicySet } from '../validate/policy-set.ts';
import { CedarRecord, failed } from '../values/value.ts';
import { Interpreter } from './interpret.ts';

test('gives what the generated code gives, for any expression', () => {
  const first = Math.floor(Math.random() * 1_000_000_000);
  for (let seed = first; seed < first + 400; seed++) {
    const random = new Random(seed);
    const { entities, requests } = makeWorld(random, 5);
    const condition = new ExpressionWriter(random).write('bool', 4);
    const policySet = loadPolicySet({
      policies: [{ file: 'p', text: `permit (principal, action, resource) when { ${condition} };` }],
    });
    const store = new EntityStore();
    store.upsertAll(entities);
    const engine = createEngine({ policySet, entities: store, strictForbid: false });
    for (const request of requests) {
      const { allowed, failures } = engine.authorize(request);
      const converter = new Converter('request', 'the context', (uid) => store.intern(uid));
      const interpreter = new Interpreter(
        {
          principal: store.intern(request.principal),
          action: store.intern(request.action),
          resource: store.intern(request.resource),
          context: new CedarRecord(converter.attributes(request.context!, '')),
        },
        (uid) => store.intern(uid),
      );
      const result = interpreter.evaluate(policySet.policies[0]!.conditions[0]!.body);
      const outcome = typeof result === 'boolean' ? result : failed;
      expect(outcome, `seed ${seed}: ${condition}`).toBe(failures.length > 0 ? failed : allowed);
    }
  }
}, 60_000);
