import type { FieldValue } from '@kydai/contracts';

export interface FlattenLimits {
  /** Levels of objects and lists; what lies deeper is left in the raw document only. */
  readonly depth: number;
  readonly fields: number;
  /** UTF-16 units of one value; longer ones are cut. */
  readonly valueLength: number;
  readonly listLength: number;
}

export const defaultFlattenLimits: FlattenLimits = {
  depth: 12,
  fields: 512,
  valueLength: 32_768,
  listLength: 128,
};

/** A nested document as flat dotted names, and whether the limits left something out. */
export interface Flattened {
  readonly fields: Map<string, FieldValue>;
  readonly cut: boolean;
}

/** A place in documents: its dotted name, made once and then shared by all documents that have it. */
interface Place {
  readonly name: string;
  inner: Map<string, Place> | undefined;
}

const top: Place = { name: '', inner: undefined };
const maximumPlaces = 20_000;
let places = 0;

/**
 * The place of a key. Documents of one source have the same keys; remembering their joined names saves the joining and
 * the hashing, which cost more than all the rest. Past a bound it forgets all and begins again, so that a sender of
 * invented names costs others no more than that.
 */
function placeOf(outer: Place, key: string): Place {
  const known = outer.inner?.get(key);
  if (known) return known;
  if (++places > maximumPlaces) {
    top.inner = undefined;
    places = 0;
  }
  const place: Place = { name: outer === top ? key : `${outer.name}.${key}`, inner: undefined };
  outer.inner ??= new Map();
  outer.inner.set(key, place);
  return place;
}

/**
 * Flattens as Elasticsearch does: `{"a": {"b": 1}}` and `{"a.b": 1}` are the same, a list of objects becomes a list of
 * values for each of their fields. Lists hold strings. The document came from outside: nothing of it is trusted, and
 * the walk is bounded in depth, width and text.
 */
export function flatten(document: object, limits: FlattenLimits = defaultFlattenLimits): Flattened {
  const fields = new Map<string, FieldValue>();
  let cut = false;

  const text = (value: string): string => {
    if (value.length <= limits.valueLength) return value;
    cut = true;
    return value.slice(0, limits.valueLength);
  };

  const put = (name: string, value: FieldValue, listed: boolean): void => {
    const before = fields.get(name);
    if (before === undefined) {
      if (fields.size >= limits.fields) {
        cut = true;
        return;
      }
      fields.set(name, listed && value !== null ? [String(value)] : value);
    } else if (listed && value !== null) {
      const list = Array.isArray(before) ? (before as string[]) : [String(before)];
      if (list.length >= limits.listLength) cut = true;
      else list.push(String(value));
      fields.set(name, list);
    }
  };

  const walk = (value: unknown, place: Place, depth: number, listed: boolean): void => {
    if (fields.size >= limits.fields && !listed) {
      cut = true;
      return;
    }
    if (typeof value === 'string') put(place.name, text(value), listed);
    else if (typeof value === 'number' || typeof value === 'boolean' || value === null)
      put(place.name, value, listed);
    else if (typeof value === 'object') {
      if (depth >= limits.depth) {
        cut = true;
        return;
      }
      if (Array.isArray(value)) {
        const end = Math.min(value.length, limits.listLength);
        if (end < value.length) cut = true;
        for (let at = 0; at < end; at++) walk(value[at], place, depth + 1, true);
      } else {
        for (const key in value) {
          if (!Object.hasOwn(value, key)) continue;
          if (key.length > 256) {
            cut = true;
            continue;
          }
          const inner = (value as Record<string, unknown>)[key];
          walk(inner, placeOf(place, key), depth + 1, listed);
        }
      }
    }
  };

  walk(document, top, 0, false);
  return { fields, cut };
}
