import type { CedarUid, PolicyEntity } from '@kydai/contracts';
import { EntityStore } from '../entities/store.ts';
import { createEngine, type Engine } from '../evaluate/engine.ts';
import { loadPolicySet, type PolicySetInput } from '../validate/policy-set.ts';

/** A small city for tests: devices in nested zones, people with roles. */
export const schemaText = `
entity Role;
entity User in [Role] { name: String, level: Long };
entity Zone in [Zone];
entity Device in [Zone] { quarantined: Bool, risk: Long, address?: ipaddr, owner?: User } tags String;
entity Dataset in [Zone];
action use;
action publish, subscribe in [use] appliesTo {
  principal: [Device], resource: [Dataset], context: { hour?: Long, from?: ipaddr }
};
action view appliesTo { principal: [User], resource: [Dataset, Device] };
`;

export const schema = { file: 'city.cedarschema', text: schemaText };

export const uid = (type: string, id: string): CedarUid => ({ type, id });

export function entity(
  type: string,
  id: string,
  attrs: PolicyEntity['attrs'] = {},
  ...parents: CedarUid[]
): PolicyEntity {
  return { uid: { type, id }, attrs, parents };
}

/** A policy set of one file, checked against the schema unless told otherwise. */
export function policySet(text: string, more: Partial<PolicySetInput> = {}) {
  return loadPolicySet({ schema, policies: [{ file: 'city.cedar', text }], ...more });
}

/** An engine for the text over the entities; unchecked, since tests break types on purpose. */
export function engineFor(
  text: string,
  entities: readonly PolicyEntity[] = [],
  strictForbid = true,
): { readonly engine: Engine; readonly store: EntityStore } {
  const set = policySet(text, { validate: false });
  const store = new EntityStore({ schema: set.schema });
  store.upsertAll(entities);
  return { engine: createEngine({ policySet: set, entities: store, strictForbid }), store };
}

/** What `when { expression }` comes to: whether it is true, false, or cannot be evaluated. */
export function evaluate(expression: string, entities: readonly PolicyEntity[] = []): boolean | string {
  const { engine } = engineFor(
    `permit (principal, action, resource) when { ${expression} };`,
    entities,
    false,
  );
  const decision = engine.decide({
    principal: uid('User', 'an'),
    action: 'view',
    resource: uid('Device', 'cam-1'),
    context: { n: 1, __entity__: true },
  });
  return decision.failures.length > 0 ? 'error' : decision.allowed;
}
