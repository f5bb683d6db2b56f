import type { EntityNode } from '../entities/node.ts';
import type { Long } from '../parse/ast.ts';

/** The result of an operation that Cedar calls an error. Never a value. */
export const failed: unique symbol = Symbol('failed');

/** Attributes by `$` + name: the prefix keeps hostile names such as `__proto__` away from the object's own ones. */
export type Attributes = { readonly [key: `$${string}`]: Value };

export const noAttributes: Attributes = Object.freeze({});

export type Value =
  | string
  | boolean
  | Long
  | EntityNode
  | CedarSet
  | CedarRecord
  | Decimal
  | Ip
  | Datetime
  | Duration;

export class CedarRecord {
  readonly attrs: Attributes;

  constructor(attrs: Attributes) {
    this.attrs = attrs;
  }
}

/** A fixed-point number with four digits after the point; `scaled` is the number times 10,000. */
export class Decimal {
  readonly scaled: Long;

  constructor(scaled: Long) {
    this.scaled = scaled;
  }
}

/** An address or a range; the address keeps its host bits, so `10.0.0.1/8` and `10.0.0.0/8` are different values. */
export class Ip {
  readonly version: 4 | 6;
  readonly address: bigint;
  readonly prefix: number;

  constructor(version: 4 | 6, address: bigint, prefix: number) {
    this.version = version;
    this.address = address;
    this.prefix = prefix;
  }
}

/** Milliseconds since 1970-01-01T00:00:00Z. */
export class Datetime {
  readonly ms: Long;

  constructor(ms: Long) {
    this.ms = ms;
  }
}

/** A length of time in milliseconds. */
export class Duration {
  readonly ms: Long;

  constructor(ms: Long) {
    this.ms = ms;
  }
}

/** A set without order or repeats. Scalars and entities are found by identity, the rest by canonical key. */
export class CedarSet {
  readonly items: readonly Value[];
  readonly #scalars: Set<Value>;
  readonly #composites: Set<string> | undefined;

  constructor(values: readonly Value[]) {
    const scalars = new Set<Value>();
    let composites: Map<string, Value> | undefined;
    for (const value of values) {
      if (isComposite(value)) {
        composites ??= new Map();
        composites.set(canonicalKey(value), value);
      } else scalars.add(value);
    }
    this.#scalars = scalars;
    this.#composites = composites && new Set(composites.keys());
    this.items = composites ? [...scalars, ...composites.values()] : [...scalars];
  }

  get size(): number {
    return this.items.length;
  }

  has(value: Value): boolean {
    return isComposite(value)
      ? this.#composites?.has(canonicalKey(value)) === true
      : this.#scalars.has(value);
  }

  hasAll(other: CedarSet): boolean {
    for (const item of other.items) if (!this.has(item)) return false;
    return true;
  }

  hasAny(other: CedarSet): boolean {
    const [small, large] = this.size < other.size ? [this, other] : [other, this];
    for (const item of small.items) if (large.has(item)) return true;
    return false;
  }
}

function isComposite(value: Value): value is CedarSet | CedarRecord | Decimal | Ip | Datetime | Duration {
  return typeof value === 'object' && !('type' in value);
}

/**
 * A string that two values share exactly when Cedar calls them equal.
 */
export function canonicalKey(value: Value): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'number':
    case 'bigint':
      return `${BigInt(value)}`;
    default:
  }
  if (value instanceof CedarSet) {
    return `[${value.items.map(canonicalKey).sort().join()}]`;
  }
  if (value instanceof CedarRecord) {
    const fields = Object.keys(value.attrs).sort();
    return `{${fields.map((key) => `${JSON.stringify(key)}:${canonicalKey(value.attrs[key as '$']!)}`).join()}}`;
  }
  if (value instanceof Decimal) return `decimal(${value.scaled})`;
  if (value instanceof Ip) return `ip${value.version}(${value.address}/${value.prefix})`;
  if (value instanceof Datetime) return `datetime(${value.ms})`;
  if (value instanceof Duration) return `duration(${value.ms})`;
  return `${value.type.name}::${JSON.stringify(value.id)}`;
}

/** Cedar's `==`: total, so values of different types are unequal and never an error. */
export function equal(a: Value, b: Value): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object') return false;
  if (a instanceof CedarSet) return b instanceof CedarSet && a.size === b.size && a.hasAll(b);
  if (a instanceof CedarRecord) {
    if (!(b instanceof CedarRecord)) return false;
    const keys = Object.keys(a.attrs) as '$'[];
    if (keys.length !== Object.keys(b.attrs).length) return false;
    return keys.every((key) => {
      const other = b.attrs[key];
      return other !== undefined && equal(a.attrs[key]!, other);
    });
  }
  if (a instanceof Decimal) return b instanceof Decimal && a.scaled === b.scaled;
  if (a instanceof Datetime) return b instanceof Datetime && a.ms === b.ms;
  if (a instanceof Duration) return b instanceof Duration && a.ms === b.ms;
  if (a instanceof Ip) {
    return b instanceof Ip && a.version === b.version && a.address === b.address && a.prefix === b.prefix;
  }
  // Entities are interned: the same entity is the same object.
  return false;
}

/** `a < b` for integers, datetimes and durations; anything else is an error. */
export function less(a: unknown, b: unknown): boolean | typeof failed {
  if (typeof a === 'number' && typeof b === 'number') return a < b;
  if (typeof a !== 'object') {
    return typeof a === 'number' || typeof a === 'bigint'
      ? typeof b === 'number' || typeof b === 'bigint'
        ? a < b
        : failed
      : failed;
  }
  if (a instanceof Datetime && b instanceof Datetime) return a.ms < b.ms;
  if (a instanceof Duration && b instanceof Duration) return a.ms < b.ms;
  return failed;
}

/** `a <= b`, as `less`. */
export function lessOrEqual(a: unknown, b: unknown): boolean | typeof failed {
  if (typeof a === 'number' && typeof b === 'number') return a <= b;
  const greater = less(b, a);
  return greater === failed ? failed : !greater;
}

/** The type's name as people write it, for messages. */
export function typeName(value: Value): string {
  switch (typeof value) {
    case 'string':
      return 'String';
    case 'boolean':
      return 'Bool';
    case 'number':
    case 'bigint':
      return 'Long';
    default:
  }
  if (value instanceof CedarSet) return 'Set';
  if (value instanceof CedarRecord) return 'Record';
  if (value instanceof Decimal) return 'decimal';
  if (value instanceof Ip) return 'ipaddr';
  if (value instanceof Datetime) return 'datetime';
  if (value instanceof Duration) return 'duration';
  return value.type.name;
}
