import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { preparsePolicySet, preparseSchema, statefulIsAuthorized } from '@cedar-policy/cedar-wasm/nodejs';
import type { PolicyEntity } from '@kydai/contracts';
import { createEngine, EntityStore, loadPolicySet, type UidRequest } from '@kydai/policy';
import type { Figure } from './run.ts';

const corpora = join(import.meta.dirname, '../../../shared/corpora/cedar-workloads');

interface ExpectedRequest extends UidRequest {
  readonly decision: 'allow' | 'deny';
}

/**
 * Time of one decision, ids looked up, on the three workloads of the Cedar paper with N = 5, 20 and 50, entities
 * resident, against cedar-wasm with schema and policies preparsed on the same requests; then the curves at scale.
 */
export async function run(emit: (figure: Figure) => void): Promise<void> {
  if (!existsSync(corpora)) console.error(`policy: \`${corpora}\` is not here, its workloads are left out`);
  else {
    for (const workload of ['gdrive', 'github', 'tinytodo']) {
      for (const size of [5, 20, 50]) benchWorkload(emit, workload, size);
    }
  }
}

function benchWorkload(emit: (figure: Figure) => void, workload: string, size: number): void {
  const read = (name: string) => readFileSync(join(corpora, workload, name), 'utf8');
  const schema = { file: `${workload}.cedarschema.json`, text: read('schema.cedarschema.json') };
  const policies = { file: `${workload}.cedar`, text: read('policies.cedar') };
  const entities = JSON.parse(read(`entities-${size}.json`)) as PolicyEntity[];
  const requests = JSON.parse(read(`requests-${size}.json`)) as ExpectedRequest[];

  const policySet = loadPolicySet({ schema, policies: [policies] });
  const store = new EntityStore({ schema: policySet.schema });
  store.upsertAll(entities);
  const engine = createEngine({ policySet, entities: store, strictForbid: false });
  const wrong = requests.filter((each) => engine.authorize(each).allowed !== (each.decision === 'allow'));
  if (wrong.length > 0) throw new Error(`${workload} ${size}: ${wrong.length} decisions differ`);
  const short = requests.map(({ principal, action, resource }) => ({
    principal,
    action: action.id,
    resource,
  }));
  const ours = measure(short, engine.decide, 200_000, 20);

  preparseSchema('bench', JSON.parse(schema.text));
  preparsePolicySet('bench', { staticPolicies: policies.text });
  const reference = (request: ExpectedRequest) =>
    statefulIsAuthorized({
      principal: request.principal,
      action: request.action,
      resource: request.resource,
      context: {},
      preparsedSchemaName: 'bench',
      preparsedPolicySetId: 'bench',
      entities: entities as never,
    });
  const theirs = measure(requests, reference, 60, 1);
  for (const part of ['p50', 'p99'] as const) {
    emit({
      name: `policy.${workload}.${size}.${part}`,
      value: ours[part],
      unit: 'us',
      baseline: theirs[part],
      baselineName: 'cedar-wasm, schema and policies preparsed',
      ratio: ours[part] / theirs[part],
    });
  }
}

/** Microseconds for one call. The clock is read once for each `batch` calls of neighbouring requests. */
function measure<T>(
  requests: readonly T[],
  call: (request: T) => unknown,
  calls: number,
  batch: number,
): Latency {
  let sink = 0;
  const times: number[] = [];
  let at = 0;
  for (let round = 0; round < (batch === 1 ? 1 : 2); round++) {
    times.length = 0;
    for (let done = 0; done < calls; done += batch) {
      const start = process.hrtime.bigint();
      for (let each = 0; each < batch; each++) {
        if (call(requests[at]!) === undefined) sink++;
        at = at + 1 === requests.length ? 0 : at + 1;
      }
      times.push(Number(process.hrtime.bigint() - start) / 1000 / batch);
    }
  }
  if (sink > 0) throw new Error('a call gave nothing');
  times.sort((a, b) => a - b);
  return { p50: times[Math.floor(times.length * 0.5)]!, p99: times[Math.floor(times.length * 0.99)]! };
}

interface Latency {
  readonly p50: number;
  readonly p99: number;
}
