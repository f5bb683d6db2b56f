import type { CedarUid } from '@kydai/contracts';
import type { EntityNode } from '../entities/node.ts';
import type { Outcome, RunningPolicy } from '../evaluate/outcome.ts';
import type { ScopeConstraint } from '../parse/ast.ts';
import type { CedarRecord } from '../values/value.ts';
import type { KnownTypes } from './expression.ts';
import { type Checked, compileGroup, type Run } from './group.ts';

/** A function longer than this many policies costs the JIT more than it gains. */
const maximumGroup = 24;
/** Fewer policies than this are tested one after the other; more are found by the entity that their head names. */
const indexFrom = 16;

type Hold = (uid: CedarUid) => EntityNode;

/** Policies that share the entity in their head; compiled when a request first meets them. */
class Group {
  readonly policies: RunningPolicy[] = [];
  readonly #checked: Checked;
  readonly #types: KnownTypes;
  readonly #hold: Hold;
  #runs: Run[] | undefined;

  constructor(checked: Checked, types: KnownTypes, hold: Hold) {
    this.#checked = checked;
    this.#types = types;
    this.#hold = hold;
  }

  run(p: EntityNode, a: EntityNode, r: EntityNode, context: CedarRecord, outcome: Outcome): void {
    this.#runs ??= this.#compile();
    for (const run of this.#runs) run(p, a, r, context, outcome);
  }

  #compile(): Run[] {
    const runs: Run[] = [];
    for (let at = 0; at < this.policies.length; at += maximumGroup) {
      const part = this.policies.slice(at, at + maximumGroup);
      runs.push(compileGroup(part, this.#checked, this.#types, this.#hold));
    }
    return runs;
  }
}

type Index = Map<EntityNode, Group>;

/**
 * Everything that can apply to requests of one action, principal type and resource type. Policies whose head names an
 * entity are found through that entity; the rest always run.
 */
export class Plan {
  readonly #general: Group;
  readonly #principalIs: Index = new Map();
  readonly #principalIn: Index = new Map();
  readonly #resourceIs: Index = new Map();
  readonly #resourceIn: Index = new Map();
  readonly #types: KnownTypes;
  readonly #hold: Hold;
  readonly #indexed: boolean;
  /** How many policies the plan holds. */
  readonly size: number;

  constructor(policies: readonly RunningPolicy[], types: KnownTypes, hold: Hold) {
    this.#types = types;
    this.#hold = hold;
    this.#general = new Group(undefined, types, hold);
    const possible = policies.filter(
      ({ policy }) =>
        canApply(policy.principal, types.principal) && canApply(policy.resource, types.resource),
    );
    this.size = possible.length;
    this.#indexed =
      possible.filter(({ policy }) => 'uid' in policy.principal || 'uid' in policy.resource).length >=
      indexFrom;
    for (const running of possible) this.#groupOf(running).policies.push(running);
  }

  run(p: EntityNode, a: EntityNode, r: EntityNode, context: CedarRecord, outcome: Outcome): void {
    this.#general.run(p, a, r, context, outcome);
    if (!this.#indexed) return;
    if (this.#principalIs.size > 0) this.#principalIs.get(p)?.run(p, a, r, context, outcome);
    if (this.#resourceIs.size > 0) this.#resourceIs.get(r)?.run(p, a, r, context, outcome);
    if (this.#principalIn.size > 0) this.#runAbove(this.#principalIn, p, p, a, r, context, outcome);
    if (this.#resourceIn.size > 0) this.#runAbove(this.#resourceIn, r, p, a, r, context, outcome);
  }

  /** Runs the groups of the entity and of everything above it, walking whichever is smaller. */
  #runAbove(
    index: Index,
    entity: EntityNode,
    p: EntityNode,
    a: EntityNode,
    r: EntityNode,
    context: CedarRecord,
    outcome: Outcome,
  ): void {
    index.get(entity)?.run(p, a, r, context, outcome);
    const { ancestors } = entity;
    if (ancestors.size <= index.size) {
      for (const above of ancestors) index.get(above)?.run(p, a, r, context, outcome);
    } else {
      for (const [above, group] of index) if (ancestors.has(above)) group.run(p, a, r, context, outcome);
    }
  }

  #groupOf({ policy }: RunningPolicy): Group {
    const { principal, resource } = policy;
    if (!this.#indexed) return this.#general;
    if (principal.op === 'eq') return this.#at(this.#principalIs, principal.uid, 'principal');
    if (resource.op === 'eq') return this.#at(this.#resourceIs, resource.uid, 'resource');
    if (principal.op === 'in') return this.#at(this.#principalIn, principal.uid, 'principal');
    if (resource.op === 'in') return this.#at(this.#resourceIn, resource.uid, 'resource');
    return this.#general;
  }

  #at(index: Index, uid: CedarUid, checked: Checked): Group {
    const node = this.#hold(uid);
    let group = index.get(node);
    if (group === undefined) {
      group = new Group(checked, this.#types, this.#hold);
      index.set(node, group);
    }
    return group;
  }
}

function canApply(constraint: ScopeConstraint, type: string | undefined): boolean {
  if (type === undefined || constraint.op === 'any') return true;
  if (constraint.type !== undefined && constraint.type !== type) return false;
  return constraint.op !== 'eq' || constraint.uid.type === type;
}
