import type { Expression } from '../parse/ast.ts';
import { formatExpression } from './format.ts';
import type { Interpreter } from './interpret.ts';

/** What some atoms would have to be, by the atom's text. */
export type ChangeSet = ReadonlyMap<string, { readonly atom: Expression; readonly want: boolean }>;

const nothing: ChangeSet = new Map();
/** Alternatives grow as products; only this many of the smallest are kept at each step. */
const maximumAlternatives = 64;

/** Every smallest way to make the expression `want`, as atoms that are not so now. Empty where there is none. */
export function changesFor(expression: Expression, want: boolean, interpreter: Interpreter): ChangeSet[] {
  switch (expression.kind) {
    case 'and':
    case 'or': {
      const each = expression.terms.map((term) => changesFor(term, want, interpreter));
      // All terms of a true `&&`, and of a false `||`; any one of the others.
      return (expression.kind === 'and') === want ? product(each) : smallest(each.flat());
    }
    case 'not':
      return changesFor(expression.of, !want, interpreter);
    case 'if': {
      const { test, then, otherwise } = expression;
      return smallest([
        ...product([changesFor(test, true, interpreter), changesFor(then, want, interpreter)]),
        ...product([changesFor(test, false, interpreter), changesFor(otherwise, want, interpreter)]),
      ]);
    }
    default: {
      if (interpreter.evaluate(expression) === want) return [nothing];
      if (isGiven(expression)) return [];
      return [new Map([[formatExpression(expression), { atom: expression, want }]])];
    }
  }
}

/** Unions of one alternative from each list, without the ones that want an atom both ways. */
export function product(lists: readonly (readonly ChangeSet[])[]): ChangeSet[] {
  let unions: ChangeSet[] = [nothing];
  for (const list of lists) {
    const next: ChangeSet[] = [];
    for (const left of unions) {
      for (const right of list) {
        const union = new Map(left);
        let contradicts = false;
        for (const [key, change] of right) {
          if (union.has(key) && union.get(key)!.want !== change.want) contradicts = true;
          union.set(key, change);
        }
        if (!contradicts) next.push(union);
      }
    }
    unions = smallest(next);
  }
  return unions;
}

/** Without supersets of others, smallest first. */
export function smallest(sets: readonly ChangeSet[]): ChangeSet[] {
  const sorted = [...sets].sort((a, b) => a.size - b.size);
  const kept: ChangeSet[] = [];
  for (const set of sorted) {
    if (kept.length === maximumAlternatives) break;
    const covered = kept.some((less) => [...less].every(([key, { want }]) => set.get(key)?.want === want));
    if (!covered) kept.push(set);
  }
  return kept;
}

/** Who asks, for what, and of what type they are: no change of facts alters that. */
function isGiven(atom: Expression): boolean {
  const bare = (each: Expression) => each.kind === 'variable' && each.name !== 'context';
  const fixed = (each: Expression) => bare(each) || each.kind === 'entity' || each.kind === 'literal';
  if (atom.kind === 'literal') return true;
  if (atom.kind === 'is' && atom.within === undefined) return fixed(atom.of);
  if (atom.kind !== 'binary') return false;
  const { operator, left, right } = atom;
  return (operator === '==' || operator === '!=') && fixed(left) && fixed(right);
}
