import { PolicyError } from '../error.ts';
import { isTemplate } from '../parse/ast.ts';
import { oneLine, refusal } from '../parse/location.ts';
import { callReference } from '../parse/reference.ts';
import type { Schema } from '../parse/schema.ts';
import type { LocatedPolicy, TemplateLink } from './policy-set.ts';

/**
 * Validates strictly with the reference validator, throws the first error with its place and returns the warnings.
 * Policies travel under names of ours: an id such as `__proto__` would be lost on the way.
 */
export function validatePolicies(
  schema: Schema,
  firstFile: string,
  policies: readonly LocatedPolicy[],
  links: readonly TemplateLink[],
): string[] {
  const staticPolicies: Record<string, string> = {};
  const templates: Record<string, string> = {};
  const names = new Map<string, string>();
  for (const [index, policy] of policies.entries()) {
    const name = `p${index}`;
    names.set(policy.id, name);
    const text = policy.source.text.slice(policy.start, policy.end);
    if (isTemplate(policy)) templates[name] = text;
    else staticPolicies[name] = text;
  }
  const call = {
    schema: schema.text,
    policies: {
      staticPolicies,
      templates,
      templateLinks: links.map((link, index) => ({
        templateId: names.get(link.template)!,
        newId: `l${index}`,
        values: slotValues(link),
      })),
    },
  };
  const answer = callReference(firstFile, (reference) => reference.validate(call));
  if (answer.type === 'failure') {
    const message = answer.errors[0]?.message ?? 'refused without a reason';
    throw new PolicyError('validate', oneLine(message));
  }
  const ownerOf = (name: string): LocatedPolicy =>
    name.startsWith('p')
      ? policies[Number(name.slice(1))]!
      : policies.find((policy) => policy.id === links[Number(name.slice(1))]!.template)!;
  const first = answer.validationErrors[0] ?? answer.validationWarnings.find(isFatal);
  if (first !== undefined) {
    const policy = ownerOf(first.policyId);
    const error = { ...first.error, message: named(first.error.message, first.policyId, policy.id) };
    throw refusal('validate', policy.source, [error], policy.start);
  }
  return answer.validationWarnings.map(({ policyId, error }) =>
    oneLine(named(error.message, policyId, ownerOf(policyId).id)),
  );
}

/** The reference validator only warns of a policy that no request can ever meet; we refuse it, as a mistake. */
function isFatal({ error }: { readonly error: { readonly message: string } }): boolean {
  return error.message.includes('unable to find an applicable action');
}

function named(message: string, name: string, id: string): string {
  return message.replace(`\`${name}\``, () => `\`${id}\``);
}

function slotValues(link: TemplateLink): Record<string, { type: string; id: string }> {
  const values: Record<string, { type: string; id: string }> = {};
  if (link.values.principal) values['?principal'] = { ...link.values.principal };
  if (link.values.resource) values['?resource'] = { ...link.values.resource };
  return values;
}
