import type { CedarExtension, CedarUid, CedarValue, PolicyEntity } from '@kydai/contracts';
import { PolicyError, type PolicyErrorCode } from '../error.ts';
import { normalizeLong } from '../parse/expression.ts';
import type { CedarType } from '../parse/schema.ts';
import { offset, parseDatetime, parseDuration } from '../values/datetime.ts';
import { formatDecimal, parseDecimal } from '../values/decimal.ts';
import { formatIp, parseIp } from '../values/ip.ts';
import {
  type Attributes,
  CedarRecord,
  CedarSet,
  Datetime,
  Decimal,
  Duration,
  failed,
  Ip,
  type Value,
} from '../values/value.ts';
import { wholeFact } from './fact.ts';
import { EntityNode } from './node.ts';

const maximumDepth = 64;
const maximumValues = 200_000;
const maximumString = 1024 * 1024;
const lowest = -(2n ** 63n);
const highest = 2n ** 63n - 1n;

const constructors = new Map<string, (text: unknown) => Value | typeof failed>([
  ['ip', parseIp],
  ['ipaddr', parseIp],
  ['decimal', parseDecimal],
  ['datetime', parseDatetime],
  ['duration', parseDuration],
]);

/** Attribute names as keys: making the same few strings at every request costs more than the decision. Bounded. */
const attributeKeys = new Map<string, `$${string}`>();
const maximumKeys = 10_000;

/** Instants that many facts share, such as the end of those that last. Values do not change, so one will do. Bounded. */
const instants = new Map<number, Datetime>();
const maximumInstants = 10_000;

function instantAt(ms: number): Datetime {
  let instant = instants.get(ms);
  if (instant === undefined) {
    instant = new Datetime(ms);
    if (instants.size >= maximumInstants) instants.clear();
    instants.set(ms, instant);
  }
  return instant;
}

/** Turns plain data into values of the engine; one converter for one entity or one request. */
export class Converter {
  readonly #resolve: (uid: CedarUid) => EntityNode;
  readonly #code: PolicyErrorCode;
  readonly #owner: string;
  #values = 0;

  constructor(code: PolicyErrorCode, owner: string, resolve: (uid: CedarUid) => EntityNode) {
    this.#resolve = resolve;
    this.#code = code;
    this.#owner = owner;
  }

  /**
   * The value of `data`. With the schema's `type`, `{type, id}` is read as an entity and text as an extension value
   * where the schema says so, as Cedar's JSON format allows, and whole numbers as milliseconds of a `datetime` (since
   * 1970) or a `duration`.
   */
  value(data: unknown, path: string, type?: CedarType, depth = 0): Value {
    if (++this.#values > maximumValues)
      throw this.#refuse(path, `holds more than ${maximumValues} values`, 'limit');
    switch (typeof data) {
      case 'string':
        return this.#string(data, path, type);
      case 'boolean':
        return data;
      case 'number':
        if (!Number.isSafeInteger(data)) {
          throw this.#refuse(
            path,
            `must be an exact integer, give large ones as bigint and fractions as decimal`,
          );
        }
        return this.#instant(data, type) ?? data + 0;
      case 'bigint':
        if (data < lowest || data > highest) throw this.#refuse(path, 'does not fit 64 bits');
        return normalizeLong(data);
      case 'object':
        if (data === null) throw this.#refuse(path, 'is null, leave it out');
        if (depth >= maximumDepth)
          throw this.#refuse(path, `nests deeper than ${maximumDepth} levels`, 'limit');
        if (Array.isArray(data)) {
          const element = type?.kind === 'set' ? type.element : undefined;
          return new CedarSet(
            data.map((item, index) => this.value(item, `${path}[${index}]`, element, depth + 1)),
          );
        }
        return this.#object(data as Record<string, unknown>, path, type, depth);
      default:
        throw this.#refuse(path, `is a ${typeof data}, which Cedar does not know`);
    }
  }

  attributes(
    data: Readonly<Record<string, unknown>>,
    path: string,
    fields?: ReadonlyMap<string, { readonly type: CedarType }>,
    depth = 0,
  ): Attributes {
    const attrs: Record<`$${string}`, Value> = {};
    for (const key of Object.keys(data)) {
      const at = path === '' ? key : `${path}.${key}`;
      const name = attributeKeys.get(key) ?? this.#newKey(key, at);
      attrs[name] = this.value(data[key], at, fields?.get(key)?.type, depth + 1);
    }
    return attrs;
  }

  #newKey(key: string, path: string): `$${string}` {
    if (!key.isWellFormed()) throw this.#refuse(path, 'has a name that is not well-formed Unicode');
    if (attributeKeys.size < maximumKeys && key.length <= 64) attributeKeys.set(key, `$${key}`);
    return `$${key}`;
  }

  /** Milliseconds, where the schema says that a number is a time. */
  #instant(ms: number, type: CedarType | undefined): Value | undefined {
    if (type?.kind !== 'extension') return undefined;
    if (type.name === 'datetime') return instantAt(ms + 0);
    return type.name === 'duration' ? new Duration(ms + 0) : undefined;
  }

  #string(text: string, path: string, type: CedarType | undefined): Value {
    if (text.length > maximumString)
      throw this.#refuse(path, `is longer than ${maximumString} characters`, 'limit');
    if (!text.isWellFormed()) throw this.#refuse(path, 'is not well-formed Unicode');
    return type?.kind === 'extension' ? this.#extension(type.name, text, path) : text;
  }

  #object(data: Record<string, unknown>, path: string, type: CedarType | undefined, depth: number): Value {
    const keys = Object.keys(data);
    if (keys.length === 1 && keys[0] === '__entity') return this.entity(data['__entity'], `${path}.__entity`);
    if (keys.length === 1 && keys[0] === '__extn') {
      return this.#call((data['__extn'] ?? {}) as ExtensionCall, path, depth);
    }
    if (type?.kind === 'entity') return this.entity(data, path);
    if (type?.kind === 'extension' && 'fn' in data)
      return this.#extension(String(data['fn']), data['arg'], path);
    return new CedarRecord(
      this.attributes(data, path, type?.kind === 'record' ? type.fields : undefined, depth),
    );
  }

  entity(data: unknown, path: string): EntityNode {
    const { type, id } = (data ?? {}) as { type?: unknown; id?: unknown };
    return this.#resolve(checkedUid({ type, id }, this.#code, `\`${path.slice(0, 200)}\` of ${this.#owner}`));
  }

  /** `fn` with one `arg`, or with `args` as the reference engine writes `datetime` values. */
  #call({ fn, arg, args }: ExtensionCall, path: string, depth: number): Value {
    if (fn !== 'offset' || !Array.isArray(args) || args.length !== 2)
      return this.#extension(String(fn), arg, path);
    const moved = offset(
      this.value(args[0], path, undefined, depth + 1),
      this.value(args[1], path, undefined, depth + 1),
    );
    if (moved === failed) throw this.#refuse(path, 'is not a valid datetime and duration');
    return moved;
  }

  #extension(fn: string, arg: unknown, path: string): Value {
    const made = constructors.get(fn)?.(arg);
    if (made === undefined)
      throw this.#refuse(path, `calls \`${fn.slice(0, 40)}\`, which Cedar does not know`);
    if (made === failed) throw this.#refuse(path, `is not a valid ${fn}`);
    return made;
  }

  #refuse(path: string, problem: string, code = this.#code): PolicyError {
    return new PolicyError(code, `\`${path.slice(0, 200)}\` of ${this.#owner} ${problem}`);
  }
}

interface ExtensionCall {
  readonly fn?: unknown;
  readonly arg?: unknown;
  readonly args?: unknown;
}

const typeForm = /^[A-Za-z_]\w*(?:::[A-Za-z_]\w*)*$/;

/** Whether this is a Cedar entity type name of at most 512 characters. */
export function isTypeName(type: unknown): type is string {
  return typeof type === 'string' && type.length <= 512 && typeForm.test(type);
}

/** A uid whose type is a Cedar name and whose id is well-formed text of at most 4,096 characters. */
export function checkedUid(
  uid: { readonly type?: unknown; readonly id?: unknown },
  code: PolicyErrorCode,
  owner: string,
): CedarUid {
  const { type, id } = uid;
  if (!isTypeName(type)) {
    throw new PolicyError(code, `${owner} has no valid entity type; give a Cedar type name`);
  }
  if (typeof id !== 'string' || id.length > 4096 || !id.isWellFormed()) {
    throw new PolicyError(code, `${owner} has no valid id; give well-formed text of at most 4096 characters`);
  }
  return { type, id };
}

/** The plain data that `Converter.value` reads back. */
export function toCedarValue(value: Value): CedarValue {
  if (typeof value !== 'object') return value;
  if (value instanceof EntityNode) return { __entity: { type: value.type.name, id: value.id } };
  if (value instanceof CedarSet) return value.items.map(toCedarValue);
  if (value instanceof CedarRecord) return toCedarRecord((wholeFact(value.attrs) ?? value).attrs);
  if (value instanceof Decimal) return { __extn: { fn: 'decimal', arg: formatDecimal(value) } };
  if (value instanceof Ip) return { __extn: { fn: 'ip', arg: formatIp(value) } };
  if (value instanceof Duration) return { __extn: { fn: 'duration', arg: `${value.ms}ms` } };
  return formatDatetime(value);
}

/** Years 0 to 9999 have a text; others are written as the reference engine does, as an offset from 1970. */
function formatDatetime({ ms }: Datetime): CedarExtension {
  const date = new Date(Number(ms));
  const text = Number.isNaN(date.getTime()) ? '' : date.toISOString();
  if (/^\d{4}-/.test(text)) return { __extn: { fn: 'datetime', arg: text } };
  const args = [
    { __extn: { fn: 'datetime', arg: '1970-01-01' } },
    { __extn: { fn: 'duration', arg: `${ms}ms` } },
  ];
  return { __extn: { fn: 'offset', args } } as unknown as CedarExtension;
}

export function toCedarRecord(attrs: Attributes): Record<string, CedarValue> {
  const entries = Object.keys(attrs).map((key) => [key.slice(1), toCedarValue(attrs[key as '$']!)] as const);
  return Object.fromEntries(entries);
}

/** Every entity that a value refers to. */
export function visitEntities(value: Value, visit: (node: EntityNode) => void): void {
  if (typeof value !== 'object') return;
  if (value instanceof EntityNode) visit(value);
  else if (value instanceof CedarSet) for (const item of value.items) visitEntities(item, visit);
  else if (value instanceof CedarRecord) visitAttributes((wholeFact(value.attrs) ?? value).attrs, visit);
}

export function visitAttributes(attrs: Attributes, visit: (node: EntityNode) => void): void {
  for (const key of Object.keys(attrs)) visitEntities(attrs[key as '$']!, visit);
}

/** The tags of an entity, read by the type that its own type declares for them. */
export function readTags(
  converter: Converter,
  data: PolicyEntity['tags'],
  type: CedarType | undefined,
): ReadonlyMap<string, Value> | undefined {
  if (data === undefined) return undefined;
  const fields = type && new Map(Object.keys(data).map((key) => [key, { type }]));
  const attrs = converter.attributes(data, 'tags', fields);
  return new Map(Object.keys(attrs).map((key) => [key.slice(1), attrs[key as '$']!]));
}

/** The plain data that an entity was made from. */
export function toEntity(node: EntityNode): PolicyEntity {
  const uidOf = (each: EntityNode) => ({ type: each.type.name, id: each.id });
  return {
    uid: uidOf(node),
    attrs: toCedarRecord(node.attrs),
    parents: node.parents.map(uidOf),
    ...(node.tags && {
      tags: Object.fromEntries([...node.tags].map(([key, value]) => [key, toCedarValue(value)])),
    }),
  };
}
