import type { CedarUid } from '@kydai/contracts';
import type { Expression, Policy } from './ast.ts';

/** The parts of an expression, in the order in which they are evaluated. */
export function partsOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'literal':
    case 'entity':
    case 'variable':
      return [];
    case 'and':
    case 'or':
      return expression.terms;
    case 'not':
    case 'negate':
    case 'get':
    case 'has':
    case 'like':
      return [expression.of];
    case 'is':
      return expression.within === undefined ? [expression.of] : [expression.of, expression.within];
    case 'binary':
      return [expression.left, expression.right];
    case 'if':
      return [expression.test, expression.then, expression.otherwise];
    case 'set':
      return expression.items;
    case 'record':
      return expression.fields.map(([, field]) => field);
    case 'call':
      return expression.args;
  }
}

/** Every entity that a policy names. */
export function namedEntities(policy: Policy): CedarUid[] {
  const uids: CedarUid[] = [];
  if (policy.action.op === 'eq') uids.push(policy.action.uid);
  if (policy.action.op === 'in') uids.push(...policy.action.uids);
  if ('uid' in policy.principal) uids.push(policy.principal.uid);
  if ('uid' in policy.resource) uids.push(policy.resource.uid);
  const open = policy.conditions.map(({ body }) => body);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.kind === 'entity') uids.push(next.uid);
    open.push(...partsOf(next));
  }
  return uids;
}
