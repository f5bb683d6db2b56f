import { EntityNode } from '../entities/node.ts';
import { matchesPieces } from '../values/like.ts';
import { add, multiply, negate, subtract } from '../values/long.ts';
import {
  type Attributes,
  CedarRecord,
  CedarSet,
  equal,
  failed,
  less,
  lessOrEqual,
  type Value,
} from '../values/value.ts';

/** `entity in target`; every element of a set must be an entity, also those after a match. */
function within(entity: unknown, target: unknown): boolean | typeof failed {
  if (!(entity instanceof EntityNode)) return failed;
  if (target instanceof EntityNode) {
    return entity === target || (entity.parents.length > 0 && entity.ancestors.has(target));
  }
  if (!(target instanceof CedarSet)) return failed;
  let found = false;
  for (const each of target.items) {
    if (!(each instanceof EntityNode)) return failed;
    found ||= entity === each || (entity.parents.length > 0 && entity.ancestors.has(each));
  }
  return found;
}

function hasTag(entity: unknown, key: unknown): boolean | typeof failed {
  if (!(entity instanceof EntityNode) || typeof key !== 'string') return failed;
  return entity.tags?.has(key) === true;
}

function getTag(entity: unknown, key: unknown): Value | typeof failed {
  if (!(entity instanceof EntityNode) || typeof key !== 'string') return failed;
  return entity.tags?.get(key) ?? failed;
}

/** `entity is Type`, by name. */
function isType(entity: unknown, name: string): boolean | typeof failed {
  return entity instanceof EntityNode ? entity.type.name === name : failed;
}

function like(text: unknown, pieces: readonly string[]): boolean | typeof failed {
  return typeof text === 'string' ? matchesPieces(text, pieces) : failed;
}

function set(items: readonly Value[]): CedarSet {
  return new CedarSet(items);
}

function record(attrs: Attributes): CedarRecord {
  return new CedarRecord(attrs);
}

/** Everything that generated code may call. */
export const runtime = {
  add,
  subtract,
  multiply,
  negate,
  equal,
  failed,
  less,
  lessOrEqual,
  within,
  hasTag,
  getTag,
  isType,
  like,
  set,
  record,
};
export type Runtime = typeof runtime;
