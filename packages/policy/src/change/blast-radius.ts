import type { CedarUid, CedarValue, PolicyEntity } from '@kydai/contracts';
import type { EntityStore } from '../entities/store.ts';
import { actionsOf } from '../evaluate/actions.ts';
import type { Engine } from '../evaluate/engine.ts';
import { createSearch } from '../search/search.ts';

export interface Grant {
  readonly principal: CedarUid;
  readonly action: string;
  readonly resource: CedarUid;
}

export interface BlastRadius {
  /** Allowed now, denied after the change; and the policies that would decide then. */
  readonly loses: readonly (Grant & { readonly by: readonly string[] })[];
  /** Denied now, allowed after the change. */
  readonly gains: readonly Grant[];
  /** False where there were more grants than `limit` and the lists are not whole. */
  readonly complete: boolean;
}

export interface BlastRadiusOptions {
  /** The entity as it would be, or undefined for its removal. */
  readonly change: PolicyEntity | undefined;
  readonly uid: CedarUid;
  /** The context to ask with, by action; grants that need another context are not seen. */
  readonly contexts?: Readonly<Record<string, Readonly<Record<string, CedarValue>>>>;
  /** At most this many grants before and after; 1,000 unless told. */
  readonly limit?: number;
}

/**
 * Which grants of an entity, as principal and as resource, would flip if it changed: asked before quarantining it.
 *
 * INVARIANT: the store is as before when this returns or throws. The change is made, asked about and undone in one
 * synchronous step, so that no decision sees it.
 */
export function blastRadius(engine: Engine, entities: EntityStore, options: BlastRadiusOptions): BlastRadius {
  const { uid, change, contexts = {}, limit = 1_000 } = options;
  const original = entities.get(uid);
  const before = grantsOf(engine, entities, uid, contexts, limit);
  let after: Grants;
  const denials = new Map<string, readonly string[]>();
  try {
    if (change === undefined) entities.remove(uid);
    else entities.upsert(change);
    after = grantsOf(engine, entities, uid, contexts, limit);
    for (const [key, grant] of before.grants) {
      const decision = engine.decide({ ...grant, ...contextFor(contexts, grant.action) });
      if (!decision.allowed)
        denials.set(
          key,
          decision.determining.map(({ id }) => id),
        );
    }
  } finally {
    if (original === undefined) entities.remove(uid);
    else entities.upsert(original);
  }
  return {
    loses: [...denials].map(([key, by]) => ({ ...before.grants.get(key)!, by })),
    gains: [...after.grants].filter(([key]) => !before.grants.has(key)).map(([, grant]) => grant),
    complete: before.complete && after.complete,
  };
}

interface Grants {
  readonly grants: ReadonlyMap<string, Grant>;
  readonly complete: boolean;
}

function grantsOf(
  engine: Engine,
  entities: EntityStore,
  uid: CedarUid,
  contexts: NonNullable<BlastRadiusOptions['contexts']>,
  limit: number,
): Grants {
  const search = createSearch(engine, entities);
  const grants = new Map<string, Grant>();
  let complete = true;
  for (const { uid: action, schema } of actionsOf(engine.policySet, entities)) {
    if (schema === undefined) continue;
    const query = { given: uid, action: action.id, limit: 1_000, ...contextFor(contexts, action.id) };
    const take = (
      found: readonly CedarUid[],
      next: string | undefined,
      grantOf: (other: CedarUid) => Grant,
    ) => {
      if (next !== undefined) complete = false;
      for (const other of found) {
        const grant = grantOf(other);
        if (grants.size < limit) grants.set(JSON.stringify(grant), grant);
        else complete = false;
      }
    };
    if (schema.principals.includes(uid.type)) {
      for (const type of schema.resources) {
        const { found, next } = search.resources({ ...query, type });
        take(found, next, (resource) => ({ principal: uid, action: action.id, resource }));
      }
    }
    if (schema.resources.includes(uid.type)) {
      for (const type of schema.principals) {
        const { found, next } = search.subjects({ ...query, type });
        take(found, next, (principal) => ({ principal, action: action.id, resource: uid }));
      }
    }
  }
  return { grants, complete };
}

function contextFor(contexts: NonNullable<BlastRadiusOptions['contexts']>, action: string) {
  const context = new Map(Object.entries(contexts)).get(action);
  return context === undefined ? {} : { context };
}
