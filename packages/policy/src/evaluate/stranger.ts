import type { CedarUid, CedarValue } from '@kydai/contracts';
import { Converter } from '../entities/convert.ts';
import { EntityNode, EntityTypeNode, type Hierarchy } from '../entities/node.ts';
import type { EntityStore } from '../entities/store.ts';
import { actionKey, type RecordFields } from '../parse/schema.ts';
import { CedarRecord } from '../values/value.ts';

const strangers: Hierarchy = { epoch: 0 };

/** Entities that a request names and the store has never heard of live as long as the request. */
export class RequestResolver {
  readonly #store: EntityStore;
  #made: Map<string, EntityNode> | undefined;

  constructor(store: EntityStore) {
    this.#store = store;
  }

  resolve(uid: CedarUid): EntityNode {
    const known = this.#store.find(uid);
    if (known !== undefined) return known;
    this.#made ??= new Map();
    const key = actionKey(uid);
    let node = this.#made.get(key);
    if (node === undefined) {
      const type = this.#store.types.get(uid.type) ?? new EntityTypeNode(uid.type, 0, strangers);
      node = new EntityNode(type, uid.id);
      this.#made.set(key, node);
    }
    return node;
  }
}

export function readContext(
  data: Readonly<Record<string, CedarValue>>,
  fields: RecordFields | undefined,
  resolver: RequestResolver,
): CedarRecord {
  const converter = new Converter('request', 'the context', (uid) => resolver.resolve(uid));
  return new CedarRecord(converter.attributes(data, '', fields));
}
