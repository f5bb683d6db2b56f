import {
  type EntityJson,
  preparsePolicySet,
  preparseSchema,
  statefulIsAuthorized,
} from '@cedar-policy/cedar-wasm/nodejs';
import { EntityStore } from '../entities/store.ts';
import { createEngine } from '../evaluate/engine.ts';
import { loadPolicySet } from '../validate/policy-set.ts';
import { Random } from './random.ts';
import { makeWorld, type World } from './world.ts';

export interface Difference {
  readonly seed: number;
  readonly request: number;
  readonly ours: string;
  readonly reference: string;
}

export interface Comparison {
  readonly decisions: number;
  /** Decisions with at least one determining policy, and with at least one failing one: both must be plenty. */
  readonly determined: number;
  readonly failing: number;
  readonly differences: readonly Difference[];
}

const requestsPerWorld = 50;

/**
 * Proves this build on this machine: compares decisions, determining and failing policies with cedar-wasm on random
 * worlds, the world of each seed from `seed` on, and stops after `decisions`.
 */
export function compareWithReference(seed: number, decisions: number): Comparison {
  const result = { decisions: 0, determined: 0, failing: 0, differences: [] as Difference[] };
  for (let each = seed; result.decisions < decisions; each++) {
    const world = makeWorld(new Random(each), requestsPerWorld);
    const ours = ourAnswers(world);
    const reference = referenceAnswers(world);
    for (const [request, answer] of ours.entries()) {
      result.decisions++;
      if (!answer.includes('[] failing')) result.determined++;
      if (!answer.endsWith('[]')) result.failing++;
      if (answer !== reference[request]) {
        result.differences.push({ seed: each, request, ours: answer, reference: reference[request]! });
      }
    }
  }
  return result;
}

function answer(allowed: boolean, reasons: readonly string[], failing: readonly string[]): string {
  return `${allowed ? 'allow' : 'deny'} [${[...reasons].sort().join()}] failing [${[...failing].sort().join()}]`;
}

function ourAnswers(world: World): string[] {
  const text = world.policies.map((policy) => `@id("${policy.id}") ${policy.text}`).join('\n');
  const policySet = loadPolicySet({
    ...(world.schema !== undefined && { schema: { file: 'random.cedarschema', text: world.schema } }),
    policies: [{ file: 'random.cedar', text }],
    links: world.links,
    validate: false,
  });
  const entities = new EntityStore({ schema: policySet.schema });
  entities.upsertAll(world.entities);
  const engine = createEngine({ policySet, entities, strictForbid: false });
  return world.requests.map((request) => {
    const { allowed, determining, failures } = engine.authorize(request);
    return answer(
      allowed,
      determining.map(({ id }) => id),
      failures.map(({ id }) => id),
    );
  });
}

function referenceAnswers(world: World): string[] {
  const texts = (template: boolean) =>
    Object.fromEntries(
      world.policies.filter((each) => each.template === template).map(({ id, text }) => [id, text]),
    );
  const parsed = preparsePolicySet('differential', {
    staticPolicies: texts(false),
    templates: texts(true),
    templateLinks: world.links.map(({ template, id, values }) => ({
      templateId: template,
      newId: id,
      values: slotsOf(world, template, values),
    })),
  });
  if (parsed.type === 'failure')
    throw new Error(`reference refused the policies: ${parsed.errors[0]?.message}`);
  if (world.schema !== undefined) {
    const schema = preparseSchema('differential', world.schema);
    if (schema.type === 'failure')
      throw new Error(`reference refused the schema: ${schema.errors[0]?.message}`);
  }
  return world.requests.map((request) => {
    const reply = statefulIsAuthorized({
      principal: { ...request.principal },
      action: { ...request.action },
      resource: { ...request.resource },
      context: (request.context ?? {}) as never,
      ...(world.schema !== undefined && { preparsedSchemaName: 'differential' }),
      preparsedPolicySetId: 'differential',
      validateRequest: false,
      entities: world.entities as unknown as EntityJson[],
    });
    if (reply.type === 'failure') return `refused: ${reply.errors[0]?.message}`;
    const { decision, diagnostics } = reply.response;
    return answer(
      decision === 'allow',
      diagnostics.reason,
      diagnostics.errors.map(({ policyId }) => policyId),
    );
  });
}

/** Only the slots that the template has: the reference refuses others. */
function slotsOf(world: World, template: string, values: World['links'][number]['values']) {
  const { text } = world.policies.find(({ id }) => id === template)!;
  const slots: Record<string, { type: string; id: string }> = {};
  if (text.includes('?principal')) slots['?principal'] = { ...values.principal! };
  if (text.includes('?resource')) slots['?resource'] = { ...values.resource! };
  return slots;
}
