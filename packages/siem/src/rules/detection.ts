import { parseCondition } from './condition.ts';
import { type Expression, join } from './expression.ts';
import { readItem, type ValueContext } from './modifiers.ts';
import { quote, RuleFault } from './problem.ts';
import { child, isNull, type SourceNode, textsOf } from './source.ts';

const maxPredicates = 20_000;

/** The searches of a `detection` or `filter` block by name, without its `condition`. */
export function readSearches(
  node: SourceNode,
  skip: ReadonlySet<string>,
  context: ValueContext,
): ReadonlyMap<string, Expression> {
  if (node.kind !== 'map')
    throw new RuleFault('detection-invalid', node.line, 'a detection is a map of searches');
  const searches = new Map<string, Expression>();
  for (const entry of node.entries) {
    if (skip.has(entry.key)) continue;
    if (entry.key === 'timeframe') {
      throw new RuleFault(
        'aggregation-unsupported',
        entry.line,
        'use a correlation rule instead of `timeframe`',
      );
    }
    searches.set(entry.key, readSearch(entry.value, context));
  }
  if (searches.size === 0) throw new RuleFault('detection-invalid', node.line, 'there is no search');
  return searches;
}

/** Reads a detection block as one expression; a list of conditions fires when any of them does. */
export function readDetection(
  node: SourceNode,
  skip: ReadonlySet<string>,
  context: ValueContext,
): Expression {
  const condition = child(node, 'condition');
  const texts = textsOf(condition);
  if (!condition || texts.length === 0) {
    throw new RuleFault('condition-invalid', node.line, 'a detection needs a `condition`');
  }
  const searches = readSearches(node, new Set([...skip, 'condition']), context);
  const expression = join(
    'or',
    texts.map((text) => parseCondition(text, searches, condition.line)),
  );
  if (countPredicates(expression) > maxPredicates) {
    throw new RuleFault(
      'rule-too-large',
      node.line,
      `the condition asks more than ${maxPredicates} questions`,
    );
  }
  return expression;
}

/** A map is a conjunction of items; a list is a disjunction of maps and keywords; a scalar is a keyword. */
function readSearch(node: SourceNode, context: ValueContext): Expression {
  if (node.kind === 'map') {
    if (node.entries.length === 0) throw new RuleFault('detection-invalid', node.line, 'a search is empty');
    return join(
      'and',
      node.entries.map((entry) => readItem(entry.key, entry.value, entry.line, context)),
    );
  }
  if (node.kind === 'list') {
    if (node.items.length === 0) throw new RuleFault('detection-invalid', node.line, 'a search is empty');
    return join(
      'or',
      node.items.map((item) => readSearch(item, context)),
    );
  }
  if (isNull(node)) throw new RuleFault('detection-invalid', node.line, `${quote('null')} is not a keyword`);
  return readItem('', node, node.line, context);
}

function countPredicates(expression: Expression): number {
  if (expression.kind === 'not') return countPredicates(expression.child);
  if (expression.kind !== 'and' && expression.kind !== 'or') return 1;
  return expression.children.reduce((sum, node) => sum + countPredicates(node), 0);
}
