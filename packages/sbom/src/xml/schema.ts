import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { isObject, type JsonObject, objectOf } from '../extract/extraction.ts';

/** What a JSON schema says of one place, its alternatives put together. */
export interface Shape {
  readonly types: ReadonlySet<string>;
  readonly properties: ReadonlyMap<string, Schema>;
  readonly items: Schema | undefined;
}

/** A schema and the document that its references are relative to. */
export interface Schema {
  readonly value: JsonObject;
  readonly file: string;
}

const files = new Map<string, JsonObject>();
const shapes = new WeakMap<JsonObject, Shape>();

/** The official JSON schema of a CycloneDX version, as the CycloneDX library ships it. */
export function cyclonedxSchema(version: string): Schema {
  const file =
    version < '1.4' ? `bom-${version}-strict.SNAPSHOT.schema.json` : `bom-${version}.SNAPSHOT.schema.json`;
  return { value: load(file), file };
}

/** Follows references and merges `oneOf`, `anyOf` and `allOf`, as far as a reader needs. */
export function shapeOf(schema: Schema): Shape {
  const known = shapes.get(schema.value);
  if (known !== undefined) return known;
  const types = new Set<string>();
  const properties = new Map<string, Schema>();
  let items: Schema | undefined;
  const visit = ({ value, file }: Schema, depth: number): void => {
    if (depth > 20) return;
    const reference = value['$ref'];
    if (typeof reference === 'string') visit(resolve(reference, file), depth + 1);
    for (const type of [value['type']].flat()) if (typeof type === 'string') types.add(type);
    for (const [name, property] of Object.entries(objectOf(value['properties']))) {
      if (isObject(property) && !properties.has(name)) properties.set(name, { value: property, file });
    }
    if (isObject(value['items'])) items ??= { value: value['items'], file };
    for (const keyword of ['oneOf', 'anyOf', 'allOf']) {
      const list = value[keyword];
      if (Array.isArray(list))
        for (const each of list) if (isObject(each)) visit({ value: each, file }, depth + 1);
    }
  };
  visit(schema, 0);
  const shape = { types, properties, items };
  shapes.set(schema.value, shape);
  return shape;
}

function resolve(reference: string, file: string): Schema {
  const [target = '', pointer = ''] = reference.split('#');
  const name =
    target === ''
      ? file
      : target.replace('.schema.json', '.SNAPSHOT.schema.json').replace('.SNAPSHOT.SNAPSHOT', '.SNAPSHOT');
  let value: unknown = load(name.slice(name.lastIndexOf('/') + 1));
  for (const part of pointer.split('/').slice(1)) value = objectOf(value)[part];
  return { value: objectOf(value), file: name };
}

function load(file: string): JsonObject {
  const known = files.get(file);
  if (known !== undefined) return known;
  const library = createRequire(import.meta.url).resolve('@cyclonedx/cyclonedx-library/package.json');
  const value = JSON.parse(readFileSync(join(dirname(library), 'res/schema', file), 'utf8')) as JsonObject;
  files.set(file, value);
  return value;
}
