import type { AccessRequest, CedarUid, CedarValue } from '@kydai/contracts';
import { Converter, checkedUid } from '../entities/convert.ts';
import { EntityNode, EntityTypeNode } from '../entities/node.ts';
import type { EntityStore } from '../entities/store.ts';
import { actionsOf, policiesOfAction } from '../evaluate/actions.ts';
import type { Engine } from '../evaluate/engine.ts';
import { Interpreter } from '../explain/interpret.ts';
import type { ScopeConstraint } from '../parse/ast.ts';
import { actionKey } from '../parse/schema.ts';
import { CedarRecord } from '../values/value.ts';
import { candidatesOf } from './candidates.ts';
import { inOrder } from './order.ts';
import { lastIdOf, pageToken } from './page.ts';

export interface SearchPage {
  /** At most 1,000; 100 unless told. */
  readonly limit?: number;
  /** `next` of the page before. */
  readonly after?: string;
}

export interface EntitySearch extends SearchPage {
  /** The Cedar type of what is sought. */
  readonly type: string;
  /** The given one of principal and resource. */
  readonly given: CedarUid;
  readonly action: string;
  readonly context?: Readonly<Record<string, CedarValue>>;
}

export interface SearchResult {
  /** In the order of their ids. */
  readonly found: readonly CedarUid[];
  /** There may be more after this. Give it back as `after`. A page may be short, or empty, and not be the last. */
  readonly next?: string;
  /** How many entities had to be decided for this page. */
  readonly decided: number;
}

/** Answers who may, on what, and what, from the facts of this moment. */
export interface Search {
  /** Who of a type may do this to the given resource. */
  subjects(search: EntitySearch): SearchResult;
  /** To which resources of a type may the given principal do this. */
  resources(search: EntitySearch): SearchResult;
  /** Ids of the actions that the principal may do to the resource. */
  actions(search: {
    readonly principal: CedarUid;
    readonly resource: CedarUid;
    readonly context?: Readonly<Record<string, CedarValue>>;
  }): readonly string[];
}

/** A page never costs more decisions than this. */
const maximumDecisions = 50_000;

/** Brings facts, and a request's context, to the present: what a decision would see now. */
export type Present = (request: AccessRequest) => AccessRequest;

/**
 * Search over the entities that exist. Permits are evaluated partially, so that only entities that some permit could
 * let through are decided; where a permit does not narrow them, those are all entities of the type.
 *
 * INVARIANT: what is found is what a decision on each entity would let through at the moment of the search; one page has
 * one moment.
 */
export function createSearch(
  engine: Engine,
  entities: EntityStore,
  present: Present = (request) => request,
): Search {
  const search = (sought: 'principal' | 'resource', query: EntitySearch): SearchResult => {
    const { type, given, action, context: asked } = query;
    const question = [sought, type, given, action, asked ?? {}];
    const after = query.after === undefined ? undefined : lastIdOf(query.after, question);
    const { context } = present({
      principal: given,
      resource: given,
      action,
      ...(asked && { context: asked }),
    });
    const limit = Math.min(Math.max(1, query.limit ?? 100), 1_000);
    const found: CedarUid[] = [];
    let decided = 0;
    let last = '';
    for (const { id } of inOrder(candidates(engine, entities, sought, { ...query, context }), after)) {
      // One more is there: this is where the next page begins.
      if (found.length === limit || decided === maximumDecisions)
        return { found, next: pageToken(last, question), decided };
      const uid = { type, id };
      const request = {
        principal: sought === 'principal' ? uid : given,
        resource: sought === 'resource' ? uid : given,
        action,
        ...(context && { context }),
      };
      decided++;
      last = id;
      if (engine.decide(request).allowed) found.push(uid);
    }
    return { found, decided };
  };
  return {
    subjects: (query) => search('principal', query),
    resources: (query) => search('resource', query),
    actions: ({ principal, resource, context: asked }) =>
      actionsOf(engine.policySet, entities)
        .filter(
          ({ schema }) =>
            schema === undefined ||
            (schema.principals.includes(principal.type) && schema.resources.includes(resource.type)),
        )
        .filter(({ uid }) => {
          const request = { principal, resource, ...(asked && { context: asked }) };
          const { context } = present({ ...request, action: uid.id });
          return engine.authorize({ ...request, action: uid, ...(context && { context }) }).allowed;
        })
        .map(({ uid }) => uid.id)
        .sort(),
  };
}

/** Existing entities of the type that some permit could let through, in no particular order. */
function candidates(
  engine: Engine,
  entities: EntityStore,
  sought: 'principal' | 'resource',
  query: Omit<EntitySearch, 'context'> & { readonly context: EntitySearch['context'] | undefined },
): Iterable<EntityNode> {
  const resolve = (uid: CedarUid) =>
    entities.find(uid) ?? new EntityNode(new EntityTypeNode(uid.type, 0, { epoch: 0 }), uid.id);
  const type = entities.types.get(query.type);
  if (type === undefined) return [];
  const uid = engine.actionUid(query.action);
  const given = resolve(checkedUid(query.given, 'request', 'the given entity'));
  const fields = engine.policySet.schema?.actions.get(actionKey(uid))?.context;
  const converter = new Converter('request', 'the context', resolve);
  const interpreter = new Interpreter(
    {
      action: resolve(uid),
      context: new CedarRecord(converter.attributes(query.context ?? {}, '', fields)),
      [sought === 'principal' ? 'resource' : 'principal']: given,
    },
    resolve,
  );
  const wanted = new Set<EntityNode>();
  for (const policy of policiesOfAction(uid, engine.policySet, entities)) {
    if (policy.effect === 'forbid' || !fits(policy, sought === 'principal' ? 'resource' : 'principal', given))
      continue;
    const found = candidatesOf(policy, sought, interpreter, resolve);
    if (found === 'all') return { [Symbol.iterator]: () => existing(type.nodes.values()) };
    for (const node of found) if (node.type === type && node.exists) wanted.add(node);
  }
  return wanted;
}

function* existing(nodes: Iterable<EntityNode>): Generator<EntityNode> {
  for (const node of nodes) if (node.exists) yield node;
}

/** Whether the head of a policy lets the given entity through. */
function fits(
  policy: { readonly principal: ScopeConstraint; readonly resource: ScopeConstraint },
  place: 'principal' | 'resource',
  given: EntityNode,
): boolean {
  const constraint = policy[place];
  if (constraint.op === 'any') return true;
  if (constraint.type !== undefined && constraint.type !== given.type.name) return false;
  if (constraint.op === 'is') return true;
  const { type, id } = constraint.uid;
  const isIt = (node: EntityNode) => node.type.name === type && node.id === id;
  return isIt(given) || (constraint.op === 'in' && [...given.ancestors].some(isIt));
}
