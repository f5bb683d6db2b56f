import { quote, RuleFault } from './problem.ts';

export const matches = ['contains', 'startswith', 'endswith'] as const;
export const comparisons = ['gt', 'gte', 'lt', 'lte'] as const;
/** Those of specification 2.1, and `weekday`, which is ours: 1 for Monday to 7 (ISO 8601). */
export const timeParts = ['minute', 'hour', 'day', 'weekday', 'week', 'month', 'year'] as const;
export const encodings = ['wide', 'utf16', 'utf16le', 'utf16be', 'base64', 'base64offset'] as const;
const flagOf: ReadonlyMap<string, string> = new Map([
  ['i', 'i'],
  ['ignorecase', 'i'],
  ['m', 'm'],
  ['multiline', 'm'],
  ['s', 's'],
  ['dotall', 's'],
]);
const texts = [...encodings, 'cased', 'windash'];
/** What makes of a value something else than a text, with what may stand beside it; `all` and `neq` may everywhere. */
const kinds: readonly { readonly names: readonly string[]; readonly beside: readonly string[] }[] = [
  { names: ['re'], beside: [...flagOf.keys(), ...matches, 'expand'] },
  { names: ['cidr'], beside: [] },
  { names: ['exists'], beside: [] },
  { names: ['fieldref'], beside: [...matches, 'cased'] },
  { names: [...comparisons, ...timeParts], beside: [...comparisons, ...timeParts] },
];
const known = new Set([
  ...kinds.flatMap(({ names, beside }) => [...names, ...beside]),
  ...texts,
  'all',
  'neq',
]);

/** The modifiers of an item as a set; throws a `RuleFault` for one that is none, and for those that contradict. */
export function checkModifiers(modifiers: readonly string[], line: number): ReadonlySet<string> {
  const used = new Set(modifiers);
  const invalid = (message: string) => new RuleFault('modifier-invalid', line, message);
  for (const modifier of used) {
    if (!known.has(modifier))
      throw new RuleFault('modifier-unknown', line, `${quote(modifier)} is not a modifier`);
    if (flagOf.has(modifier) && !used.has('re'))
      throw invalid(`${quote(modifier)} is a flag of \`re\`, which is not there`);
  }
  for (const { names, beside } of kinds) {
    const kind = names.find((name) => used.has(name));
    const stranger = [...used].find((name) => ![...names, ...beside, 'all', 'neq'].includes(name));
    if (kind !== undefined && stranger !== undefined)
      throw invalid(`${quote(kind)} and ${quote(stranger)} do not go together`);
  }
  for (const group of [matches, comparisons, timeParts]) {
    const [first, second] = group.filter((name) => used.has(name));
    if (first !== undefined && second !== undefined)
      throw invalid(`${quote(first)} and ${quote(second)} do not go together`);
  }
  return used;
}

/** The flags that the modifiers set, as `compileRegex` takes them. */
export function regexFlags(modifiers: readonly string[]): string {
  return [...new Set(modifiers.flatMap((modifier) => flagOf.get(modifier) ?? []))].sort().join('');
}
