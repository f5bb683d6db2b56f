import type { EventFilter } from '@kydai/contracts';
import { checkFilter } from '../filter/check.ts';
import { rangeBounds } from '../filter/match.ts';
import { readNetwork } from '../filter/network.ts';
import { fold, type Glob, numberIn, readGlob } from '../filter/text.ts';
import { ipv4Hex, sortableNumber, term } from './terms.ts';

/** A condition in Elasticsearch's query language. */
export type Dsl = Readonly<Record<string, unknown>>;

export const termsField = 'kydai.terms';
export const textField = 'kydai.text';
const everything: Dsl = { match_all: {} };
const nothing: Dsl = { match_none: {} };

/**
 * Compiles a filter to query DSL with the meaning that `matchesFilter` has. Not the same: a range with both a number
 * and a text as bounds is asked of each value of a list separately; of texts above 8,192 characters only the beginning
 * is compared by patterns. Throws `query`.
 */
export function filterDsl(filter: EventFilter): Dsl {
  checkFilter(filter);
  return compile(filter);
}

type FieldFilter = Exclude<EventFilter, { readonly op: 'and' | 'or' | 'not' | 'text' }>;

function compile(filter: EventFilter): Dsl {
  switch (filter.op) {
    case 'and': {
      const inner = flatten(filter, 'and').map(compile);
      return inner.length === 0 ? everything : inner.length === 1 ? inner[0]! : { bool: { filter: inner } };
    }
    case 'or':
      return any(flatten(filter, 'or').map(compile));
    case 'not':
      return { bool: { must_not: [compile(filter.filter)] } };
    case 'text':
      return filter.text === '' ? everything : lineContains(fold(filter.text));
    default:
      return field(filter);
  }
}

/** Lists within a list of the same kind become one: Elasticsearch bounds how deep conditions nest. */
function flatten(filter: EventFilter, op: 'and' | 'or'): readonly EventFilter[] {
  return filter.op === op ? filter.filters.flatMap((inner) => flatten(inner, op)) : [filter];
}

function any(conditions: readonly Dsl[]): Dsl {
  if (conditions.length === 0) return nothing;
  return conditions.length === 1 ? conditions[0]! : { bool: { should: conditions, minimum_should_match: 1 } };
}

const is = (value: string, at = termsField): Dsl => ({ term: { [at]: { value } } });
const starts = (value: string, at = termsField): Dsl => ({ prefix: { [at]: { value } } });
const like = (value: string, at = termsField): Dsl => ({ wildcard: { [at]: { value } } });
const literally = (text: string) => text.replace(/[\\*?]/g, '\\$&');
const lineContains = (folded: string): Dsl => like(`?*${literally(folded)}*`, textField);

interface Bounds {
  gt?: string;
  gte?: string;
  lt?: string;
  lte?: string;
}

const within = (bounds: Bounds, at = termsField): Dsl => ({ range: { [at]: bounds } });

function field(filter: FieldFilter): Dsl {
  const name = filter.field === 'event.dataset' ? 'dataset' : filter.field;
  const raw = name === 'raw';
  switch (filter.op) {
    case 'exists':
      return ['id', 'source', 'dataset', 'raw'].includes(name) ? everything : is(term(name, 'e'));
    case 'equals': {
      const wanted = fold(String(filter.value));
      if (raw) return is(`0${wanted}`, textField);
      const spelt = numberIn(wanted);
      const text = is(term(name, 's', wanted));
      return spelt === undefined ? text : any([text, is(term(name, 'v', sortableNumber(spelt)))]);
    }
    case 'among': {
      const wanted = [...new Set(filter.values.map(fold))];
      if (raw) return { terms: { [textField]: wanted.map((value) => `0${value}`) } };
      const spelt = wanted.flatMap((value) => numberIn(value) ?? []);
      const texts = wanted.map((value) => term(name, 's', value));
      const numbers = spelt.map((value) => term(name, 'v', sortableNumber(value)));
      return { terms: { [termsField]: [...texts, ...numbers] } };
    }
    case 'wildcard': {
      const glob = readGlob(filter.pattern);
      if (raw) return glob.shape === 'contains' ? lineContains(glob.text) : globDsl(glob, '0', textField);
      if (glob.shape === 'any')
        return ['id', 'source', 'dataset'].includes(name) ? everything : is(term(name, 'e'));
      return any([globDsl(glob, term(name, 's')), globDsl(glob, term(name, 'd'))]);
    }
    case 'cidr':
      return network(name, filter.network);
    case 'range':
      return range(name, filter);
  }
}

function globDsl(glob: Glob, before: string, at = termsField): Dsl {
  switch (glob.shape) {
    case 'any':
      return starts(before, at);
    case 'is':
      return is(before + glob.text, at);
    case 'starts':
      return starts(before + glob.text, at);
    case 'ends':
      return like(`${literally(before)}*${literally(glob.text)}`, at);
    case 'contains':
      return like(`${literally(before)}*${literally(glob.text)}*`, at);
    case 'mixed':
      return like(
        literally(before) +
          glob.parts.map((part) => (part.startsWith('=') ? literally(part.slice(1)) : part)).join(''),
        at,
      );
  }
}

function network(name: string, text: string): Dsl {
  const read = readNetwork(text)!;
  if (read.version === 6)
    return within({ gte: term(name, 'a', read.first), lte: term(name, 'a', read.last) });
  const [address, prefix] = text.split('/') as [string, string];
  const value = Number.parseInt(ipv4Hex(address)!, 16);
  const size = 2 ** (32 - Number(prefix));
  const first = Math.floor(value / size) * size;
  const hex = (n: number) => term(name, 'i', n.toString(16).padStart(8, '0'));
  return within({ gte: hex(first), lte: hex(first + size - 1) });
}

const operators = { '>': 'gt', '>=': 'gte', '<': 'lt', '<=': 'lte' } as const;

function range(name: string, filter: EventFilter & { readonly op: 'range' }): Dsl {
  const bounds = rangeBounds(filter);
  const numbers: Bounds[] = [];
  const texts: Bounds[] = [];
  for (const { operator, bound } of bounds) {
    if (typeof bound === 'number') numbers.push({ [operators[operator]]: sortableNumber(bound) });
    else texts.push({ [operators[operator]]: fold(bound) });
  }
  const spelt = () => inside(numbers, term(name, 't'));
  if (texts.length === 0) return any([spelt(), inside(numbers, term(name, 'v'))]);
  const raw = name === 'raw';
  const text = raw ? inside(texts, '0', textField) : inside(texts, term(name, 's'));
  return numbers.length === 0 ? text : { bool: { filter: [text, spelt()] } };
}

/** One range of terms that begin with `before`, whose last character is ASCII, and satisfy all bounds. */
function inside(bounds: readonly Bounds[], before: string, at = termsField): Dsl {
  const after = before.slice(0, -1) + String.fromCharCode(before.charCodeAt(before.length - 1) + 1);
  const low: Bounds[] = [];
  const high: Bounds[] = [];
  for (const bound of bounds) (bound.gt !== undefined || bound.gte !== undefined ? low : high).push(bound);
  const add = (bound: Bounds): Bounds =>
    Object.fromEntries(Object.entries(bound).map(([name, value]) => [name, before + value]));
  const first = { ...(low[0] === undefined ? { gte: before } : add(low[0])) };
  const last = { ...(high[0] === undefined ? { lt: after } : add(high[0])) };
  const one = within({ ...first, ...last }, at);
  const more = [...low.slice(1), ...high.slice(1)];
  // `gt` beside `gte`: nobody writes it, but it has a meaning.
  return more.length === 0
    ? one
    : { bool: { filter: [one, ...more.map((bound) => inside([bound], before, at))] } };
}
