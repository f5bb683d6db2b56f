import type { CedarUid } from '@kydai/contracts';
import { visitAttributes, visitEntities } from './convert.ts';
import type { EntityNode } from './node.ts';
import type { EntityStore } from './store.ts';

/**
 * The entities whose decisions a change of this one may flip too: everything below it, and whatever names it in an
 * attribute, on and on; nearest first and without itself. `complete` is false where there are more than `limit`.
 */
export function dependentsOf(
  entities: EntityStore,
  uid: CedarUid,
  limit: number,
): { readonly found: readonly CedarUid[]; readonly complete: boolean } {
  const start = entities.find(uid);
  if (start === undefined) return { found: [], complete: true };
  let naming: ReadonlyMap<EntityNode, readonly EntityNode[]> | undefined;
  const seen = new Set([start]);
  let complete = true;
  for (const node of seen) {
    if (node.references > 0) naming ??= namingOf(entities);
    for (const next of [...(node.children ?? []), ...(naming?.get(node) ?? [])]) {
      if (next.type.isAction || !next.exists || seen.has(next)) continue;
      if (seen.size > limit) complete = false;
      else seen.add(next);
    }
  }
  return { found: [...seen].slice(1).map(({ type, id }) => ({ type: type.name, id })), complete };
}

/** Who names whom in attributes and tags. Looks at everything: for people who ask what if, not for decisions. */
function namingOf(entities: EntityStore): ReadonlyMap<EntityNode, readonly EntityNode[]> {
  const naming = new Map<EntityNode, EntityNode[]>();
  for (const { nodes } of entities.types.values()) {
    for (const node of nodes.values()) {
      const note = (named: EntityNode) => {
        const known = naming.get(named);
        if (known === undefined) naming.set(named, [node]);
        else known.push(node);
      };
      visitAttributes(node.attrs, note);
      for (const tag of node.tags?.values() ?? []) visitEntities(tag, note);
    }
  }
  return naming;
}
