import type { PolicyEntity } from '@kydai/contracts';
import type { CedarType, Schema } from '../parse/schema.ts';
import { type Attributes, CedarRecord, Datetime, type Value } from '../values/value.ts';

/** From here on a fact never ends: its source itself tells of every change (9999-12-31T23:59:59.999Z). */
export const lasting = 253_402_300_799_999;

/**
 * A fact is a record `{ value, source, at, until }`: what is believed, on whose word, since when (datetime), and until
 * when (datetime). Any attribute or tag of this shape is one; no policy, type or name is special.
 */
export interface Fact {
  readonly value: Value;
  readonly source: string;
  readonly at: Datetime;
  readonly until: Datetime;
}

/** Facts of which the value is withheld, by the attributes that are left of them. */
const withheld = new WeakMap<Attributes, CedarRecord>();

/** The fact that a value is, also while its value is withheld; undefined for any other value. */
export function factOf(value: Value): Fact | undefined {
  if (!(value instanceof CedarRecord)) return undefined;
  const { $value, $source, $at, $until } = (wholeFact(value.attrs) ?? value).attrs;
  if ($value === undefined || typeof $source !== 'string') return undefined;
  if (!($at instanceof Datetime) || !($until instanceof Datetime)) return undefined;
  return { value: $value, source: $source, at: $at, until: $until };
}

/**
 * The fact without its value. INVARIANT: what policies read of it is source and times; whoever asks for the value gets
 * an error, so that a forbid denies and a permit does not apply.
 */
export function withhold(fact: CedarRecord): CedarRecord {
  if (wholeFact(fact.attrs) !== undefined) return fact;
  const { $value: _, ...rest } = fact.attrs;
  withheld.set(rest, fact);
  return new CedarRecord(rest);
}

/** The whole of a fact whose value is withheld; undefined for attributes of anything else. */
export function wholeFact(attrs: Attributes): CedarRecord | undefined {
  return withheld.get(attrs);
}

/** Whether the schema declares a fact here. */
export function isFactType(type: CedarType | undefined): boolean {
  return type?.kind === 'record' && ['value', 'source', 'at', 'until'].every((name) => type.fields.has(name));
}

/**
 * The entity with every bare value, where its type declares a fact, made a fact of `source` that lasts: `"risk": 20`
 * instead of four fields.
 */
export function withBareFacts(
  entity: PolicyEntity,
  schema: Schema | undefined,
  source: string,
  at = 0,
): PolicyEntity {
  const declared = schema?.entityTypes.get(entity.uid.type);
  if (declared === undefined) return entity;
  const attrs = Object.entries(entity.attrs).map(([name, value]) => {
    const bare = isFactType(declared.attributes.get(name)?.type) && typeof value !== 'object';
    return [name, bare ? { value, source, at, until: lasting } : value];
  });
  return { ...entity, attrs: Object.fromEntries(attrs) as PolicyEntity['attrs'] };
}
