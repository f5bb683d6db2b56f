// One file because an entity, its edges, its facts and who refers to it change together or not at all.

import type { CedarUid, PolicyEntity } from '@kydai/contracts';
import { PolicyError } from '../error.ts';
import type { Schema } from '../parse/schema.ts';
import { type CedarRecord, noAttributes } from '../values/value.ts';
import { type CheckedEntity, checkEntity, missingAttribute } from './check.ts';
import { Converter, checkedUid, readTags, toEntity, visitAttributes, visitEntities } from './convert.ts';
import { type ExpiredFact, Expiry, factsOf, type NamedFact, withholdStale } from './expiry.ts';
import { wholeFact } from './fact.ts';
import { EntityNode, EntityTypeNode, type Hierarchy } from './node.ts';

/** Beyond this many entities below a changed edge, all ancestor sets go stale at once instead of one by one. */
const maximumMarked = 1_000;

/**
 * The facts: every entity that policies may speak of.
 *
 * INVARIANT: the hierarchy has no cycle. INVARIANT: a refused change leaves nothing behind.
 * A change costs the size of the entity and, for a changed edge, at most 1,000 entities below it; ancestor sets are
 * rebuilt by the decisions that need them.
 */
export class EntityStore {
  readonly #types = new Map<string, EntityTypeNode>();
  readonly #hierarchy: Hierarchy = { epoch: 0 };
  readonly #expiry = new Expiry();
  #schema: Schema | undefined;
  #now = Number.NEGATIVE_INFINITY;
  readonly #check: boolean;
  #size = 0;
  #actionVersion = 0;

  /**
   * With a schema, attributes are read by their declared types: `{type, id}` as an entity, text as `ipaddr`, ... With
   * `check` as well, an entity that is not as the schema declares is refused.
   */
  constructor(options: { readonly schema?: Schema | undefined; readonly check?: boolean } = {}) {
    this.#schema = options.schema;
    this.#check = options.check ?? false;
  }

  /** How many entities there are. */
  get size(): number {
    return this.#size;
  }

  /** Grows with each change of an action entity. */
  get actionVersion(): number {
    return this.#actionVersion;
  }

  /** Every type that the store or a policy has named. */
  get types(): ReadonlyMap<string, EntityTypeNode> {
    return this.#types;
  }

  /** Adds the entity or replaces it whole. Throws a `PolicyError` (`entity`, `limit`) with nothing changed. */
  upsert(entity: PolicyEntity): void {
    this.#reading(entity, (node, read) => {
      const { attrs, tags, parents } = read;
      if (this.#check && this.#schema !== undefined && !node.type.isAction) {
        checkEntity(this.#schema, read);
      }
      this.#release(node, () => {
        visitAttributes(attrs, hold);
        if (tags) for (const tag of tags.values()) visitEntities(tag, hold);
        node.attrs = attrs;
        node.tags = tags;
        this.#awaitFacts(node);
        this.#setParents(node, parents);
        if (!node.exists) {
          node.exists = true;
          node.type.existing++;
          this.#size++;
        }
      });
      if (node.type.isAction) this.#actionVersion++;
    });
  }

  /**
   * Whether nothing is missing that the schema requires of such an entity. Changes nothing. Throws a `PolicyError`
   * (`entity`, `limit`) for whatever is wrong with what is there.
   */
  isWhole(entity: PolicyEntity): boolean {
    return this.#reading(entity, (_, read) => {
      if (this.#schema === undefined) return true;
      checkEntity(this.#schema, read, 'partly');
      return missingAttribute(this.#schema, read) === undefined;
    });
  }

  /** Turns the entity into values for `use`, and forgets what was interned for it and is not used. */
  #reading<T>(entity: PolicyEntity, use: (node: EntityNode, read: CheckedEntity) => T): T {
    const uid = checkedUid(entity.uid ?? {}, 'entity', 'an entity');
    const touched: EntityNode[] = [];
    const resolve = (target: CedarUid) => {
      const node = this.intern(target);
      touched.push(node);
      return node;
    };
    const node = resolve(uid);
    try {
      const owner = `entity \`${uid.type}::"${uid.id.slice(0, 100)}"\``;
      const converter = new Converter('entity', owner, resolve);
      const declared = this.#schema?.entityTypes.get(uid.type);
      const attrs = converter.attributes(entity.attrs ?? {}, '', declared?.attributes);
      const tags = readTags(converter, entity.tags, declared?.tags);
      const parents = this.#readParents(converter, node, entity.parents ?? [], owner);
      return use(node, { ...uid, attrs, tags, parents });
    } finally {
      for (const each of touched) this.#forgetIfUnused(each);
    }
  }

  /** Adds or replaces many. The ones before a refused one stay. */
  upsertAll(entities: Iterable<PolicyEntity>): void {
    for (const entity of entities) this.upsert(entity);
  }

  /** Whether there was such an entity. Others may still refer to it; it then counts as absent. */
  remove(uid: CedarUid): boolean {
    const node = this.find(uid);
    if (node === undefined || !node.exists) return false;
    this.#release(node, () => {
      node.attrs = noAttributes;
      node.tags = undefined;
      this.#setParents(node, []);
      node.exists = false;
    });
    node.type.existing--;
    this.#size--;
    if (node.type.isAction) this.#actionVersion++;
    this.#forgetIfUnused(node);
    return true;
  }

  /** When the first fact may go stale, in epoch milliseconds: nothing changes by time alone before that. */
  get nextExpiry(): number {
    return this.#expiry.next;
  }

  /**
   * Withholds the value of every fact whose time is over at `now` (epoch milliseconds), and tells which went stale since
   * this was asked last. A fact that is given again with a later time has its value again.
   */
  expire(now: number): readonly ExpiredFact[] {
    this.#now = now;
    const expired: ExpiredFact[] = [];
    for (let node = this.#expiry.take(now); node !== undefined; node = this.#expiry.take(now)) {
      const entity = { type: node.type.name, id: node.id };
      for (const { name, source, at, until } of this.#awaitFacts(node)) {
        expired.push({ entity, name, source, at: Number(at.ms), until: Number(until.ms) });
      }
    }
    return expired;
  }

  /** The facts that are known of an entity, stale ones too. Empty for one that does not exist. */
  facts(uid: CedarUid): readonly (Omit<ExpiredFact, 'entity'> & { readonly stale: boolean })[] {
    const node = this.find(uid);
    if (node === undefined || !node.exists) return [];
    return [...factsOf(node)].map(([name, { source, at, until }, value]) => ({
      name,
      source,
      at: Number(at.ms),
      until: Number(until.ms),
      stale: wholeFact((value as CedarRecord).attrs) !== undefined,
    }));
  }

  /**
   * From now on entities are read, and checked if this store checks, by another schema.
   *
   * Throws a `PolicyError` (`entity`) for the first entity that does not fit it, with nothing changed.
   */
  useSchema(schema: Schema | undefined): void {
    if (schema?.text === this.#schema?.text) return;
    if (this.#check && schema !== undefined) {
      for (const { name, isAction, nodes } of this.#types.values()) {
        if (isAction) continue;
        for (const { id, exists, attrs, tags, parents } of nodes.values()) {
          if (exists) checkEntity(schema, { type: name, id, attrs, tags, parents });
        }
      }
    }
    this.#schema = schema;
  }

  has(uid: CedarUid): boolean {
    return this.find(uid)?.exists === true;
  }

  get(uid: CedarUid): PolicyEntity | undefined {
    const node = this.find(uid);
    return node?.exists ? toEntity(node) : undefined;
  }

  /** Every entity, or every one of a type, in no particular order. */
  *all(type?: string): Generator<PolicyEntity> {
    for (const each of this.#types.values()) {
      if (type !== undefined && each.name !== type) continue;
      for (const node of each.nodes.values()) if (node.exists) yield toEntity(node);
    }
  }

  /** The node of a uid, without making one. */
  find(uid: CedarUid): EntityNode | undefined {
    return this.#types.get(uid.type)?.nodes.get(uid.id);
  }

  /** The node of a uid, made if need be. Only for uids that come from entities and policies, never from requests. */
  intern(uid: CedarUid): EntityNode {
    let type = this.#types.get(uid.type);
    if (type === undefined) {
      type = new EntityTypeNode(uid.type, this.#types.size + 1, this.#hierarchy);
      this.#types.set(uid.type, type);
    }
    let node = type.nodes.get(uid.id);
    if (node === undefined) {
      node = new EntityNode(type, uid.id);
      type.nodes.set(uid.id, node);
    }
    return node;
  }

  /** As `intern`, and keeps the node until it is let go: a policy names it. */
  hold(uid: CedarUid): EntityNode {
    const node = this.intern(uid);
    node.references++;
    return node;
  }

  letGo(node: EntityNode): void {
    node.references--;
    this.#forgetIfUnused(node);
  }

  #readParents(
    converter: Converter,
    node: EntityNode,
    uids: readonly CedarUid[],
    owner: string,
  ): EntityNode[] {
    const parents = new Set<EntityNode>();
    for (const [index, uid] of uids.entries()) {
      const inner = (uid as { __entity?: unknown }).__entity;
      const parent = converter.entity(inner ?? uid, `parents[${index}]`);
      if (parent === node || (node.children !== undefined && parent.ancestors.has(node))) {
        throw new PolicyError('entity', `${owner} would be its own ancestor; remove parent ${index}`);
      }
      parents.add(parent);
    }
    return [...parents];
  }

  /** Withholds what is stale already, lets the rest wait for its time, and tells what went stale by this. */
  #awaitFacts(node: EntityNode): readonly NamedFact[] {
    const { stale, next } = withholdStale(node, this.#now);
    this.#expiry.await(node, next);
    return stale;
  }

  /** Lets go of what the node refers to, after `change` took hold of the new. */
  #release(node: EntityNode, change: () => void): void {
    const { attrs, tags } = node;
    change();
    visitAttributes(attrs, (target) => this.letGo(target));
    if (tags) for (const tag of tags.values()) visitEntities(tag, (target) => this.letGo(target));
  }

  #setParents(node: EntityNode, parents: readonly EntityNode[]): void {
    const old = node.parents;
    if (old.length === parents.length && parents.every((parent) => old.includes(parent))) return;
    for (const parent of parents) {
      if (old.includes(parent)) continue;
      parent.children ??= new Set();
      parent.children.add(node);
    }
    node.parents = parents;
    for (const parent of old) {
      if (parents.includes(parent)) continue;
      parent.children?.delete(node);
      if (parent.children?.size === 0) parent.children = undefined;
      this.#forgetIfUnused(parent);
    }
    this.#markBelow(node);
  }

  #markBelow(changed: EntityNode): void {
    changed.forgetAncestors();
    if (changed.children === undefined) return;
    const marked = new Set<EntityNode>([changed]);
    for (const node of marked) {
      node.forgetAncestors();
      if (node.children === undefined) continue;
      if (marked.size + node.children.size > maximumMarked) {
        this.#hierarchy.epoch++;
        return;
      }
      for (const child of node.children) marked.add(child);
    }
  }

  #forgetIfUnused(node: EntityNode): void {
    if (!node.exists && node.references === 0 && node.children === undefined) node.type.nodes.delete(node.id);
  }
}

function hold(node: EntityNode): void {
  node.references++;
}
