import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { PlanNode } from './plan.ts';
import { fails, holds, writeProgram } from './program.ts';

const leaf = fc.oneof(
  fc.integer({ min: 0, max: 5 }).map((question): PlanNode => ({ op: 'ask', question, children: [] })),
  fc
    .constantFrom<PlanNode['op']>('true', 'false')
    .map((op): PlanNode => ({ op, question: -1, children: [] })),
);
const { node } = fc.letrec<{ node: PlanNode }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc
      .tuple(
        fc.constantFrom<'and' | 'or'>('and', 'or'),
        fc.array(tie('node'), { minLength: 1, maxLength: 4 }),
      )
      .map(([op, children]): PlanNode => ({ op, question: -1, children })),
    tie('node').map((child): PlanNode => ({ op: 'not', question: -1, children: [child] })),
  ),
}));

function truth(plan: PlanNode, answers: readonly boolean[]): boolean {
  switch (plan.op) {
    case 'ask':
      return answers[plan.question]!;
    case 'and':
      return plan.children.every((child) => truth(child, answers));
    case 'or':
      return plan.children.some((child) => truth(child, answers));
    case 'not':
      return !truth(plan.children[0]!, answers);
    default:
      return plan.op === 'true';
  }
}

it('decides as the expression does, and asks nothing twice on the way', () => {
  const answers = fc.array(fc.boolean(), { minLength: 6, maxLength: 6 });
  fc.assert(
    fc.property(fc.array(node, { minLength: 1, maxLength: 3 }), answers, (plans, given) => {
      const code: number[] = [];
      const starts = plans.map((plan) => writeProgram(plan, code));
      plans.forEach((plan, index) => {
        const visited = new Set<number>();
        let at = starts[index]!;
        while (at >= 0) {
          expect(visited.has(at)).toBe(false);
          visited.add(at);
          at = given[code[at]!] ? code[at + 1]! : code[at + 2]!;
        }
        expect(at).toBe(truth(plan, given) ? holds : fails);
      });
    }),
  );
});
