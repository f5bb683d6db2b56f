import type { CedarUid } from '@kydai/contracts';
import type { EntityNode } from '../entities/node.ts';
import type { Outcome, RunningPolicy } from '../evaluate/outcome.ts';
import type { ScopeConstraint } from '../parse/ast.ts';
import type { CedarRecord } from '../values/value.ts';
import { Emitter } from './emit.ts';
import { ExpressionCompiler, type KnownTypes } from './expression.ts';
import { type Runtime, runtime } from './runtime.ts';

/** A generated function: runs its policies on one request and reports into the outcome. */
export type Run = (
  principal: EntityNode,
  action: EntityNode,
  resource: EntityNode,
  context: CedarRecord,
  outcome: Outcome,
) => void;

/** Which part of a policy's head an index has already checked. */
export type Checked = 'principal' | 'resource' | undefined;

type Factory = (constants: readonly unknown[], rt: Runtime) => Run;

/**
 * Generated programs by their text. Policies of one shape differ only in constants, so thousands of them share one
 * program and what the JIT learnt about it.
 */
const programs = new Map<string, Factory>();
const maximumPrograms = 4_096;

/** Generates one function for these policies. The action part of their heads has been decided by the caller. */
export function compileGroup(
  policies: readonly RunningPolicy[],
  checked: Checked,
  types: KnownTypes,
  hold: (uid: CedarUid) => EntityNode,
): Run {
  const emitter = new Emitter();
  for (const running of policies) {
    const label = emitter.fresh('p');
    const compiler = new ExpressionCompiler(emitter, running, label, types, hold);
    emitter.line(`${label}:{`);
    const { principal, resource, conditions } = running.policy;
    emitScope(emitter, principal, 'principal', checked, types, hold, label);
    emitScope(emitter, resource, 'resource', checked, types, hold, label);
    for (const { kind, body } of conditions) {
      const condition = kind === 'when' ? body : ({ kind: 'not', at: body.at, of: body } as const);
      compiler.test(condition, `break ${label};`);
    }
    emitter.line(`out.match(${emitter.constant(running)});}`);
  }
  const text = emitter.text();
  let factory = programs.get(text);
  if (factory === undefined) {
    if (programs.size >= maximumPrograms) programs.clear();
    // The text holds only names and operators of ours (see Emitter.constant).
    factory = new Function('K', 'rt', text) as Factory;
    programs.set(text, factory);
  }
  return factory(emitter.constants, runtime);
}

function emitScope(
  emitter: Emitter,
  constraint: ScopeConstraint,
  variable: 'principal' | 'resource',
  checked: Checked,
  types: KnownTypes,
  hold: (uid: CedarUid) => EntityNode,
  label: string,
): void {
  if (constraint.op === 'any') return;
  const name = variable === 'principal' ? 'P' : 'R';
  const known = types[variable];
  if (constraint.type !== undefined && known !== constraint.type) {
    const type = emitter.constant(constraint.type);
    emitter.line(known === undefined ? `if(${name}.type.name!==${type})break ${label};` : `break ${label};`);
  }
  if (constraint.op === 'is' || checked === variable) return;
  const entity = emitter.constant(hold(constraint.uid));
  const above =
    constraint.op === 'in'
      ? `&&!${emitter.hoisted(variable === 'principal' ? 'PH' : 'RH')}.has(${entity})`
      : '';
  emitter.line(`if(${name}!==${entity}${above})break ${label};`);
}
