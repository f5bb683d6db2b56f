import { PolicyError } from '../error.ts';
import type { CedarType, RecordFields, Schema } from '../parse/schema.ts';
import {
  type Attributes,
  CedarRecord,
  CedarSet,
  Datetime,
  Decimal,
  Duration,
  Ip,
  typeName,
  type Value,
} from '../values/value.ts';
import { wholeFact } from './fact.ts';
import { EntityNode } from './node.ts';

/** An entity as it is about to be kept. */
export interface CheckedEntity {
  readonly type: string;
  readonly id: string;
  readonly attrs: Attributes;
  readonly tags: ReadonlyMap<string, Value> | undefined;
  readonly parents: readonly EntityNode[];
}

/**
 * Throws a `PolicyError` (`entity`) that names the place, unless the entity is as the schema declares its type; `partly`
 * takes one that lacks attributes.
 */
export function checkEntity(
  schema: Schema,
  entity: CheckedEntity,
  how: 'wholly' | 'partly' = 'wholly',
): void {
  const owner = `entity \`${entity.type}::"${entity.id.slice(0, 100)}"\``;
  const refuse = (problem: string) => new PolicyError('entity', `${owner} ${problem}`);
  const declared = schema.entityTypes.get(entity.type);
  if (declared === undefined) throw refuse('has a type that the schema does not declare');
  if (declared.ids !== undefined && !declared.ids.includes(entity.id))
    throw refuse('is not one of the ids of its type');
  const missing = how === 'wholly' ? missingAttribute(schema, entity) : undefined;
  const problem =
    missing === undefined
      ? fieldsProblem(schema, entity.attrs, declared.attributes, '')
      : `lacks \`${missing}\``;
  if (problem !== undefined) throw refuse(problem);
  for (const [key, tag] of entity.tags ?? []) {
    const wrong =
      declared.tags === undefined ? 'is not declared' : valueProblem(schema, tag, declared.tags, '');
    if (wrong !== undefined) throw refuse(`has a tag \`${key.slice(0, 100)}\` that ${wrong}`);
  }
  for (const { type, id } of entity.parents) {
    if (!declared.memberOf.includes(type.name)) throw refuse(`cannot be in a \`${type.name}\``);
    if (!isId(schema, type.name, id)) throw refuse(`cannot be in \`${type.name}::"${id.slice(0, 100)}"\``);
  }
}

/** The first attribute that the schema requires of the entity's type and the entity lacks. */
export function missingAttribute(schema: Schema, { type, attrs }: CheckedEntity): string | undefined {
  return missingIn(attrs, schema.entityTypes.get(type)?.attributes ?? new Map());
}

function missingIn(attrs: Attributes, fields: RecordFields): string | undefined {
  for (const [name, { required }] of fields) if (required && attrs[`$${name}`] === undefined) return name;
  return undefined;
}

function recordProblem(
  schema: Schema,
  attrs: Attributes,
  fields: RecordFields,
  path: string,
): string | undefined {
  const missing = missingIn(attrs, fields);
  return missing === undefined ? fieldsProblem(schema, attrs, fields, path) : `lacks \`${path}${missing}\``;
}

function fieldsProblem(
  schema: Schema,
  attrs: Attributes,
  fields: RecordFields,
  path: string,
): string | undefined {
  for (const [name, { type }] of fields) {
    const value = attrs[`$${name}`];
    if (value === undefined) continue;
    const problem = valueProblem(schema, value, type, `${path}${name}`);
    if (problem !== undefined) return `has \`${path}${name}\` that ${problem}`;
  }
  for (const key of Object.keys(attrs)) {
    if (!fields.has(key.slice(1)))
      return `has \`${path}${key.slice(1, 100)}\`, which the schema does not declare`;
  }
  return undefined;
}

function valueProblem(schema: Schema, value: Value, type: CedarType, path: string): string | undefined {
  if (type.kind === 'set' && value instanceof CedarSet) {
    for (const item of value.items) {
      const problem = valueProblem(schema, item, type.element, path);
      if (problem !== undefined) return `holds an element that ${problem}`;
    }
    return undefined;
  }
  if (type.kind === 'record' && value instanceof CedarRecord) {
    const { attrs } = wholeFact(value.attrs) ?? value;
    return recordProblem(schema, attrs, type.fields, path === '' ? '' : `${path}.`);
  }
  if (!isOfType(value, type)) return `is a ${typeName(value)} and must be a ${nameOf(type)}`;
  const known = !(value instanceof EntityNode) || isId(schema, value.type.name, value.id);
  return known ? undefined : `names \`${value.type.name}::"${value.id.slice(0, 100)}"\`, which there is not`;
}

/** Whether a type may have the id: enumerated types have but a few. */
function isId(schema: Schema, type: string, id: string): boolean {
  return schema.entityTypes.get(type)?.ids?.includes(id) ?? true;
}

function isOfType(value: Value, type: CedarType): boolean {
  switch (type.kind) {
    case 'string':
      return typeof value === 'string';
    case 'bool':
      return typeof value === 'boolean';
    case 'long':
      return typeof value === 'number' || typeof value === 'bigint';
    case 'entity':
      return value instanceof EntityNode && value.type.name === type.name;
    case 'extension':
      return extensionOf(value) === type.name;
    default:
      return false;
  }
}

function extensionOf(value: Value): string | undefined {
  if (value instanceof Decimal) return 'decimal';
  if (value instanceof Ip) return 'ipaddr';
  if (value instanceof Datetime) return 'datetime';
  return value instanceof Duration ? 'duration' : undefined;
}

function nameOf(type: CedarType): string {
  switch (type.kind) {
    case 'string':
      return 'String';
    case 'bool':
      return 'Bool';
    case 'long':
      return 'Long';
    case 'set':
      return 'Set';
    case 'record':
      return 'Record';
    default:
      return type.name;
  }
}
