import type { PlanNode } from './plan.ts';

/** Where a program ends: the expression holds, or it does not. */
export const holds = -1;
export const fails = -2;

/**
 * Appends an expression as a program: three numbers a step, which are a question and where to go on when its answer is
 * yes and when it is no. Returns where it begins, which may be an end already. AND, OR and NOT are nothing but where to
 * go: a rule is decided by a walk, without recursion and without looking at answers that do not matter.
 */
export function writeProgram(node: PlanNode, code: number[], yes = holds, no = fails): number {
  switch (node.op) {
    case 'true':
      return yes;
    case 'false':
      return no;
    case 'not':
      return writeProgram(node.children[0]!, code, no, yes);
    case 'ask':
      return code.push(node.question, yes, no) - 3;
    default: {
      let next = node.op === 'and' ? yes : no;
      // Written from the last child, so that each knows where the one after it begins.
      for (const child of node.children.toReversed()) {
        next = node.op === 'and' ? writeProgram(child, code, next, no) : writeProgram(child, code, yes, next);
      }
      return next;
    }
  }
}
