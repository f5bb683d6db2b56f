import type { CedarUid } from '@kydai/contracts';
import type { SourcePlace } from '../error.ts';

/** A 64-bit integer: a number where that is exact, a bigint beyond. INVARIANT: one value has one representation. */
export type Long = number | bigint;

export type Variable = 'principal' | 'action' | 'resource' | 'context';
export type BinaryOperator = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | '+' | '-' | '*';

/** An expression. `at` is its offset in the source. Chains of `&&` and `||` are flat lists, so they cost no depth. */
export type Expression = { readonly at: number } & (
  | { readonly kind: 'literal'; readonly value: string | boolean | Long }
  | { readonly kind: 'entity'; readonly uid: CedarUid }
  | { readonly kind: 'variable'; readonly name: Variable }
  | { readonly kind: 'and' | 'or'; readonly terms: readonly Expression[] }
  | { readonly kind: 'not' | 'negate'; readonly of: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: 'if';
      readonly test: Expression;
      readonly then: Expression;
      readonly otherwise: Expression;
    }
  | { readonly kind: 'get'; readonly of: Expression; readonly attribute: string }
  | { readonly kind: 'has'; readonly of: Expression; readonly attributes: readonly string[] }
  /** Literal pieces between the wildcards: `a*b` is `['a', 'b']`. */
  | { readonly kind: 'like'; readonly of: Expression; readonly pieces: readonly string[] }
  | { readonly kind: 'is'; readonly of: Expression; readonly type: string; readonly within?: Expression }
  | { readonly kind: 'set'; readonly items: readonly Expression[] }
  | { readonly kind: 'record'; readonly fields: readonly (readonly [string, Expression])[] }
  /** Functions and methods alike; a method's receiver is the first argument. */
  | { readonly kind: 'call'; readonly function: string; readonly args: readonly Expression[] }
);

export type SlotName = 'principal' | 'resource';

/** What a policy's head says about the principal or the resource. */
export type ScopeConstraint =
  | { readonly op: 'any' }
  | { readonly op: 'is'; readonly type: string }
  | { readonly op: 'eq' | 'in'; readonly uid: CedarUid; readonly type?: string };

/** The same in a template, where the entity may still be open. */
export type OpenConstraint =
  | ScopeConstraint
  | { readonly op: 'eq-slot' | 'in-slot'; readonly slot: SlotName; readonly type?: string };

export type ActionConstraint =
  | { readonly op: 'any' }
  | { readonly op: 'eq'; readonly uid: CedarUid }
  | { readonly op: 'in'; readonly uids: readonly CedarUid[] };

export interface Condition {
  readonly kind: 'when' | 'unless';
  readonly body: Expression;
}

/** A policy or template as it stands in a file. */
export interface ParsedPolicy {
  readonly effect: 'permit' | 'forbid';
  readonly annotations: ReadonlyMap<string, string>;
  readonly principal: OpenConstraint;
  readonly action: ActionConstraint;
  readonly resource: OpenConstraint;
  readonly conditions: readonly Condition[];
  /** Offsets of the policy's text in its file. */
  readonly start: number;
  readonly end: number;
}

/** A policy that can be evaluated: every slot is filled. */
export interface Policy extends ParsedPolicy {
  readonly id: string;
  /** Its place among the policies and templates of its file, from 1. */
  readonly position: number;
  readonly principal: ScopeConstraint;
  readonly resource: ScopeConstraint;
  readonly place: SourcePlace;
  /** As it stands in its file, annotations included. */
  readonly text: string;
  readonly placeOf: (expression: Expression) => SourcePlace;
  /** Set for a linked template: the template's id. */
  readonly template?: string;
}

export function isTemplate(policy: ParsedPolicy): boolean {
  return 'slot' in policy.principal || 'slot' in policy.resource;
}
