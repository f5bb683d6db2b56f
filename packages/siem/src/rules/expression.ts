import type { Pattern } from './pattern.ts';

/**
 * Where a predicate reads: the author's name, and the event's fields that may hold it, best first. The value is the
 * first of them that is there and not null. `@raw` and `@time` stand for the event's own line and time.
 */
export interface FieldSource {
  readonly name: string;
  readonly sources: readonly string[];
}

export type Comparison = 'gt' | 'gte' | 'lt' | 'lte' | 'eq' | 'neq';
export type TimePart = 'minute' | 'hour' | 'day' | 'weekday' | 'week' | 'month' | 'year';

/** One question about one event. `field` is undefined for keywords, which ask it of every value and of the line. */
export type Predicate =
  | {
      readonly kind: 'text';
      readonly field: FieldSource | undefined;
      readonly pattern: Pattern;
      readonly cased: boolean;
    }
  | {
      readonly kind: 'regex';
      readonly field: FieldSource | undefined;
      readonly regex: string;
      readonly flags: string;
    }
  | { readonly kind: 'cidr'; readonly field: FieldSource; readonly network: string }
  | {
      readonly kind: 'number';
      readonly field: FieldSource;
      readonly compare: Comparison;
      readonly value: number;
      /** Set where the number is taken from a time. */
      readonly part: TimePart | undefined;
    }
  /** Whether the event names the field, be its value null or empty (specification 2.1, modifiers). */
  | { readonly kind: 'exists'; readonly field: FieldSource; readonly there: boolean }
  /** Whether the field has no value: null, or absent. */
  | { readonly kind: 'null'; readonly field: FieldSource }
  | {
      readonly kind: 'fieldref';
      readonly field: FieldSource;
      readonly other: FieldSource;
      readonly match: 'equals' | 'contains' | 'startswith' | 'endswith';
      readonly cased: boolean;
    };

/** What a rule asks of one event. */
export type Expression =
  | { readonly kind: 'and' | 'or'; readonly children: readonly Expression[] }
  | { readonly kind: 'not'; readonly child: Expression }
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'match'; readonly predicate: Predicate };

export const never: Expression = { kind: 'constant', value: false };
export const always: Expression = { kind: 'constant', value: true };

/** A conjunction or disjunction, flattened, without constants and with at least two children. */
export function join(kind: 'and' | 'or', children: readonly Expression[]): Expression {
  const absorbing = kind === 'or';
  const flat: Expression[] = [];
  for (const node of children) {
    if (node.kind === 'constant') {
      if (node.value === absorbing) return node;
    } else if (node.kind === kind) flat.push(...node.children);
    else flat.push(node);
  }
  if (flat.length === 0) return absorbing ? never : always;
  return flat.length === 1 ? flat[0]! : { kind, children: flat };
}

export function negate(child: Expression): Expression {
  if (child.kind === 'constant') return child.value ? never : always;
  return child.kind === 'not' ? child.child : { kind: 'not', child };
}
