import type { AccessRequest, CedarUid, CedarValue, DecidingPolicy, Decision } from '@kydai/contracts';
import { Converter, checkedUid } from '../entities/convert.ts';
import { EntityNode, EntityTypeNode, type Hierarchy } from '../entities/node.ts';
import type { EntityStore } from '../entities/store.ts';
import { PolicyError } from '../error.ts';
import type { Policy } from '../parse/ast.ts';
import { actionKey, type RecordFields } from '../parse/schema.ts';
import { namedEntities } from '../parse/walk.ts';
import type { PolicySet } from '../validate/policy-set.ts';
import { CedarRecord, noAttributes } from '../values/value.ts';
import { type ActionTable, actionTable, strangerTable } from './actions.ts';
import { failureMessage, Outcome, type RunningPolicy } from './outcome.ts';

export interface EngineOptions {
  readonly policySet: PolicySet;
  readonly entities: EntityStore;
  /**
   * A forbid that fails to evaluate denies. True unless told; false follows the Cedar specification, where a failing
   * policy is skipped.
   */
  readonly strictForbid?: boolean;
  /** Keep the schema's actions in the entity store; true unless told. False for an engine that only tries a set out. */
  readonly maintainActions?: boolean;
}

/** An access request whose action is named in full. */
export interface UidRequest {
  readonly principal: CedarUid;
  readonly action: CedarUid;
  readonly resource: CedarUid;
  readonly context?: Readonly<Record<string, CedarValue>>;
}

/** Decides access requests. Made by `createEngine`. */
export interface Engine {
  /** Synchronous and without effects. Throws a `PolicyError` (`request`, `limit`) for a malformed request. */
  readonly decide: (request: AccessRequest) => Decision;
  /** As `decide`, for an action whose type is not the schema's only one of that id. */
  readonly authorize: (request: UidRequest) => Decision;
  /** Puts another policy set in force between two decisions. */
  replace(policySet: PolicySet): void;
  readonly policySet: PolicySet;
  /** The action that an id alone means. Throws a `PolicyError` (`request`) where two namespaces have it. */
  actionUid(id: string): CedarUid;
  /** The annotations of a policy in force; undefined for an unknown id. */
  annotations(policyId: string): ReadonlyMap<string, string> | undefined;
}

type RequestOf<Action> = Omit<AccessRequest, 'action'> & { readonly action: Action };

const emptyContext = new CedarRecord(noAttributes);

interface Running extends RunningPolicy {
  readonly deciding: DecidingPolicy;
  /** The decision where this policy alone matched and nothing failed. */
  readonly alone: Decision;
}

/** One policy set in force, with everything that was derived from it. */
class Force {
  readonly set: PolicySet;
  readonly running: ReadonlyMap<Policy, Running>;
  readonly nothing: Decision;
  readonly #store: EntityStore;
  readonly #actionIds = new Map<string, CedarUid | null>();
  readonly #held: readonly EntityNode[];
  #strangers: ActionTable | undefined;
  #tables = new Map<string, ActionTable>();
  #byId = new Map<string, ActionTable>();
  #actionVersion = -1;

  constructor(set: PolicySet, store: EntityStore) {
    this.set = set;
    this.#store = store;
    this.running = new Map(
      set.policies.map((policy, index) => [policy, runningPolicy(policy, index, set.digest)]),
    );
    // Before any request is looked up, or an entity that only policies name would be a stranger to them.
    this.#held = set.policies.flatMap((policy) => namedEntities(policy).map((uid) => store.hold(uid)));
    this.nothing = Object.freeze({
      allowed: false,
      outcome: 'not-permitted',
      determining: [],
      failures: [],
      policySet: set.digest,
    });
    for (const { uid } of set.schema?.actions.values() ?? []) {
      this.#actionIds.set(uid.id, this.#actionIds.has(uid.id) ? null : uid);
    }
  }

  /** The table of an action given by id alone. */
  tableOfId(id: string): ActionTable {
    if (this.#actionVersion !== this.#store.actionVersion) this.#forgetTables();
    const known = this.#byId.get(id);
    if (known !== undefined) return known;
    const table = this.tableOf(this.actionUid(id));
    // Only actions that exist are remembered: ids of requests must not fill the memory.
    if (this.#actionIds.has(id)) this.#byId.set(id, table);
    return table;
  }

  actionUid(id: string): CedarUid {
    const uid = this.#actionIds.get(id);
    if (uid === null) throw new PolicyError('request', `action \`${id}\` is ambiguous; name its type too`);
    return uid ?? checkedUid({ type: 'Action', id }, 'request', 'the action');
  }

  tableOf(uid: CedarUid): ActionTable {
    if (this.#actionVersion !== this.#store.actionVersion) this.#forgetTables();
    const key = actionKey(uid);
    const known = this.#tables.get(key);
    if (known !== undefined) return known;
    if (this.#store.find(uid) === undefined && !this.set.schema?.actions.has(key)) {
      // One table for all of them: a flood of made-up actions must cost neither memory nor compilation.
      this.#strangers ??= strangerTable(this.set, this.running, this.#store);
      return this.#strangers;
    }
    const table = actionTable(uid, this.set, this.running, this.#store);
    this.#tables.set(key, table);
    return table;
  }

  /** Lets go of the entities that only this set's policies name. */
  retire(): void {
    for (const node of this.#held) this.#store.letGo(node);
  }

  #forgetTables(): void {
    this.#tables = new Map();
    this.#strangers = undefined;
    this.#byId = new Map();
    this.#actionVersion = this.#store.actionVersion;
  }
}

function runningPolicy(policy: Policy, index: number, digest: string): Running {
  const reason = policy.annotations.get('reason');
  const deciding: DecidingPolicy = Object.freeze({
    id: policy.id,
    effect: policy.effect,
    ...(reason !== undefined && { reason }),
  });
  const alone: Decision = Object.freeze({
    allowed: policy.effect === 'permit',
    outcome: policy.effect === 'permit' ? 'permitted' : 'forbidden',
    determining: Object.freeze([deciding]),
    failures: [],
    policySet: digest,
  });
  return { index, policy, deciding, alone };
}

/** Makes an engine over an entity store, which it reads at every decision. */
export function createEngine(options: EngineOptions): Engine {
  return new CompiledEngine(options);
}

class CompiledEngine implements Engine {
  readonly #store: EntityStore;
  readonly #strict: boolean;
  readonly #maintainActions: boolean;
  readonly #outcome = new Outcome();
  #force: Force;

  constructor({ policySet, entities, strictForbid = true, maintainActions = true }: EngineOptions) {
    this.#store = entities;
    this.#strict = strictForbid;
    this.#maintainActions = maintainActions;
    this.#force = this.#enforce(policySet);
  }

  get policySet(): PolicySet {
    return this.#force.set;
  }

  actionUid(id: string): CedarUid {
    return this.#force.actionUid(id);
  }

  replace(policySet: PolicySet): void {
    const old = this.#force;
    this.#force = this.#enforce(policySet);
    old.retire();
  }

  annotations(policyId: string): ReadonlyMap<string, string> | undefined {
    return this.#force.set.policies.find(({ id }) => id === policyId)?.annotations;
  }

  readonly decide = (request: AccessRequest): Decision => {
    return this.#decide(this.#force.tableOfId(request.action), undefined, request);
  };

  readonly authorize = (request: UidRequest): Decision => {
    const uid = checkedUid(request.action, 'request', 'the action');
    return this.#decide(this.#force.tableOf(uid), uid, request);
  };

  #decide(table: ActionTable, uid: CedarUid | undefined, request: RequestOf<unknown>): Decision {
    const store = this.#store;
    let principal = store.find(request.principal);
    let resource = store.find(request.resource);
    let action = table.node;
    let context = emptyContext;
    if (principal === undefined || resource === undefined || action === undefined || request.context) {
      const resolver = new RequestResolver(store);
      principal ??= resolver.resolve(checkedUid(request.principal, 'request', 'the principal'));
      resource ??= resolver.resolve(checkedUid(request.resource, 'request', 'the resource'));
      action ??= resolver.resolve(uid ?? this.#force.actionUid(request.action as string));
      if (request.context) context = readContext(request.context, table.context, resolver);
    }
    const outcome = this.#outcome;
    outcome.reset();
    table.plan(principal.type, resource.type).run(principal, action, resource, context, outcome);
    const { matched } = outcome;
    if (outcome.failures === undefined) {
      if (matched.length === 0) return this.#force.nothing;
      if (matched.length === 1) return (matched[0] as Running).alone;
    }
    return this.#conclude(outcome);
  }

  /** The general case: several policies, or failures. */
  #conclude(outcome: Outcome): Decision {
    const byIndex = (a: RunningPolicy, b: RunningPolicy) => a.index - b.index;
    const matched = [...outcome.matched].sort(byIndex) as Running[];
    const failures = [...(outcome.failures ?? [])].sort((a, b) => byIndex(a.running, b.running));
    const forbids = matched.filter(({ policy }) => policy.effect === 'forbid');
    if (this.#strict) {
      for (const { running } of failures)
        if (running.policy.effect === 'forbid') forbids.push(running as Running);
      forbids.sort(byIndex);
    }
    const permits = forbids.length > 0 ? [] : matched;
    const allowed = permits.length > 0;
    return {
      allowed,
      outcome: forbids.length > 0 ? 'forbidden' : allowed ? 'permitted' : 'not-permitted',
      determining: (forbids.length > 0 ? forbids : permits).map(({ deciding }) => deciding),
      failures: failures.map((failure) => ({
        id: failure.running.policy.id,
        effect: failure.running.policy.effect,
        message: failureMessage(failure),
      })),
      policySet: this.#force.set.digest,
    };
  }

  #enforce(set: PolicySet): Force {
    if (this.#maintainActions) {
      for (const { uid, memberOf } of set.schema?.actions.values() ?? []) {
        if (!this.#hasParents(uid, memberOf)) this.#store.upsert({ uid, attrs: {}, parents: memberOf });
      }
    }
    return new Force(set, this.#store);
  }

  #hasParents(uid: CedarUid, memberOf: readonly CedarUid[]): boolean {
    const node = this.#store.find(uid);
    return (
      node?.exists === true &&
      node.parents.length === memberOf.length &&
      memberOf.every((each) => node.parents.includes(this.#store.find(each)!))
    );
  }
}

const strangers: Hierarchy = { epoch: 0 };

/** Entities that a request names and the store has never heard of live as long as the request. */
class RequestResolver {
  readonly #store: EntityStore;
  #made: Map<string, EntityNode> | undefined;

  constructor(store: EntityStore) {
    this.#store = store;
  }

  resolve(uid: CedarUid): EntityNode {
    const known = this.#store.find(uid);
    if (known !== undefined) return known;
    this.#made ??= new Map();
    const key = actionKey(uid);
    let node = this.#made.get(key);
    if (node === undefined) {
      const type = this.#store.types.get(uid.type) ?? new EntityTypeNode(uid.type, 0, strangers);
      node = new EntityNode(type, uid.id);
      this.#made.set(key, node);
    }
    return node;
  }
}

function readContext(
  data: Readonly<Record<string, CedarValue>>,
  fields: RecordFields | undefined,
  resolver: RequestResolver,
): CedarRecord {
  const converter = new Converter('request', 'the context', (uid) => resolver.resolve(uid));
  return new CedarRecord(converter.attributes(data, '', fields));
}
