import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { createEngine, EntityStore, loadPolicySet, type PolicySet } from '@kydai/policy';
import type { Figure } from '../run.ts';
import { measure, percentiles, timeBatches, timeEach } from './measure.ts';

const scaleSchema = {
  file: 'scale.cedarschema',
  text: `entity Zone in [Zone];
entity Device in [Zone] { quarantined: Bool, risk: Long };
entity Dataset in [Zone];
action publish appliesTo { principal: [Device], resource: [Dataset] };`,
};

/** Bytes on the heap after a full collection. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

/** Policies as a city writes them: most grant a zone's devices a dataset of a zone, some name one device, few are general. */
function scalePolicies(count: number): string {
  const texts = [
    'forbid (principal, action, resource) when { principal.quarantined };',
    'forbid (principal, action, resource) when { principal.risk >= 90 };',
  ];
  for (let n = 0; texts.length < count; n++) {
    texts.push(
      n % 5 === 0
        ? `permit (principal == Device::"d${n * 7}", action == Action::"publish", resource in Zone::"z${n % 1000}");`
        : `permit (principal in Zone::"z${n % 1000}", action == Action::"publish", resource in Zone::"z${(n * 13) % 1000}") when { principal.risk < ${50 + (n % 40)} };`,
    );
  }
  return texts.join('\n');
}

/** 1,000 zones in 50 areas in 5 districts in one city; devices and, one in ten, datasets spread over the zones. */
function scaleEntities(count: number): EntityStore {
  const store = new EntityStore();
  const zone = (id: string) => ({ type: 'Zone', id });
  const upsert = (type: string, id: string, parent: string | undefined, attrs = {}) =>
    store.upsert({ uid: { type, id }, attrs, parents: parent === undefined ? [] : [zone(parent)] });
  upsert('Zone', 'city', undefined);
  for (let n = 0; n < 5; n++) upsert('Zone', `district${n}`, 'city');
  for (let n = 0; n < 50; n++) upsert('Zone', `area${n}`, `district${n % 5}`);
  for (let n = 0; n < 1_000; n++) upsert('Zone', `z${n}`, `area${n % 50}`);
  for (let n = 0; store.size < count; n++) {
    if (n % 10 === 9) upsert('Dataset', `s${n}`, `z${n % 1_000}`);
    else upsert('Device', `d${n}`, `z${n % 1_000}`, { quarantined: n % 97 === 0, risk: n % 100 });
  }
  return store;
}

/** A small generator, so that every run asks the same. */
function sequence(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 4_294_967_296) * below);
  };
}

function scaleRequests(entities: number, count: number, seed: number) {
  const random = sequence(seed);
  const last = entities - 1_100;
  return Array.from({ length: count }, () => {
    const device = random(last);
    return {
      principal: { type: 'Device', id: `d${device % 10 === 9 ? device - 1 : device}` },
      action: 'publish',
      resource: { type: 'Dataset', id: `s${Math.floor(random(last) / 10) * 10 + 9}` },
    };
  });
}

/** The curves over policies and over entities, load time, memory, and single updates. */
export function benchScale(emit: (figure: Figure) => void): void {
  for (const count of [100, 1_000, 10_000]) {
    const started = performance.now();
    const policySet = loadPolicySet({
      schema: scaleSchema,
      policies: [{ file: 'scale.cedar', text: scalePolicies(count) }],
    });
    const entities = scaleEntities(100_000);
    const { decide } = createEngine({ policySet, entities });
    emit({ name: `policy.scale.${count}.load`, value: performance.now() - started, unit: 'ms' });
    const { p50, p99 } = measure(scaleRequests(100_000, 1_000, 1), decide);
    emit({ name: `policy.scale.${count}.p50`, value: p50, unit: 'us' });
    emit({ name: `policy.scale.${count}.p99`, value: p99, unit: 'us' });
  }
  const policySet = loadPolicySet({
    schema: scaleSchema,
    policies: [{ file: 'scale.cedar', text: scalePolicies(10_000) }],
  });
  for (const count of [10_000, 100_000, 1_000_000]) benchEntities(emit, policySet, count);
}

function benchEntities(emit: (figure: Figure) => void, policySet: PolicySet, count: number): void {
  const name = `policy.entities.${count}`;
  const before = heapUsed();
  const started = performance.now();
  const entities = scaleEntities(count);
  emit({ name: `${name}.load`, value: performance.now() - started, unit: 'ms' });
  emit({ name: `${name}.memory`, value: (heapUsed() - before) / 1e6, unit: 'MB' });
  const { decide } = createEngine({ policySet, entities });
  const hot = measure(scaleRequests(count, 1_000, 2), decide);
  emit({ name: `${name}.p50`, value: hot.p50, unit: 'us' });
  emit({ name: `${name}.p99`, value: hot.p99, unit: 'us' });
  const cold = scaleRequests(count, 200_000, 3);
  timeBatches(cold, decide, cold.length);
  emit({
    name: `${name}.random.p50`,
    value: percentiles(timeBatches(cold, decide, cold.length)).p50,
    unit: 'us',
  });
  emit({
    name: `${name}.random.p99`,
    value: percentiles(timeEach(cold, decide, cold.length)).p99,
    unit: 'us',
  });
  const random = sequence(4);
  const device = () => ({ type: 'Device', id: `d${Math.floor(random(count - 1_100) / 10) * 10}` });
  const updates: Record<string, () => void> = {
    attribute: () =>
      entities.upsert({
        uid: device(),
        attrs: { quarantined: true, risk: random(100) },
        parents: [{ type: 'Zone', id: 'z1' }],
      }),
    move: () =>
      entities.upsert({
        uid: device(),
        attrs: { quarantined: false, risk: 1 },
        parents: [{ type: 'Zone', id: `z${random(1_000)}` }],
      }),
    'top-edge': () =>
      entities.upsert({
        uid: { type: 'Zone', id: 'district1' },
        attrs: {},
        parents: [{ type: 'Zone', id: random(2) ? 'city' : 'region' }],
      }),
  };
  for (const [kind, update] of Object.entries(updates)) {
    const { p50, p99 } = percentiles(timeEach([undefined], update, 20_000));
    emit({ name: `${name}.update.${kind}.p50`, value: p50, unit: 'us' });
    emit({ name: `${name}.update.${kind}.p99`, value: p99, unit: 'us' });
  }
}
