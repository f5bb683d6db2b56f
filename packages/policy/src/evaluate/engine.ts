import type { AccessRequest, CedarUid, CedarValue, DecidingPolicy, Decision } from '@kydai/contracts';
import { checkedUid } from '../entities/convert.ts';
import type { EntityStore } from '../entities/store.ts';
import type { PolicySet } from '../validate/policy-set.ts';
import { CedarRecord, noAttributes } from '../values/value.ts';
import type { ActionTable } from './actions.ts';
import { Force, type Running } from './force.ts';
import { type Failure, failureMessage, Outcome, type RunningPolicy } from './outcome.ts';
import { RequestResolver, readContext } from './stranger.ts';

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
    const stale = allowed ? [] : staleFailures(failures, forbids);
    if (stale.length > 0) return this.#stale(stale, failures);
    return {
      allowed,
      outcome: forbids.length > 0 ? 'forbidden' : allowed ? 'permitted' : 'not-permitted',
      determining: (forbids.length > 0 ? forbids : permits).map(({ deciding }) => deciding),
      failures: failures.map(reported),
      policySet: this.#force.set.digest,
    };
  }

  #stale(stale: readonly Failure[], failures: readonly Failure[]): Decision {
    return {
      allowed: false,
      outcome: 'stale',
      determining: stale.map(({ running, stale: fact }): DecidingPolicy => {
        const name = fact!.name;
        return {
          id: running.policy.id,
          effect: running.policy.effect,
          reason: `stale: dữ kiện \`${name}\` đã quá hạn`,
          reasonEn: `stale: the fact \`${name}\` is too old to be believed`,
        };
      }),
      failures: failures.map(reported),
      policySet: this.#force.set.digest,
      stale: [...new Map(stale.map(({ stale: fact }) => [fact!.name, fact!])).values()],
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

function reported(failure: Failure): Decision['failures'][number] {
  const { id, effect } = failure.running.policy;
  return { id, effect, message: failureMessage(failure) };
}

/**
 * The failures that alone stand between a request and its permission: the forbids, where every one of them asked for a
 * stale fact; without forbids, the permits that did. Empty where something else denies.
 */
function staleFailures(failures: readonly Failure[], forbids: readonly RunningPolicy[]): Failure[] {
  const stale = failures.filter((failure) => failure.stale !== undefined);
  if (forbids.length === 0) return stale.filter(({ running }) => running.policy.effect === 'permit');
  const excused = stale.filter(({ running }) => forbids.includes(running));
  return excused.length === forbids.length ? excused : [];
}
