import type { AccessRequest, CedarUid, CedarValue, PolicyEntity } from '@kydai/contracts';
import { type BlastRadius, blastRadius, type Engine, type EntityStore, withBareFacts } from '@kydai/policy';
import { ShellError } from '../error.ts';

/** Something that may happen to an entity; what is left out stays as it is. */
export interface WhatIf {
  /** Attributes and facts, by name: `{ "quarantined": true }`, `{ "risk": 90 }`, `{ "certified": false }`. */
  readonly set?: Readonly<Record<string, CedarValue>>;
  /** Groups that it joins or leaves: roles, agencies, zones. */
  readonly join?: readonly CedarUid[];
  readonly leave?: readonly CedarUid[];
  /** It is gone altogether. */
  readonly remove?: boolean;
}

/**
 * Which grants would flip if this happened, now: of the entity, of whatever is below it, and of whatever names it.
 *
 * @throws ShellError `not-found`; PolicyError `entity` for a change that the schema does not allow
 */
export function whatIf(
  parts: {
    readonly engine: Engine;
    readonly entities: EntityStore;
    readonly complete: (request: AccessRequest) => AccessRequest;
  },
  uid: CedarUid,
  happening: WhatIf,
): BlastRadius {
  const { engine, entities, complete } = parts;
  const entity = entities.get(uid);
  if (entity === undefined)
    throw new ShellError('not-found', `the policies know no \`${uid.type}::${uid.id.slice(0, 100)}\``);
  const contexts: Record<string, NonNullable<AccessRequest['context']>> = {};
  for (const { uid: action } of engine.policySet.schema?.actions.values() ?? []) {
    const { context } = complete({
      principal: uid,
      action: action.id,
      resource: uid,
      ...asked(action.id, uid),
    });
    if (context !== undefined) contexts[action.id] = context;
  }
  const change = happening.remove ? undefined : changed(entity, happening, engine);
  return blastRadius(engine, entities, { uid, change, contexts });
}

function changed(entity: PolicyEntity, { set = {}, join = [], leave = [] }: WhatIf, engine: Engine) {
  const key = ({ type, id }: CedarUid) => `${type}::${id}`;
  const gone = new Set(leave.map(key));
  const kept = [...entity.parents, ...join].filter((parent) => !gone.has(key(parent)));
  const parents = [...new Map(kept.map((parent) => [key(parent), parent])).values()];
  const attrs = { ...entity.attrs, ...set };
  return withBareFacts({ ...entity, attrs, parents }, engine.policySet.schema, 'what-if', Date.now());
}

/** What those actions are usually asked with whose schema wants more than the time. */
function asked(action: string, { id }: CedarUid): Pick<AccessRequest, 'context'> {
  if (action === 'renew' || action === 'enrol') {
    const proof = action === 'renew' ? 'certificate' : 'token';
    const own = { provenId: id, requestedId: id, foreignNames: 0, keyType: 'EC-P256' };
    return { context: { proof, ...own } };
  }
  if (action !== 'contain-unattended') return {};
  return {
    context: { containment: 'quarantine-device', severity: 4, operationalTechnology: false, drill: false },
  };
}
