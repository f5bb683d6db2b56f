import type { Expression, FieldSource, Predicate } from '../rules/expression.ts';
import { formatPattern } from '../rules/pattern.ts';
import type { RuleSet, SigmaRule } from '../rules/rule.ts';
import { guessFrequency, necessarySet, type PlanNode } from './plan.ts';
import { eachPredicate, prepare, type Question } from './predicates.ts';
import { datasetsOf } from './route.ts';

/** What a rule looks for, in words and numbers that its author can check. */
export interface RuleExplanation {
  /** The condition as an indented outline, one question a line. */
  readonly outline: readonly string[];
  /** Datasets whose events it is asked about; empty for all, `*` at the end stands for anything. */
  readonly datasets: readonly string[];
  /** Each field of the rule, and where events may keep it, best first. */
  readonly fields: readonly { readonly name: string; readonly sources: readonly string[] }[];
  readonly cost: {
    readonly predicates: number;
    /** How many of them are answered by the literal index. */
    readonly indexed: number;
    /** True where no literal is necessary, so that every event of its datasets is tried. */
    readonly always: boolean;
    /** Literals of which an event must hold at least one before the rule is tried; at most 20 of them. */
    readonly wakers: readonly string[];
  };
}

/** Explains a plain rule. */
export function explainRule(rule: SigmaRule): RuleExplanation {
  const fields = new Map<string, FieldSource>();
  const questions: Question[] = [];
  eachPredicate(rule.expression, (predicate) => {
    questions.push(prepare(predicate));
    if (predicate.field !== undefined) fields.set(predicate.field.name, predicate.field);
    if (predicate.kind === 'fieldref') fields.set(predicate.other.name, predicate.other);
  });
  let next = 0;
  const plan = planOf(rule.expression, () => next++);
  const necessary = necessarySet(plan, questions, (question) => guessFrequency(questions[question]!));
  const clues = (necessary?.set ?? []).flatMap((question) => questions[question]!.clues ?? []);
  return {
    outline: outlineOf(rule.expression, 0),
    datasets: datasetsOf(rule),
    fields: Array.from(fields.values(), ({ name, sources }) => ({ name, sources })),
    cost: {
      predicates: questions.length,
      indexed: questions.filter(({ clues: found }) => found !== undefined).length,
      always: necessary === undefined,
      wakers: [...new Set(clues.map(({ text }) => text))].slice(0, 20),
    },
  };
}

/** The rule of this id or name; else the only one of this title, in whatever case. */
export function findRule(rules: RuleSet, name: string) {
  const all = [...rules.rules, ...rules.correlations];
  const found = all.find((rule) => rule.id === name || rule.name === name);
  if (found !== undefined) return found;
  const title = name.toLowerCase();
  const [titled, ...others] = all.filter((rule) => rule.title.toLowerCase() === title);
  return others.length === 0 ? titled : undefined;
}

function planOf(expression: Expression, number: () => number): PlanNode {
  switch (expression.kind) {
    case 'match':
      return { op: 'ask', question: number(), children: [] };
    case 'constant':
      return { op: expression.value ? 'true' : 'false', question: -1, children: [] };
    case 'not':
      return { op: 'not', question: -1, children: [planOf(expression.child, number)] };
    default: {
      const children = expression.children.map((child) => planOf(child, number));
      return { op: expression.kind, question: -1, children };
    }
  }
}

function outlineOf(expression: Expression, depth: number): readonly string[] {
  const pad = '  '.repeat(depth);
  switch (expression.kind) {
    case 'match':
      return [pad + sentence(expression.predicate)];
    case 'constant':
      return [`${pad}${expression.value ? 'always' : 'never'}`];
    case 'not':
      return [`${pad}not`, ...outlineOf(expression.child, depth + 1)];
    default: {
      const word = expression.kind === 'and' ? 'all of' : 'any of';
      return [`${pad}${word}`, ...expression.children.flatMap((child) => outlineOf(child, depth + 1))];
    }
  }
}

function sentence(predicate: Predicate): string {
  const field = predicate.field?.name ?? 'any value';
  switch (predicate.kind) {
    case 'text':
      return `${field} is \`${formatPattern(predicate.pattern)}\`${predicate.cased ? ' (case counts)' : ''}`;
    case 'regex':
      return `${field} matches /${predicate.regex}/${predicate.flags}`;
    case 'cidr':
      return `${field} is in ${predicate.network}`;
    case 'number':
      return `${predicate.part === undefined ? '' : `the ${predicate.part} of `}${field} ${predicate.compare} ${predicate.value}`;
    case 'exists':
      return `${field} is ${predicate.there ? 'there' : 'not there'}`;
    case 'null':
      return `${field} has no value`;
    case 'fieldref':
      return `${field} ${predicate.match} the value of ${predicate.other.name}`;
  }
}
