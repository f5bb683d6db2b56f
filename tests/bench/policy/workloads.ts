import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { preparsePolicySet, preparseSchema, statefulIsAuthorized } from '@cedar-policy/cedar-wasm/nodejs';
import type { PolicyEntity } from '@kydai/contracts';
import { createEngine, EntityStore, loadPolicySet, type UidRequest } from '@kydai/policy';
import type { Figure } from '../run.ts';
import { measure, percentiles, timeEach } from './measure.ts';

const corpora = join(import.meta.dirname, '../../../../shared/corpora/cedar-workloads');

interface ExpectedRequest extends UidRequest {
  readonly decision: 'allow' | 'deny';
}

/**
 * Time of one decision, ids looked up, on the three workloads of the Cedar paper with N = 5, 20 and 50, entities
 * resident, against cedar-wasm with schema and policies preparsed on the same requests.
 */
export function benchWorkloads(emit: (figure: Figure) => void): void {
  if (!existsSync(corpora)) {
    console.error(`policy: \`${corpora}\` is not here, its workloads are left out`);
    return;
  }
  for (const workload of ['gdrive', 'github', 'tinytodo']) {
    for (const size of [5, 20, 50]) benchWorkload(emit, workload, size);
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
  const ours = measure(short, engine.decide);

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
  const theirs = percentiles(timeEach(requests, reference, 60));
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
