import type { CedarUid, CedarValue } from '@kydai/contracts';
import { Converter, checkedUid } from '../entities/convert.ts';
import { EntityNode, EntityTypeNode } from '../entities/node.ts';
import type { EntityStore } from '../entities/store.ts';
import { PolicyError } from '../error.ts';
import { actionsOf, policiesOfAction } from '../evaluate/actions.ts';
import type { Engine } from '../evaluate/engine.ts';
import { Interpreter } from '../explain/interpret.ts';
import type { ScopeConstraint } from '../parse/ast.ts';
import { actionKey } from '../parse/schema.ts';
import { CedarRecord } from '../values/value.ts';
import { candidatesOf } from './candidates.ts';

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

/**
 * Search over the entities that exist. Permits are evaluated partially, so that only entities that some permit could
 * let through are decided; where a permit does not narrow them, those are all entities of the type.
 */
export function createSearch(engine: Engine, entities: EntityStore): Search {
  const search = (sought: 'principal' | 'resource', query: EntitySearch): SearchResult => {
    const nodes = candidates(engine, entities, sought, query);
    const limit = Math.min(Math.max(1, query.limit ?? 100), 1_000);
    const found: CedarUid[] = [];
    let decided = 0;
    for (const node of nodes) {
      const uid = { type: node.type.name, id: node.id };
      decided++;
      const request = {
        principal: sought === 'principal' ? uid : query.given,
        resource: sought === 'resource' ? uid : query.given,
        action: query.action,
        ...(query.context && { context: query.context }),
      };
      if (engine.decide(request).allowed) found.push(uid);
      const last = decided === nodes.length;
      if (!last && (found.length === limit || decided === maximumDecisions)) {
        return { found, next: Buffer.from(uid.id).toString('base64url'), decided };
      }
    }
    return { found, decided };
  };
  return {
    subjects: (query) => search('principal', query),
    resources: (query) => search('resource', query),
    actions: ({ principal, resource, context }) =>
      actionsOf(engine.policySet, entities)
        .filter(
          ({ schema }) =>
            schema === undefined ||
            (schema.principals.includes(principal.type) && schema.resources.includes(resource.type)),
        )
        .filter(
          ({ uid }) =>
            engine.authorize({ principal, action: uid, resource, ...(context && { context }) }).allowed,
        )
        .map(({ uid }) => uid.id)
        .sort(),
  };
}

/** Existing entities of the type that some permit could let through, after the token, by id. */
function candidates(
  engine: Engine,
  entities: EntityStore,
  sought: 'principal' | 'resource',
  query: EntitySearch,
): EntityNode[] {
  const resolve = (uid: CedarUid) =>
    entities.find(uid) ?? new EntityNode(new EntityTypeNode(uid.type, 0, { epoch: 0 }), uid.id);
  const after = query.after === undefined ? undefined : decodeToken(query.after);
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
    const nodes: Iterable<EntityNode> = found === 'all' ? type.nodes.values() : found;
    for (const node of nodes)
      if (node.type === type && node.exists && (after === undefined || node.id > after)) wanted.add(node);
    if (found === 'all') break;
  }
  return [...wanted].sort((a, b) => (a.id < b.id ? -1 : 1));
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

function decodeToken(token: string): string {
  const id = Buffer.from(token, 'base64url').toString();
  if (token.length > 8_192 || Buffer.from(id).toString('base64url') !== token) {
    throw new PolicyError('request', 'the page token is not one of ours; start from the first page');
  }
  return id;
}
