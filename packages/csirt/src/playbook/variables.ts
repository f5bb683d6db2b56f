import type { EntityRef } from '@kydai/contracts';
import type { CacaoPlaybook, WorkflowStep } from './schema.ts';

/**
 * The variables with which a run begins (section 10.18): the playbook's own values, and for those declared `external`
 * what the calling context passes in.
 */
export function initialVariables(
  playbook: CacaoPlaybook,
  passed: Readonly<Record<string, string>>,
): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [name, variable] of Object.entries(playbook.playbook_variables ?? {})) {
    const value = variable.external === true && Object.hasOwn(passed, name) ? passed[name] : variable.value;
    if (value === undefined || value === null) continue;
    variables[name] = typeof value === 'string' ? value : JSON.stringify(value);
  }
  return variables;
}

/** What a run can be told about its cause: the first entity of each type, `__device__`, and the incident's own. */
export function passedVariables(
  entities: readonly EntityRef[],
  incident: { readonly number: string; readonly category: string; readonly severity: string },
): Record<string, string> {
  const passed: Record<string, string> = {
    __incident__: incident.number,
    __category__: incident.category,
    __severity__: incident.severity,
  };
  for (const { type, id } of entities) passed[`__${type}__`] ??= id;
  return passed;
}

/** Replaces `__name__:value` by the variable's value; a variable without one stays as written, so that people see it. */
export function substitute(
  text: string,
  variables: Readonly<Record<string, string>>,
  step?: WorkflowStep,
): string {
  return text.replace(/__[A-Za-z_][A-Za-z0-9_-]{0,199}?__:value/g, (reference) => {
    const name = reference.slice(0, -':value'.length);
    const local = step?.step_variables?.[name]?.value;
    if (typeof local === 'string') return local;
    return Object.hasOwn(variables, name) ? variables[name]! : reference;
  });
}
