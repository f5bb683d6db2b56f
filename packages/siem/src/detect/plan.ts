import type { Question } from './predicates.ts';

/** An expression over question numbers. */
export interface PlanNode {
  readonly op: 'ask' | 'and' | 'or' | 'not' | 'true' | 'false';
  readonly question: number;
  readonly children: PlanNode[];
}

/** How often, of the events seen, an answer to a question was yes; a guess before any were seen. */
export type Frequency = (question: number) => number;

/** A guess from the literals alone: short ones are everywhere, and every Windows event has one of few event ids. */
export function guessFrequency(question: Question): number {
  if (!question.clues) return 0.5;
  return question.clues.reduce((sum, clue) => {
    const anchored = clue.start && clue.end;
    const length = clue.text.length;
    const base = anchored ? 0.25 : clue.start || clue.end ? 0.5 : 1;
    return sum + Math.max(0.0005, base * 0.66 ** length);
  }, 0);
}

/**
 * The cheapest set of questions of which at least one must be answered yes for the expression to hold; undefined where
 * there is none that the index can see, so that the rule must be tried on every event.
 */
export function necessarySet(
  node: PlanNode,
  questions: readonly Question[],
  frequency: Frequency,
): { readonly set: readonly number[]; readonly cost: number } | undefined {
  switch (node.op) {
    case 'false':
      return { set: [], cost: 0 };
    case 'ask':
      return questions[node.question]!.clues
        ? { set: [node.question], cost: frequency(node.question) }
        : undefined;
    case 'and': {
      let best: { readonly set: readonly number[]; readonly cost: number } | undefined;
      for (const inner of node.children) {
        const found = necessarySet(inner, questions, frequency);
        if (found && (!best || found.cost < best.cost)) best = found;
      }
      return best;
    }
    case 'or': {
      const set = new Set<number>();
      let cost = 0;
      for (const inner of node.children) {
        const found = necessarySet(inner, questions, frequency);
        if (!found) return undefined;
        for (const question of found.set) set.add(question);
        cost += found.cost;
      }
      return { set: [...set], cost };
    }
    default:
      return undefined;
  }
}

/** Orders the children of AND and OR so that the cheap and telling ones come first. Returns the cost of asking. */
export function order(node: PlanNode, questions: readonly Question[], frequency: Frequency): number {
  if (node.op === 'ask') {
    const question = questions[node.question]!;
    if (question.exact) return 1;
    return question.clues ? 1 + question.cost * frequency(node.question) : question.cost;
  }
  const costs = new Map(node.children.map((inner) => [inner, order(inner, questions, frequency)]));
  const yes = new Map(node.children.map((inner) => [inner, likelihood(inner, frequency)]));
  const worth = (inner: PlanNode) => {
    const decides = node.op === 'and' ? 1 - yes.get(inner)! : yes.get(inner)!;
    return costs.get(inner)! / Math.max(decides, 1e-6);
  };
  node.children.sort((left, right) => worth(left) - worth(right));
  let reached = 1;
  let total = 0;
  for (const inner of node.children) {
    total += reached * costs.get(inner)!;
    reached *= node.op === 'and' ? yes.get(inner)! : 1 - yes.get(inner)!;
  }
  return total + 1;
}

function likelihood(node: PlanNode, frequency: Frequency): number {
  switch (node.op) {
    case 'ask':
      return Math.min(1, frequency(node.question));
    case 'and':
      return node.children.reduce((product, inner) => product * likelihood(inner, frequency), 1);
    case 'or':
      return 1 - node.children.reduce((product, inner) => product * (1 - likelihood(inner, frequency)), 1);
    case 'not':
      return 1 - likelihood(node.children[0]!, frequency);
    case 'true':
      return 1;
    case 'false':
      return 0;
  }
}
