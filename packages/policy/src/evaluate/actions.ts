import type { CedarUid } from '@kydai/contracts';
import { Plan } from '../compile/plan.ts';
import type { EntityNode, EntityTypeNode } from '../entities/node.ts';
import type { EntityStore } from '../entities/store.ts';
import type { Policy } from '../parse/ast.ts';
import { actionKey, type RecordFields, type SchemaAction } from '../parse/schema.ts';
import type { PolicySet } from '../validate/policy-set.ts';
import type { RunningPolicy } from './outcome.ts';

/** One action, or all unknown ones, with the decision plans by principal and resource type. */
export class ActionTable {
  /** Undefined for an action that neither schema, entities nor policies know. */
  readonly node: EntityNode | undefined;
  readonly context: RecordFields | undefined;
  readonly policies: readonly RunningPolicy[];
  readonly #store: EntityStore;
  readonly #plans: (Plan | undefined)[][] = [];

  constructor(
    node: EntityNode | undefined,
    schema: SchemaAction | undefined,
    policies: readonly RunningPolicy[],
    store: EntityStore,
  ) {
    this.node = node;
    this.context = schema?.context;
    this.policies = policies;
    this.#store = store;
  }

  plan(principal: EntityTypeNode, resource: EntityTypeNode): Plan {
    return this.#plans[principal.index]?.[resource.index] ?? this.#make(principal, resource);
  }

  #make(principal: EntityTypeNode, resource: EntityTypeNode): Plan {
    // Index 0 stands for every unknown type, so its name must not be compiled in.
    const types = {
      ...(principal.index > 0 && { principal: principal.name }),
      ...(resource.index > 0 && { resource: resource.name }),
    };
    const plan = new Plan(this.policies, types, (uid) => this.#store.intern(uid));
    this.#plans[principal.index] ??= [];
    this.#plans[principal.index]![resource.index] = plan;
    return plan;
  }
}

/** Every action above another, by key, from the schema and the entities. */
function groupsOf(uid: CedarUid, set: PolicySet, store: EntityStore): ReadonlySet<string> {
  const above = new Set<string>();
  const open = [uid];
  for (let each = open.pop(); each !== undefined; each = open.pop()) {
    const key = actionKey(each);
    if (above.has(key)) continue;
    above.add(key);
    open.push(...(set.schema?.actions.get(key)?.memberOf ?? []));
    for (const parent of store.find(each)?.parents ?? [])
      open.push({ type: parent.type.name, id: parent.id });
  }
  return above;
}

/** The policies whose head lets an action through, in the order of the set. */
export function policiesOfAction(uid: CedarUid, set: PolicySet, store: EntityStore): Policy[] {
  const groups = groupsOf(uid, set, store);
  return set.policies.filter(({ action }) => {
    if (action.op === 'any') return true;
    if (action.op === 'eq') return action.uid.type === uid.type && action.uid.id === uid.id;
    return action.uids.some((each) => groups.has(actionKey(each)));
  });
}

/** Every action that the schema declares, or without a schema every one that exists as an entity. */
export function actionsOf(
  set: PolicySet,
  store: EntityStore,
): { readonly uid: CedarUid; readonly schema?: SchemaAction }[] {
  if (set.schema !== undefined)
    return [...set.schema.actions.values()].map((schema) => ({ uid: schema.uid, schema }));
  const types = [...store.types.values()].filter(({ isAction }) => isAction);
  return types.flatMap(({ name, nodes }) => [...nodes.keys()].map((id) => ({ uid: { type: name, id } })));
}

/** The table of every action that nothing knows: only policies about any action can apply. */
export function strangerTable(
  set: PolicySet,
  running: ReadonlyMap<Policy, RunningPolicy>,
  store: EntityStore,
): ActionTable {
  const policies = set.policies
    .filter(({ action }) => action.op === 'any')
    .map((policy) => running.get(policy)!);
  return new ActionTable(undefined, undefined, policies, store);
}

/** The table of an action: only the policies whose head lets it through. */
export function actionTable(
  uid: CedarUid,
  set: PolicySet,
  running: ReadonlyMap<Policy, RunningPolicy>,
  store: EntityStore,
): ActionTable {
  const policies = policiesOfAction(uid, set, store).map((policy) => running.get(policy)!);
  return new ActionTable(store.find(uid), set.schema?.actions.get(actionKey(uid)), policies, store);
}
