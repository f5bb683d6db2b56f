import type { CedarUid, CedarValue, PolicyEntity } from '@kydai/contracts';
import { type EntityStore, PolicyError } from '@kydai/policy';

/**
 * Who says what an entity is. Of two that say the same attribute, the later one here counts; parents add up. INVARIANT: a
 * declaration never outweighs the register, or a file could end a quarantine.
 */
const sources = ['built-in', 'file', 'declared', 'register', 'reported', 'sign-in'] as const;
export type EntitySource = (typeof sources)[number];
/** Sources outside of us: each word of theirs must fit, also one that another source outweighs. */
const outside: ReadonlySet<EntitySource> = new Set(['file', 'declared', 'reported']);

/** What one source knows of an entity. */
export interface EntityPart {
  readonly attrs?: Readonly<Record<string, CedarValue>>;
  readonly parents?: readonly CedarUid[];
  readonly tags?: Readonly<Record<string, CedarValue>>;
}

/**
 * The entities of the policies, each put together from what its sources say. One that still lacks what the schema
 * requires is held back until another source has said it.
 */
export interface Composition {
  /**
   * Takes what a source says in place of what it said before; undefined where it says nothing any more.
   *
   * @throws PolicyError `entity`, `limit` for what does not fit the schema, with nothing changed
   */
  say(source: EntitySource, uid: CedarUid, part: EntityPart | undefined): void;
  /** What one source says. */
  said(source: EntitySource, uid: CedarUid): EntityPart | undefined;
  /** The whole, also while it is held back. */
  whole(uid: CedarUid): PolicyEntity | undefined;
}

type Parts = Partial<Record<EntitySource, EntityPart>>;

export function composeEntities(store: EntityStore): Composition {
  /** Of what more than the register speaks of. A city has many devices of which nothing else does. */
  const known = new Map<string, Parts>();
  const partsOf = (uid: CedarUid): Parts => {
    const parts = known.get(keyOf(uid));
    if (parts !== undefined) return parts;
    const entity = store.get(uid);
    return entity === undefined ? {} : { register: entity };
  };
  const keyOf = ({ type, id }: CedarUid) => `${type}::${id}`;
  return {
    say(source, uid, part) {
      const key = keyOf(uid);
      const { [source]: _, ...others } = partsOf(uid);
      const parts: Parts = part === undefined ? others : { ...others, [source]: part };
      if (part !== undefined && outside.has(source)) store.isWhole(merged(uid, { [source]: part })!);
      const entity = merged(uid, parts);
      if (entity === undefined) {
        known.delete(key);
        store.remove(uid);
        return;
      }
      const isPut = put(store, entity);
      if (isPut && Object.keys(parts).every((each) => each === 'register')) known.delete(key);
      else known.set(key, parts);
    },
    said: (source, uid) => partsOf(uid)[source],
    whole: (uid) => merged(uid, partsOf(uid)),
  };
}

function merged(uid: CedarUid, parts: Parts): PolicyEntity | undefined {
  const said = sources.flatMap((source) => parts[source] ?? []);
  if (said.length === 0) return undefined;
  const parents = new Map(
    said.flatMap((part) => part.parents ?? []).map((parent) => [JSON.stringify(parent), parent]),
  );
  const attrs = Object.assign({}, ...said.map((part) => part.attrs ?? {})) as PolicyEntity['attrs'];
  const tags = Object.assign({}, ...said.map((part) => part.tags ?? {})) as PolicyEntity['attrs'];
  const tagged = Object.keys(tags).length > 0;
  return { uid, attrs, parents: [...parents.values()], ...(tagged ? { tags } : {}) };
}

/** False for an entity that is held back. */
function put(store: EntityStore, entity: PolicyEntity): boolean {
  try {
    store.upsert(entity);
    return true;
  } catch (error) {
    if (!(error instanceof PolicyError) || store.isWhole(entity)) throw error;
    store.remove(entity.uid);
    return false;
  }
}
