import type { Event, FieldValue } from '@kydai/contracts';
import type { Expression, FieldSource, Predicate } from '../rules/expression.ts';
import { fold } from '../rules/fold.ts';
import { compileRegex } from '../rules/modifiers.ts';
import { inNetwork, parseNetwork } from '../rules/network.ts';
import { foldPattern, formatPattern, type Pattern } from '../rules/pattern.ts';
import { compileGlob, type Shape, shapeOf } from './glob.ts';
import { type EvaluationContext, testValue } from './reference.ts';
import { regexNeeds } from './regex-literals.ts';
import { textsOfValue } from './values.ts';

/** One literal that speaks for a predicate. */
export interface Clue {
  readonly text: string;
  readonly start: boolean;
  readonly end: boolean;
}

/** A predicate made ready: how the index finds it, and how to ask it directly. */
export interface Question {
  readonly predicate: Predicate;
  /** Folded literals of which at least one must be seen; undefined where the index cannot help. */
  readonly clues: readonly Clue[] | undefined;
  /** True where seeing a clue is the answer. */
  readonly exact: boolean;
  /** What asking it directly costs, in rough units. */
  readonly cost: number;
  /** Asks a text; present for questions about texts alone. */
  readonly test?: (text: string) => boolean;
  /** Whether `test` wants the text folded. */
  readonly folded: boolean;
  /** Asks a value that is there. */
  ask(value: FieldValue, event: Event, context: EvaluationContext): boolean;
}

/** Makes a question of a predicate. Keywords are asked of each text in turn, as lists are. */
export function prepare(predicate: Predicate): Question {
  if (predicate.kind === 'text') return prepareText(predicate);
  if (predicate.kind === 'regex') return prepareRegex(predicate);
  if (predicate.kind === 'cidr') {
    const network = parseNetwork(predicate.network)!;
    const test = (text: string) => inNetwork(network, text);
    return {
      predicate,
      clues: undefined,
      exact: false,
      cost: 4,
      test,
      folded: false,
      ask: asksTexts(test),
    };
  }
  const cost = { number: 4, exists: 1, null: 1, fieldref: 8 }[predicate.kind];
  return {
    predicate,
    clues: undefined,
    exact: false,
    cost,
    folded: false,
    ask: (value, event, context) => testValue(predicate, value, event, context),
  };
}

function prepareText(predicate: Predicate & { kind: 'text' }): Question {
  const { cased } = predicate;
  const { shape, literal } = shapeOf(predicate.pattern);
  const pattern = cased ? predicate.pattern : foldPattern(predicate.pattern);
  const matches = shape === 'glob' || shape === 'any' ? compileGlob(pattern) : compileShape(shape, pattern);
  const clue = {
    text: fold(literal),
    start: shape === 'equals' || shape === 'startswith',
    end: shape === 'equals' || shape === 'endswith',
  };
  return {
    predicate,
    clues: literal === '' ? undefined : [clue],
    exact: !cased && shape !== 'glob',
    cost: 10,
    test: matches,
    folded: !cased,
    ask: asksTexts(cased ? matches : (text) => matches(fold(text))),
  };
}

/** A test of a pattern that is one literal with or without `*` around it. */
function compileShape(shape: Exclude<Shape, 'glob' | 'any'>, pattern: Pattern): (text: string) => boolean {
  const literal = pattern.find((part) => typeof part === 'string') ?? '';
  switch (shape) {
    case 'equals':
      return (text) => text === literal;
    case 'contains':
      return (text) => text.includes(literal);
    case 'startswith':
      return (text) => text.startsWith(literal);
    case 'endswith':
      return (text) => text.endsWith(literal);
  }
}

function prepareRegex(predicate: Predicate & { kind: 'regex' }): Question {
  const { literals, length } = regexNeeds(predicate.regex);
  let compiled: ReturnType<typeof compileRegex> | undefined;
  const test = (text: string): boolean => {
    if (text.length < length) return false;
    compiled ??= compileRegex(predicate.regex, predicate.flags);
    return compiled.test(text);
  };
  return {
    predicate,
    clues: literals?.map((text) => ({ text, start: false, end: false })),
    exact: false,
    cost: 100,
    test,
    folded: false,
    ask: asksTexts(test),
  };
}

function asksTexts(matches: (text: string) => boolean): Question['ask'] {
  return (value) => {
    if (typeof value === 'string') return matches(value);
    for (const text of textsOfValue(value)) if (matches(text)) return true;
    return false;
  };
}

/** Equal for predicates that mean the same, so that each is asked once per event. */
export function predicateKey(predicate: Predicate): string {
  const at = predicate.field === undefined ? '' : fieldKey(predicate.field);
  switch (predicate.kind) {
    case 'text':
      return `t${predicate.cased ? 1 : 0}\0${at}\0${formatPattern(predicate.cased ? predicate.pattern : foldParts(predicate))}`;
    case 'regex':
      return `r${predicate.flags}\0${at}\0${predicate.regex}`;
    case 'cidr':
      return `c\0${at}\0${predicate.network}`;
    case 'number':
      return `n${predicate.compare}${predicate.part ?? ''}\0${at}\0${predicate.value}`;
    case 'exists':
      return `e${predicate.there ? 1 : 0}\0${at}`;
    case 'null':
      return `0\0${at}`;
    case 'fieldref':
      return `f${predicate.match}${predicate.cased ? 1 : 0}\0${at}\0${fieldKey(predicate.other)}`;
  }
}

export function fieldKey(field: FieldSource): string {
  return field.sources.join('\x01');
}

function foldParts(predicate: Predicate & { kind: 'text' }) {
  return foldPattern(predicate.pattern);
}

/** Calls `visit` with each predicate of an expression. */
export function eachPredicate(expression: Expression, visit: (predicate: Predicate) => void): void {
  if (expression.kind === 'match') visit(expression.predicate);
  else if (expression.kind === 'not') eachPredicate(expression.child, visit);
  else if (expression.kind !== 'constant') for (const node of expression.children) eachPredicate(node, visit);
}
