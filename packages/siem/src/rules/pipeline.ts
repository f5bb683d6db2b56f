import type { FieldSource } from './expression.ts';
import { fieldMaps } from './field-table.ts';
import type { LogSource } from './rule.ts';

/** Fields that every event has without carrying them. */
const builtin: ReadonlyMap<string, string> = new Map([
  ['message', '@raw'],
  ['raw', '@raw'],
  ['event.original', '@raw'],
  ['@timestamp', '@time'],
  ['timestamp', '@time'],
  ['event.dataset', '@dataset'],
]);

/** One author's field name mapped to the event fields that may hold it, for the log sources that it speaks of. */
export interface FieldMap {
  /** The name of the mapping file that it came from; absent of the built-in ones. */
  readonly pipeline?: string;
  readonly logsource: LogSource;
  /** More datasets whose events are of this log source. */
  readonly datasets?: readonly string[];
  readonly fields: Readonly<Record<string, string | readonly string[]>>;
  /** Where names that are not listed are kept, with `*` for the name. */
  readonly others?: string;
  /** What `%name%` stands for under the modifier `expand`, in rules of any log source. */
  readonly placeholders?: Readonly<Record<string, readonly string[]>>;
}

/**
 * Where the fields of a rule are read. The name as written comes first, so that native names (Windows JSON) and ECS
 * names both work; then what the maps say, those of the rule's own log source before the general ones.
 */
export function fieldResolver(
  logsource: LogSource,
  custom: readonly FieldMap[] = [],
): (name: string) => FieldSource {
  const maps = [...custom, ...fieldMaps].filter((map) => covers(map.logsource, logsource));
  const known = new Map<string, FieldSource>();
  return (name) => {
    const found = known.get(name);
    if (found) return found;
    const sources = [name];
    for (const map of maps) {
      const target = Object.hasOwn(map.fields, name)
        ? map.fields[name]!
        : (map.others?.replace('*', () => name) ?? []);
      sources.push(...(typeof target === 'string' ? [target] : target));
    }
    const last = builtin.get(name);
    if (last) sources.push(last);
    const source = { name, sources: [...new Set(sources)] };
    known.set(name, source);
    return source;
  };
}

/** True where everything that `general` names is the same in `special`. */
export function covers(general: LogSource, special: LogSource): boolean {
  return (
    (general.product === undefined || general.product === special.product) &&
    (general.category === undefined || general.category === special.category) &&
    (general.service === undefined || general.service === special.service)
  );
}
