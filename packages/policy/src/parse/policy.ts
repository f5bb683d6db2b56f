import type { CedarUid } from '@kydai/contracts';
import type { ActionConstraint, Condition, OpenConstraint, ParsedPolicy, SlotName } from './ast.ts';
import { ExpressionReader } from './expression.ts';
import type { Source } from './source.ts';
import type { Token } from './tokens.ts';

class PolicyReader extends ExpressionReader {
  *policies(): Generator<ParsedPolicy> {
    while (this.next.kind !== 'end') yield this.policy();
  }

  private policy(): ParsedPolicy {
    const start = this.next.at;
    const annotations = new Map<string, string>();
    while (this.accept('@')) {
      const name = this.name();
      let value = '';
      if (this.accept('(')) {
        value = this.string();
        this.expect(')');
      }
      annotations.set(name, value);
    }
    const effect = this.is('forbid') ? 'forbid' : 'permit';
    this.expect(effect);
    this.expect('(');
    const principal = this.entityConstraint('principal');
    this.expect(',');
    const action = this.actionConstraint();
    this.expect(',');
    const resource = this.entityConstraint('resource');
    this.accept(',');
    this.expect(')');
    const conditions: Condition[] = [];
    while (this.is('when') || this.is('unless')) {
      const kind = this.take().text as Condition['kind'];
      this.expect('{');
      conditions.push({ kind, body: this.expression() });
      this.expect('}');
    }
    const { end } = this.expect(';');
    return { effect, annotations, principal, action, resource, conditions, start, end };
  }

  private entityConstraint(variable: SlotName): OpenConstraint {
    this.expect(variable);
    if (this.accept('==')) return this.target('eq', variable);
    if (this.accept('in')) return this.target('in', variable);
    if (!this.accept('is')) return { op: 'any' };
    const type = this.path();
    return this.accept('in') ? this.target('in', variable, type) : { op: 'is', type };
  }

  private target(op: 'eq' | 'in', slot: SlotName, type?: string): OpenConstraint {
    const typed = type === undefined ? {} : { type };
    if (this.next.kind !== 'slot') return { op, uid: this.uid(), ...typed };
    this.take();
    return { op: `${op}-slot`, slot, ...typed };
  }

  private actionConstraint(): ActionConstraint {
    this.expect('action');
    if (this.accept('==')) return { op: 'eq', uid: this.uid() };
    if (!this.accept('in')) return { op: 'any' };
    if (!this.accept('[')) return { op: 'in', uids: [this.uid()] };
    const uids: CedarUid[] = [];
    while (!this.accept(']')) {
      uids.push(this.uid());
      if (!this.is(']')) this.expect(',');
    }
    return { op: 'in', uids };
  }
}

/** Every policy and template of a file, in the order in which they stand. */
export function readPolicies(source: Source, tokens: readonly Token[]): ParsedPolicy[] {
  return [...new PolicyReader(source, tokens).policies()];
}
