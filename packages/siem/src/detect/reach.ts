import type { Expression, Predicate } from '../rules/expression.ts';
import { eachPredicate } from './predicates.ts';

/** Whether events carry a field; `@raw`, `@time` and `@dataset` are always there. */
export type Carried = (field: string) => boolean;

/**
 * Whether a rule could be true of any event that carries only such fields. False says that it cannot fire, whatever
 * the values; true says no more than that the fields do not stand in its way.
 */
export function canFire(expression: Expression, carried: Carried): boolean {
  return possible(expression, true, carried);
}

/** The rule's fields of which events carry no form. */
export function missingFields(expression: Expression, carried: Carried): readonly string[] {
  const missing = new Set<string>();
  eachPredicate(expression, (predicate) => {
    for (const field of fieldsOf(predicate)) {
      if (!field.sources.some((source) => isThere(source, carried))) missing.add(field.name);
    }
  });
  return [...missing];
}

/** Whether the node could come out as `wanted`. */
function possible(node: Expression, wanted: boolean, carried: Carried): boolean {
  switch (node.kind) {
    case 'constant':
      return node.value === wanted;
    case 'not':
      return possible(node.child, !wanted, carried);
    case 'match':
      return asked(node.predicate, carried) || withoutField(node.predicate) === wanted;
    default: {
      const all = (node.kind === 'and') === wanted;
      const could = (child: Expression) => possible(child, wanted, carried);
      return all ? node.children.every(could) : node.children.some(could);
    }
  }
}

/** Whether the values decide: every field of the predicate may be there. */
function asked(predicate: Predicate, carried: Carried): boolean {
  return fieldsOf(predicate).every((field) => field.sources.some((source) => isThere(source, carried)));
}

/** What the predicate comes to where its field is missing. */
function withoutField(predicate: Predicate): boolean {
  return predicate.kind === 'null' || (predicate.kind === 'exists' && !predicate.there);
}

function fieldsOf(predicate: Predicate) {
  if (predicate.field === undefined) return [];
  return predicate.kind === 'fieldref' ? [predicate.field, predicate.other] : [predicate.field];
}

function isThere(source: string, carried: Carried): boolean {
  return source.startsWith('@') || carried(source);
}
