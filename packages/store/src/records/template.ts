import type { Compilable, CompiledQuery } from 'kysely';

/** Stands in a query where a value will be. */
export interface Slot {
  readonly slot: number;
}

const templates = new WeakMap<object, Map<string, CompiledQuery>>();
const slots: readonly Slot[] = Array.from({ length: 64 }, (_, slot) => ({ slot }));
const places = new Map<unknown, number>(slots.map((slot, at) => [slot, at]));

/**
 * A query whose text is made once and whose values differ: building a query with Kysely takes longer than SQLite takes
 * to run it. `build` is given as many slots as there are values, and must put each somewhere as a parameter.
 *
 * `owner` is what the text belongs to (a table, a dialect), `name` tells its queries apart.
 */
export function fill(
  owner: object,
  name: string,
  values: readonly unknown[],
  build: (slots: readonly Slot[]) => Compilable,
): CompiledQuery {
  const known = templates.get(owner) ?? new Map<string, CompiledQuery>();
  templates.set(owner, known);
  let template = known.get(name);
  if (template === undefined) {
    template = build(slots.slice(0, values.length)).compile();
    known.set(name, template);
  }
  const parameters = template.parameters.map((parameter) => {
    const place = places.get(parameter);
    return place === undefined ? parameter : values[place];
  });
  return { ...template, parameters };
}
