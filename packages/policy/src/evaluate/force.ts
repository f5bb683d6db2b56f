import type { CedarUid, DecidingPolicy, Decision } from '@kydai/contracts';
import { checkedUid } from '../entities/convert.ts';
import type { EntityNode } from '../entities/node.ts';
import type { EntityStore } from '../entities/store.ts';
import { PolicyError } from '../error.ts';
import type { Policy } from '../parse/ast.ts';
import { actionKey } from '../parse/schema.ts';
import { namedEntities } from '../parse/walk.ts';
import type { PolicySet } from '../validate/policy-set.ts';
import { type ActionTable, actionTable, strangerTable } from './actions.ts';
import type { RunningPolicy } from './outcome.ts';

/** A policy in force, with what is the same at every decision. */
export interface Running extends RunningPolicy {
  readonly deciding: DecidingPolicy;
  /** The decision where this policy alone matched and nothing failed. */
  readonly alone: Decision;
}

/** One policy set in force, with everything that was derived from it. */
export class Force {
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
  const reasonEn = policy.annotations.get('reason_en');
  const deciding: DecidingPolicy = Object.freeze({
    id: policy.id,
    effect: policy.effect,
    ...(reason !== undefined && { reason }),
    ...(reasonEn !== undefined && { reasonEn }),
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
