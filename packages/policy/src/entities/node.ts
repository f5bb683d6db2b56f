import { type Attributes, noAttributes, type Value } from '../values/value.ts';

/** Counts changes that made ancestor sets stale in bulk; shared by every entity of a store. */
export interface Hierarchy {
  epoch: number;
}

/** A Cedar entity type in use, with its entities by id. */
export class EntityTypeNode {
  readonly name: string;
  /** Position in decision tables; 0 is every type that the store has never seen. */
  readonly index: number;
  readonly nodes = new Map<string, EntityNode>();
  readonly hierarchy: Hierarchy;
  /** Actions are compiled into decision tables, so a change of one makes the tables stale. */
  readonly isAction: boolean;
  /** How many of the nodes exist, as opposed to being named only. */
  existing = 0;

  constructor(name: string, index: number, hierarchy: Hierarchy) {
    this.name = name;
    this.index = index;
    this.hierarchy = hierarchy;
    this.isAction = name === 'Action' || name.endsWith('::Action');
  }
}

const noParents: readonly EntityNode[] = [];
const noAncestors: ReadonlySet<EntityNode> = new Set();

/**
 * One entity, or a name that something refers to.
 *
 * INVARIANT: within a store one (type, id) is one object, so equality is identity.
 */
export class EntityNode {
  readonly type: EntityTypeNode;
  readonly id: string;
  attrs: Attributes = noAttributes;
  exists = false;
  parents: readonly EntityNode[] = noParents;
  tags: ReadonlyMap<string, Value> | undefined = undefined;
  children: Set<EntityNode> | undefined = undefined;
  /** Edges, attributes and policies that hold this node; an absent entity without any is forgotten. */
  references = 0;
  #ancestors: ReadonlySet<EntityNode> | undefined = undefined;
  #epoch = 0;

  constructor(type: EntityTypeNode, id: string) {
    this.type = type;
    this.id = id;
  }

  /** Every entity above this one, not itself. Rebuilt when asked for, after an edge above has changed. */
  get ancestors(): ReadonlySet<EntityNode> {
    if (this.#ancestors !== undefined && this.#epoch === this.type.hierarchy.epoch) return this.#ancestors;
    this.#ancestors = this.parents.length === 0 ? noAncestors : this.#collect();
    this.#epoch = this.type.hierarchy.epoch;
    return this.#ancestors;
  }

  forgetAncestors(): void {
    this.#ancestors = undefined;
  }

  #collect(): ReadonlySet<EntityNode> {
    const found = new Set<EntityNode>();
    const open = [...this.parents];
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (found.has(node)) continue;
      found.add(node);
      if (node.#ancestors !== undefined && node.#epoch === this.type.hierarchy.epoch) {
        for (const above of node.#ancestors) found.add(above);
      } else if (node.parents.length > 0) open.push(...node.parents);
    }
    return found;
  }
}
