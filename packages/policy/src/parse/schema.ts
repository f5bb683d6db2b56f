import type { CedarUid } from '@kydai/contracts';
import { z } from 'zod';
import { PolicyError } from '../error.ts';
import { refusal } from './location.ts';
import { callReference } from './reference.ts';
import { Source } from './source.ts';

export type CedarType =
  | { readonly kind: 'string' | 'long' | 'bool' }
  | { readonly kind: 'set'; readonly element: CedarType }
  | { readonly kind: 'record'; readonly fields: RecordFields }
  | { readonly kind: 'entity'; readonly name: string }
  | { readonly kind: 'extension'; readonly name: string };

export type RecordFields = ReadonlyMap<string, { readonly type: CedarType; readonly required: boolean }>;

export interface SchemaEntityType {
  readonly name: string;
  readonly memberOf: readonly string[];
  readonly attributes: RecordFields;
  readonly tags?: CedarType;
  /** For enumerated types, the only ids there are. */
  readonly ids?: readonly string[];
}

export interface SchemaAction {
  readonly uid: CedarUid;
  readonly memberOf: readonly CedarUid[];
  readonly principals: readonly string[];
  readonly resources: readonly string[];
  readonly context: RecordFields;
}

/** The vocabulary of decisions, with every common type resolved. */
export interface Schema {
  /** The text as cedar-wasm validates with it. */
  readonly text: string;
  readonly entityTypes: ReadonlyMap<string, SchemaEntityType>;
  /** By `Type::"id"` as `actionKey` writes it. */
  readonly actions: ReadonlyMap<string, SchemaAction>;
}

export function actionKey(uid: CedarUid): string {
  return `${uid.type}::${JSON.stringify(uid.id)}`;
}

/** An object as a Map: zod's records lose the key `__proto__`, which is a fine name for an action. */
function mapOf<T>(shape: z.ZodType<T>) {
  return z
    .custom<object>((value) => typeof value === 'object' && value !== null)
    .transform((value) => new Map(Object.entries(value).map(([key, each]) => [key, shape.parse(each)])));
}

const TypeJson: z.ZodType<TypeJson> = z.lazy(() =>
  z.looseObject({
    type: z.string(),
    name: z.string().optional(),
    element: TypeJson.optional(),
    attributes: mapOf(TypeJson).optional(),
    required: z.boolean().optional(),
  }),
);
interface TypeJson {
  type: string;
  name?: string | undefined;
  element?: TypeJson | undefined;
  attributes?: Map<string, TypeJson> | undefined;
  required?: boolean | undefined;
}

const NamespaceJson = z.looseObject({
  commonTypes: mapOf(TypeJson).optional(),
  entityTypes: mapOf(
    z.looseObject({
      memberOfTypes: z.array(z.string()).default([]),
      shape: TypeJson.optional(),
      tags: TypeJson.optional(),
      enum: z.array(z.string()).optional(),
    }),
  ),
  actions: mapOf(
    z.looseObject({
      appliesTo: z
        .looseObject({
          principalTypes: z.array(z.string()).default([]),
          resourceTypes: z.array(z.string()).default([]),
          context: TypeJson.optional(),
        })
        .optional(),
      memberOf: z.array(z.looseObject({ id: z.string(), type: z.string().optional() })).default([]),
    }),
  ),
});

/** Reads a schema in Cedar's schema syntax or its JSON form. Throws a `PolicyError` (`schema`) with its place. */
export function parseSchema(file: string, given: string): Schema {
  const text = given.trimStart().startsWith('{') ? jsonToText(file, given) : given;
  const answer = callReference(file, (reference) => reference.schemaToJsonWithResolvedTypes(text));
  if (answer.type === 'failure') throw refusal('schema', new Source(file, text), answer.errors);
  const namespaces = mapOf(NamespaceJson).parse(answer.json);
  const common = new Map<string, TypeJson>();
  const qualify = (namespace: string, name: string) =>
    namespace === '' || name.includes('::') ? name : `${namespace}::${name}`;
  for (const [namespace, { commonTypes }] of namespaces) {
    for (const [name, type] of commonTypes ?? []) common.set(qualify(namespace, name), type);
  }
  const typeOf = (json: TypeJson): CedarType => resolveType(json, common);
  const fieldsOf = (json: TypeJson | undefined): RecordFields => {
    const type = json === undefined ? undefined : typeOf(json);
    return type?.kind === 'record' ? type.fields : new Map();
  };
  const entityTypes = new Map<string, SchemaEntityType>();
  const actions = new Map<string, SchemaAction>();
  for (const [namespace, json] of namespaces) {
    for (const [id, type] of json.entityTypes) {
      const name = qualify(namespace, id);
      entityTypes.set(name, {
        name,
        memberOf: type.memberOfTypes.map((each) => qualify(namespace, each)),
        attributes: fieldsOf(type.shape),
        ...(type.tags && { tags: typeOf(type.tags) }),
        ...(type.enum && { ids: type.enum }),
      });
    }
    const actionType = qualify(namespace, 'Action');
    for (const [id, action] of json.actions) {
      const uid = { type: actionType, id };
      actions.set(actionKey(uid), {
        uid,
        memberOf: action.memberOf.map((each) => ({ type: each.type ?? actionType, id: each.id })),
        principals: (action.appliesTo?.principalTypes ?? []).map((each) => qualify(namespace, each)),
        resources: (action.appliesTo?.resourceTypes ?? []).map((each) => qualify(namespace, each)),
        context: fieldsOf(action.appliesTo?.context),
      });
    }
  }
  return { text, entityTypes, actions };
}

function jsonToText(file: string, json: string): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (error) {
    throw new PolicyError(
      'schema',
      'schema is not valid JSON; mend it or write Cedar schema syntax',
      { file },
      {
        cause: error,
      },
    );
  }
  const answer = callReference(file, (reference) => reference.schemaToText(parsed as never));
  if (answer.type === 'failure') throw refusal('schema', new Source(file, json), answer.errors);
  return answer.text;
}

const extensions = new Map([
  ['ipaddr', 'ipaddr'],
  ['decimal', 'decimal'],
  ['datetime', 'datetime'],
  ['duration', 'duration'],
]);

function resolveType(json: TypeJson, common: ReadonlyMap<string, TypeJson>): CedarType {
  const name =
    json.type === 'Entity' || json.type === 'Extension' || json.type === 'EntityOrCommon'
      ? json.name!
      : json.type;
  const bare = name.startsWith('__cedar::') ? name.slice('__cedar::'.length) : name;
  switch (json.type) {
    case 'Set':
      return { kind: 'set', element: resolveType(json.element!, common) };
    case 'Record':
      return {
        kind: 'record',
        fields: new Map(
          [...(json.attributes ?? [])].map(([key, each]) => [
            key,
            { type: resolveType(each, common), required: each.required !== false },
          ]),
        ),
      };
    case 'Entity':
      return { kind: 'entity', name };
    case 'Extension':
      return { kind: 'extension', name: bare };
    default:
  }
  const alias = common.get(name);
  if (alias !== undefined) return resolveType(alias, common);
  if (bare === 'String') return { kind: 'string' };
  if (bare === 'Long') return { kind: 'long' };
  if (bare === 'Bool' || bare === 'Boolean') return { kind: 'bool' };
  const extension = extensions.get(bare);
  return extension === undefined ? { kind: 'entity', name } : { kind: 'extension', name: extension };
}
