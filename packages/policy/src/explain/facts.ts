import type { CedarValue } from '@kydai/contracts';
import { toCedarValue } from '../entities/convert.ts';
import { factOf, wholeFact } from '../entities/fact.ts';
import { EntityNode } from '../entities/node.ts';
import type { Expression } from '../parse/ast.ts';
import { partsOf } from '../parse/walk.ts';
import { CedarRecord, CedarSet, failed, type Value } from '../values/value.ts';
import { formatUid } from './format.ts';
import { type Interpreter, type Result, unknown } from './interpret.ts';

/** Something that the engine knew, or did not know, when it decided. */
export interface Fact {
  /** `Device::"cam-1".risk`, `context.hour`, `Device::"cam-1" in Zone::"north"`. */
  readonly name: string;
  /** Absent where there is no such fact. */
  readonly value?: CedarValue;
  /** Of a fact with a source: who says so, since when and until when (epoch milliseconds), and whether that is over. */
  readonly source?: string;
  readonly at?: number;
  readonly until?: number;
  readonly stale?: boolean;
}

/** The facts that an atom rests on: attributes, context and places in the hierarchy. */
export function factsOf(atom: Expression, interpreter: Interpreter): Fact[] {
  const facts = new Map<string, Fact>();
  const add = (name: string, value: Value | typeof failed | typeof unknown) =>
    facts.set(name, { name, ...(value !== failed && value !== unknown && { value: toCedarValue(value) }) });
  const visit = (expression: Expression): void => {
    const sourced = sourcedFact(expression, interpreter);
    if (sourced !== undefined) {
      facts.set(sourced.name, sourced);
      return;
    }
    if (expression.kind === 'get' || expression.kind === 'has') {
      const path = expression.kind === 'get' ? [expression.attribute] : expression.attributes;
      const owner = ownerName(expression.of, interpreter);
      // Of a path that breaks off, the first part that is not known says it.
      if (owner !== undefined && interpreter.evaluate(expression.of) !== failed) {
        const result = interpreter.evaluate(expression);
        if (expression.kind === 'get') add(`${owner}.${path.join('.')}`, result);
        else add(`${owner} has ${path.join('.')}`, result);
      }
    }
    if (expression.kind === 'call' && expression.function.endsWith('Tag')) {
      const owner = ownerName(expression.args[0]!, interpreter);
      const key = interpreter.evaluate(expression.args[1]!);
      if (owner !== undefined) add(`${owner} tag ${String(key)}`, interpreter.evaluate(expression));
    }
    if (expression.kind === 'binary' && expression.operator === 'in') {
      const [below, above] = [interpreter.evaluate(expression.left), interpreter.evaluate(expression.right)];
      if (below instanceof EntityNode && above instanceof EntityNode) {
        add(`${uidText(below)} in ${uidText(above)}`, interpreter.evaluate(expression));
      }
      if (below instanceof EntityNode && above instanceof CedarSet) {
        const groups = above.items.filter((each) => each instanceof EntityNode).map(uidText);
        add(`${uidText(below)} in [${groups.join(', ')}]`, interpreter.evaluate(expression));
      }
    }
    partsOf(expression).forEach(visit);
  };
  visit(atom);
  return [...facts.values()];
}

/** What `x.risk.value` asks for, where `x.risk` is a fact. */
function sourcedFact(expression: Expression, interpreter: Interpreter): Fact | undefined {
  if (expression.kind !== 'get' || expression.attribute !== 'value') return undefined;
  const record: Result = interpreter.evaluate(expression.of);
  const fact = record instanceof CedarRecord ? factOf(record) : undefined;
  const name = ownerName(expression.of, interpreter);
  if (fact === undefined || name === undefined) return undefined;
  return {
    name,
    value: toCedarValue(fact.value),
    source: fact.source,
    at: Number(fact.at.ms),
    until: Number(fact.until.ms),
    stale: wholeFact((record as CedarRecord).attrs) !== undefined,
  };
}

/** The entity, or the path below the context, that an expression stands for. */
function ownerName(expression: Expression, interpreter: Interpreter): string | undefined {
  const value = interpreter.evaluate(expression);
  if (value instanceof EntityNode) return uidText(value);
  if (expression.kind === 'variable') return expression.name;
  if (expression.kind === 'call' && expression.function === 'getTag') {
    const entity = ownerName(expression.args[0]!, interpreter);
    const key = interpreter.evaluate(expression.args[1]!);
    return entity === undefined ? undefined : `${entity} tag ${String(key)}`;
  }
  if (expression.kind !== 'get') return undefined;
  const owner = ownerName(expression.of, interpreter);
  return owner === undefined ? undefined : `${owner}.${expression.attribute}`;
}

function uidText(node: EntityNode): string {
  return formatUid({ type: node.type.name, id: node.id });
}
