import type { EventFilter } from '@kydai/contracts';
import type { Expression, FieldSource, Predicate } from '../rules/expression.ts';
import { foldTable } from '../rules/fold.ts';
import { anyText, type Pattern, tidy } from '../rules/pattern.ts';
import type { SigmaRule } from '../rules/rule.ts';
import { regexNeeds } from './regex-literals.ts';
import { datasetsOf } from './route.ts';

/**
 * A store query that finds at least every event on which the rule fires; what it finds is then judged by the rule
 * itself.
 *
 * INVARIANT: never narrower than the rule. What a filter cannot say exactly it says more loosely, and under a negation
 * it says nothing.
 */
export function huntFilter(rule: SigmaRule, budget = maxTerms): EventFilter {
  const loose = loosen(rule.expression);
  const parts = [datasetFilter(rule), loose && shrink(loose, budget)].filter(
    (filter) => filter !== undefined,
  );
  return all('and', parts) ?? { op: 'exists', field: 'id' };
}

/** The store query for the datasets that a rule is asked about; undefined where that is all of them. */
export function datasetFilter(rule: Pick<SigmaRule, 'logsource' | 'datasets'>): EventFilter | undefined {
  return all(
    'or',
    datasetsOf(rule).map((dataset) =>
      dataset.endsWith('*')
        ? { op: 'wildcard', field: 'dataset', pattern: dataset }
        : { op: 'equals', field: 'dataset', value: dataset },
    ),
  );
}

/** Stores refuse filters beyond some hundreds of terms. */
const maxTerms = 400;

/** A filter of at most so many terms that lets through no less: conjuncts are left out, the largest first. */
function shrink(filter: EventFilter, budget: number): EventFilter | undefined {
  if (countTerms(filter) <= budget) return filter;
  if (filter.op !== 'and' && filter.op !== 'or') return undefined;
  if (filter.op === 'or') {
    const share = Math.floor((budget - 1) / filter.filters.length);
    const parts = filter.filters.map((inner) => shrink(inner, share));
    return share < 1 || parts.includes(undefined) ? undefined : all('or', parts as EventFilter[]);
  }
  const kept: EventFilter[] = [];
  let left = budget - 1;
  for (const inner of filter.filters.toSorted((one, other) => countTerms(one) - countTerms(other))) {
    const small = shrink(inner, left);
    if (small === undefined) continue;
    kept.push(small);
    left -= countTerms(small);
  }
  return all('and', kept);
}

function countTerms(filter: EventFilter): number {
  if (filter.op === 'not') return 1 + countTerms(filter.filter);
  if (filter.op !== 'and' && filter.op !== 'or') return 1;
  return filter.filters.reduce((sum, inner) => sum + countTerms(inner), 1);
}

/** Undefined means that every event passes. */
function loosen(node: Expression): EventFilter | undefined {
  switch (node.kind) {
    case 'constant':
      return node.value ? undefined : nothing;
    case 'not':
      return undefined;
    case 'match':
      return loosenPredicate(node.predicate);
    case 'and': {
      const parts = node.children.map(loosen).filter((filter) => filter !== undefined);
      return all('and', parts);
    }
    case 'or': {
      const parts = node.children.map(loosen);
      return parts.includes(undefined) ? undefined : all('or', parts as EventFilter[]);
    }
  }
}

const nothing: EventFilter = { op: 'not', filter: { op: 'exists', field: 'id' } };

function loosenPredicate(predicate: Predicate): EventFilter | undefined {
  const { field } = predicate;
  if (field === undefined) return loosenKeyword(predicate);
  switch (predicate.kind) {
    case 'text': {
      const pattern = globOf(predicate.pattern);
      return onField(field, (name) => ({ op: 'wildcard', field: name, pattern }));
    }
    case 'regex': {
      const { literals } = regexNeeds(predicate.regex);
      if (!literals) return onField(field, (name) => ({ op: 'exists', field: name }));
      return onField(
        field,
        (name) =>
          all(
            'or',
            literals.map((text) => ({
              op: 'wildcard',
              field: name,
              pattern: globOf([anyText, text, anyText]),
            })),
          )!,
      );
    }
    // Stores do not tell a field that is null from one that is absent.
    case 'exists':
    case 'null':
      return undefined;
    default:
      return onField(field, (name) => ({ op: 'exists', field: name }));
  }
}

/** The field's names; a field that every event has passes everything. */
function onField(field: FieldSource, make: (name: string) => EventFilter): EventFilter | undefined {
  if (field.sources.includes('@time')) return undefined;
  const names = field.sources.map((source) =>
    source === '@raw' ? 'raw' : source === '@dataset' ? 'dataset' : source,
  );
  return all('or', [...new Set(names)].map(make));
}

/** A keyword stands in some field, and every field came from the line, though perhaps written with escapes. */
function loosenKeyword(predicate: Predicate): EventFilter | undefined {
  if (predicate.kind !== 'text') return undefined;
  const literals = predicate.pattern.filter((part) => typeof part === 'string') as string[];
  const pieces = literals.flatMap((text) => text.split(/[^\w .:;,=()-]+/)).filter((text) => text.length > 1);
  return all(
    'and',
    [...new Set(pieces)].map((text) => ({ op: 'text', text })),
  );
}

/** `?` is a unit to us and a character to the store: a `*` covers both. */
function globOf(pattern: Pattern): string {
  return tidy(
    pattern.flatMap((part) => (typeof part === 'string' && sayable(part) ? foldable(part) : anyText)),
  )
    .map((part) => (typeof part === 'string' ? escaped(part) : '*'))
    .join('');
}

/** Letters beyond ASCII that stores fold otherwise than we do (a final sigma is no sigma to them): their folded units. */
const otherwise = new Set<string>();
for (let unit = 0x80; unit < 0x10000; unit++) {
  const folded = String.fromCharCode(foldTable[unit]!);
  if (folded >= '\x80' && folded !== String.fromCharCode(unit).toLowerCase()) otherwise.add(folded);
}

/** The text with `*` for such letters. */
function foldable(text: string): Pattern {
  return text
    .split('')
    .map((unit) => (otherwise.has(String.fromCharCode(foldTable[unit.charCodeAt(0)]!)) ? anyText : unit));
}

/** Stores refuse texts that are very long or no Unicode. */
function sayable(text: string): boolean {
  return text.length <= 1000 && text.isWellFormed();
}

function escaped(text: string): string {
  return text.replace(/[\\*?]/g, '\\$&');
}

function all(op: 'and' | 'or', filters: readonly EventFilter[]): EventFilter | undefined {
  return filters.length > 1 ? { op, filters } : filters[0];
}
