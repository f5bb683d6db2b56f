import type { Event, FieldValue } from '@kydai/contracts';
import type { Comparison, Expression, Predicate } from '../rules/expression.ts';
import { fold } from '../rules/fold.ts';
import { compileRegex } from '../rules/modifiers.ts';
import { inNetwork, parseNetwork } from '../rules/network.ts';
import { anyText, foldPattern, oneUnit, type Pattern } from '../rules/pattern.ts';
import { isNamed, keywordTexts, numbersOf, readField, textsOfValue, timePartsOf } from './values.ts';
import type { OffsetAt } from './zone.ts';

/** What evaluation needs besides the event. */
export interface EvaluationContext {
  /** Minutes east of UTC for the time modifiers: always the same, or by time and event. */
  readonly utcOffset: number | OffsetAt;
}

/**
 * The meaning of an expression, written as plainly as it can be: the oracle of the differential tests and the naive
 * rival of the benchmark. No index, no memory, no order of evaluation.
 */
export function evaluate(expression: Expression, event: Event, context: EvaluationContext): boolean {
  switch (expression.kind) {
    case 'constant':
      return expression.value;
    case 'and':
      return expression.children.every((node) => evaluate(node, event, context));
    case 'or':
      return expression.children.some((node) => evaluate(node, event, context));
    case 'not':
      return !evaluate(expression.child, event, context);
    case 'match':
      return test(expression.predicate, event, context);
  }
}

/** Asks one predicate of one event. */
export function test(predicate: Predicate, event: Event, context: EvaluationContext): boolean {
  if (predicate.field === undefined) {
    return keywordTexts(event).some((text) => testText(predicate, text));
  }
  const value = readField(event, predicate.field);
  if (predicate.kind === 'exists') return isNamed(event, predicate.field) === predicate.there;
  if (predicate.kind === 'null') return value === undefined;
  return value !== undefined && testValue(predicate, value, event, context);
}

function offsetOf({ utcOffset }: EvaluationContext, time: number, event: Event): number {
  return typeof utcOffset === 'number' ? utcOffset : utcOffset(time, event);
}

/** Asks one predicate about a field's value; `exists`, `null` and keywords are not asked here. */
export function testValue(
  predicate: Predicate,
  value: FieldValue,
  event: Event,
  context: EvaluationContext,
): boolean {
  switch (predicate.kind) {
    case 'number': {
      const numbers = predicate.part
        ? timePartsOf(value, predicate.part, (time) => offsetOf(context, time, event))
        : numbersOf(value);
      return numbers.some((number) => compareNumbers(number, predicate.compare, predicate.value));
    }
    case 'cidr': {
      const network = parseNetwork(predicate.network)!;
      return textsOfValue(value).some((text) => inNetwork(network, text));
    }
    case 'fieldref': {
      const other = readField(event, predicate.other);
      if (other === undefined) return false;
      const same = predicate.cased ? (text: string) => text : fold;
      return textsOfValue(value).some((left) =>
        textsOfValue(other).some((right) => relate(same(left), predicate.match, same(right))),
      );
    }
    case 'exists':
      return predicate.there;
    case 'null':
      return false;
    default:
      return textsOfValue(value).some((text) => testText(predicate, text));
  }
}

function testText(predicate: Predicate, text: string): boolean {
  if (predicate.kind === 'regex') {
    return compileCached(predicate.regex, predicate.flags).test(text);
  }
  if (predicate.kind !== 'text') return false;
  const pattern = predicate.cased ? predicate.pattern : foldCached(predicate.pattern);
  return matchPattern(pattern, predicate.cased ? text : fold(text));
}

export function compareNumbers(left: number, compare: Comparison, right: number): boolean {
  switch (compare) {
    case 'gt':
      return left > right;
    case 'gte':
      return left >= right;
    case 'lt':
      return left < right;
    case 'lte':
      return left <= right;
    case 'eq':
      return left === right;
    case 'neq':
      return left !== right;
  }
}

function relate(
  left: string,
  match: 'equals' | 'contains' | 'startswith' | 'endswith',
  right: string,
): boolean {
  switch (match) {
    case 'equals':
      return left === right;
    case 'contains':
      return left.includes(right);
    case 'startswith':
      return left.startsWith(right);
    case 'endswith':
      return left.endsWith(right);
  }
}

/** Which prefixes of the text the pattern's parts so far can cover, part by part. */
export function matchPattern(pattern: Pattern, text: string): boolean {
  let ends = new Set([0]);
  for (const part of pattern) {
    const next = new Set<number>();
    if (part === anyText) {
      for (let end = Math.min(...ends); end <= text.length; end++) next.add(end);
    } else {
      for (const end of ends) {
        if (part === oneUnit) {
          if (end < text.length) next.add(end + 1);
        } else if (text.startsWith(part as string, end)) next.add(end + (part as string).length);
      }
    }
    if (next.size === 0) return false;
    ends = next;
  }
  return ends.has(text.length);
}

const regexes = new Map<string, ReturnType<typeof compileRegex>>();
const folded = new WeakMap<Pattern, Pattern>();

function compileCached(regex: string, flags: string): ReturnType<typeof compileRegex> {
  const key = `${flags}/${regex}`;
  let compiled = regexes.get(key);
  if (!compiled) {
    if (regexes.size > 10_000) regexes.clear();
    compiled = compileRegex(regex, flags);
    regexes.set(key, compiled);
  }
  return compiled;
}

function foldCached(pattern: Pattern): Pattern {
  let result = folded.get(pattern);
  if (!result) {
    result = foldPattern(pattern);
    folded.set(pattern, result);
  }
  return result;
}
