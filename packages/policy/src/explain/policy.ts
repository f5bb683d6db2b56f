import type { Expression, Policy } from '../parse/ast.ts';
import { scopeExpression } from './format.ts';

/** Everything that a policy asks of a request whose action it covers, as one expression. */
export function policyExpression(policy: Policy): Expression {
  const at = policy.start;
  const scopes = [
    scopeExpression(policy.principal, 'principal', at),
    scopeExpression(policy.resource, 'resource', at),
  ].filter((each) => each !== undefined);
  const conditions = policy.conditions.map(
    ({ kind, body }): Expression => (kind === 'when' ? body : { kind: 'not', at: body.at, of: body }),
  );
  const terms = [...scopes, ...conditions];
  return terms.length === 0 ? { kind: 'literal', at, value: true } : { kind: 'and', at, terms };
}

/** The smallest boolean parts: whatever is not `&&`, `||`, `!` or `if`. */
export function atomsOf(expression: Expression): Expression[] {
  switch (expression.kind) {
    case 'and':
    case 'or':
      return expression.terms.flatMap(atomsOf);
    case 'not':
      return atomsOf(expression.of);
    case 'if':
      return [expression.test, expression.then, expression.otherwise].flatMap(atomsOf);
    default:
      return [expression];
  }
}
