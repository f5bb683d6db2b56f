import type { CedarUid, CedarValue, PolicyEntity } from '@kydai/contracts';
import { dependentsOf } from '../entities/dependents.ts';
import type { EntityStore } from '../entities/store.ts';
import { actionsOf } from '../evaluate/actions.ts';
import type { Engine } from '../evaluate/engine.ts';
import { createSearch, type SearchResult } from '../search/search.ts';

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
  /** How many entities were asked about: the changed one, those below it, and those that name it. */
  readonly entities: number;
  /** False where there were more entities or grants than the limits, and the lists are not whole. */
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
  /** At most this many entities besides the changed one; 200 unless told. */
  readonly dependents?: number;
}

/**
 * Which grants would flip if an entity changed: its own, as principal and as resource, and those of whatever is below it
 * or names it, such as the devices behind a gateway and the members of an agency. Asked before quarantining it, before
 * its risk, its groups or its certificates change.
 *
 * INVARIANT: the store is as before when this returns or throws. The change is made, asked about and undone in one
 * synchronous step, so that no decision sees it.
 */
export function blastRadius(engine: Engine, entities: EntityStore, options: BlastRadiusOptions): BlastRadius {
  const { uid, change, contexts = {}, limit = 1_000 } = options;
  const original = entities.get(uid);
  const dependents = dependentsOf(entities, uid, options.dependents ?? 200);
  const touched = [uid, ...dependents.found];
  const before = grantsOf(engine, entities, touched, contexts, limit);
  let after: Grants;
  const denials = new Map<string, readonly string[]>();
  try {
    if (change === undefined) entities.remove(uid);
    else entities.upsert(change);
    after = grantsOf(engine, entities, touched, contexts, limit);
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
    entities: touched.length,
    complete: before.complete && after.complete && dependents.complete,
  };
}

interface Grants {
  readonly grants: ReadonlyMap<string, Grant>;
  readonly complete: boolean;
}

function grantsOf(
  engine: Engine,
  entities: EntityStore,
  uids: readonly CedarUid[],
  contexts: NonNullable<BlastRadiusOptions['contexts']>,
  limit: number,
): Grants {
  const search = createSearch(engine, entities);
  const grants = new Map<string, Grant>();
  let complete = true;
  const take = (page: SearchResult, grantOf: (other: CedarUid) => Grant) => {
    if (page.next !== undefined) complete = false;
    for (const other of page.found) {
      const grant = grantOf(other);
      if (grants.size < limit) grants.set(JSON.stringify(grant), grant);
      else complete = false;
    }
  };
  for (const { uid: action, schema } of actionsOf(engine.policySet, entities)) {
    if (schema === undefined) continue;
    for (const uid of uids) {
      const query = { given: uid, action: action.id, limit: 1_000, ...contextFor(contexts, action.id) };
      if (schema.principals.includes(uid.type)) {
        for (const type of schema.resources) {
          const grantOf = (resource: CedarUid) => ({ principal: uid, action: action.id, resource });
          take(search.resources({ ...query, type }), grantOf);
        }
      }
      if (schema.resources.includes(uid.type)) {
        for (const type of schema.principals) {
          const grantOf = (principal: CedarUid) => ({ principal, action: action.id, resource: uid });
          take(search.subjects({ ...query, type }), grantOf);
        }
      }
    }
  }
  return { grants, complete };
}

function contextFor(contexts: NonNullable<BlastRadiusOptions['contexts']>, action: string) {
  const context = new Map(Object.entries(contexts)).get(action);
  return context === undefined ? {} : { context };
}
