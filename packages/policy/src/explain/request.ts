import type { AccessRequest, CedarUid } from '@kydai/contracts';
import { Converter, checkedUid } from '../entities/convert.ts';
import { EntityNode, EntityTypeNode } from '../entities/node.ts';
import type { EntityStore } from '../entities/store.ts';
import type { Engine } from '../evaluate/engine.ts';
import { actionKey } from '../parse/schema.ts';
import { CedarRecord } from '../values/value.ts';
import type { PartialRequest } from './interpret.ts';

/** A request as the interpreter takes it. Strangers are one object each, since equality is identity. */
export function interpretationOf(
  engine: Engine,
  entities: EntityStore,
  request: AccessRequest,
): { readonly request: PartialRequest; readonly resolve: (uid: CedarUid) => EntityNode } {
  const strangers = new Map<string, EntityNode>();
  const resolve = (uid: CedarUid): EntityNode => {
    const known = entities.find(uid) ?? strangers.get(actionKey(uid));
    if (known !== undefined) return known;
    const type = entities.types.get(uid.type) ?? new EntityTypeNode(uid.type, 0, { epoch: 0 });
    const node = new EntityNode(type, uid.id);
    strangers.set(actionKey(uid), node);
    return node;
  };
  const action = engine.actionUid(request.action);
  const fields = engine.policySet.schema?.actions.get(actionKey(action))?.context;
  const converter = new Converter('request', 'the context', resolve);
  return {
    request: {
      principal: resolve(checkedUid(request.principal, 'request', 'the principal')),
      action: resolve(action),
      resource: resolve(checkedUid(request.resource, 'request', 'the resource')),
      context: new CedarRecord(converter.attributes(request.context ?? {}, '', fields)),
    },
    resolve,
  };
}
