import { createHash } from 'node:crypto';
import type { CedarUid } from '@kydai/contracts';
import { checkedUid } from '../entities/convert.ts';
import { PolicyError } from '../error.ts';
import {
  type Expression,
  isTemplate,
  type OpenConstraint,
  type ParsedPolicy,
  type Policy,
  type ScopeConstraint,
} from '../parse/ast.ts';
import { refusal } from '../parse/location.ts';
import { readPolicies } from '../parse/policy.ts';
import { callReference } from '../parse/reference.ts';
import { parseSchema, type Schema } from '../parse/schema.ts';
import { Source } from '../parse/source.ts';
import { checkDepth, tokenize } from '../parse/tokens.ts';
import { validatePolicies } from './validate.ts';

export interface SourceFile {
  readonly file: string;
  readonly text: string;
}

/** Fills a template's slots: one policy more, with an id of its own. */
export interface TemplateLink {
  readonly template: string;
  readonly id: string;
  readonly values: { readonly principal?: CedarUid; readonly resource?: CedarUid };
}

export interface PolicySetInput {
  readonly schema?: SourceFile;
  readonly policies: readonly SourceFile[];
  readonly links?: readonly TemplateLink[];
  /** Check against the schema; true unless told. Without a schema there is nothing to check against. */
  readonly validate?: boolean;
}

/** A policy or template with its id and the file that it stands in. */
export interface LocatedPolicy extends ParsedPolicy {
  readonly id: string;
  readonly position: number;
  readonly source: Source;
}

/** Parsed and valid policies, ready for an engine. Immutable. */
export interface PolicySet {
  /** First 12 hex digits of the SHA-256 over schema, files and links. */
  readonly digest: string;
  /** In the order of the files, then the links. Templates are not among them. */
  readonly policies: readonly Policy[];
  readonly templates: readonly string[];
  readonly schema?: Schema;
  /** What the reference validator finds odd but not wrong. */
  readonly warnings: readonly string[];
}

/**
 * Parses and validates policy files. Every policy's id is its `@id` annotation, or `file#n` counted from 1.
 *
 * Throws a `PolicyError`: `parse`, `schema`, `validate` (with file, line and column), `duplicate`, `link`, `limit`.
 */
export function loadPolicySet(input: PolicySetInput): PolicySet {
  const schema = input.schema && parseSchema(input.schema.file, input.schema.text);
  const located = input.policies.flatMap(readFile);
  refuseDuplicates(located, input.links ?? []);
  const templates = new Map(located.filter(isTemplate).map((template) => [template.id, template]));
  const policies: Policy[] = [];
  for (const policy of located) {
    if (!isTemplate(policy)) policies.push(closed(policy, policy.id, {}));
  }
  for (const link of input.links ?? []) {
    const template = templates.get(link.template);
    if (template === undefined) {
      throw new PolicyError(
        'link',
        `link \`${link.id}\` names no template; \`${link.template}\` does not exist`,
      );
    }
    policies.push({ ...closed(template, link.id, link.values), template: template.id });
  }
  const warnings =
    schema !== undefined && input.validate !== false
      ? validatePolicies(schema, input.policies[0]?.file ?? '', located, input.links ?? [])
      : [];
  return {
    digest: digestOf(input),
    policies,
    templates: [...templates.keys()],
    warnings,
    ...(schema && { schema }),
  };
}

function readFile({ file, text }: SourceFile): LocatedPolicy[] {
  const source = new Source(file, text);
  const tokens = tokenize(source);
  // Order matters: the reference parser must not see what could exhaust its stack.
  checkDepth(source, tokens);
  const answer = callReference(file, (reference) => reference.policySetTextToParts(text));
  if (answer.type === 'failure') throw refusal('parse', source, answer.errors);
  return readPolicies(source, tokens).map((policy, index) => ({
    ...policy,
    id: policy.annotations.get('id') || `${file}#${index + 1}`,
    position: index + 1,
    source,
  }));
}

function refuseDuplicates(policies: readonly LocatedPolicy[], links: readonly TemplateLink[]): void {
  const seen = new Set<string>();
  for (const { id, source, start } of policies) {
    if (seen.has(id)) {
      throw new PolicyError('duplicate', `policy id \`${id}\` is taken; rename one`, source.place(start));
    }
    seen.add(id);
  }
  for (const { id } of links) {
    if (seen.has(id)) throw new PolicyError('duplicate', `link id \`${id}\` is taken; rename it`);
    seen.add(id);
  }
}

function closed(policy: LocatedPolicy, id: string, values: TemplateLink['values']): Policy {
  const { source, ...rest } = policy;
  const fill = (constraint: OpenConstraint): ScopeConstraint => {
    if (!('slot' in constraint)) return constraint;
    const uid = values[constraint.slot];
    if (uid === undefined)
      throw new PolicyError('link', `link \`${id}\` leaves \`?${constraint.slot}\` open; fill it`);
    const typed = constraint.type === undefined ? {} : { type: constraint.type };
    return {
      op: constraint.op === 'eq-slot' ? 'eq' : 'in',
      uid: checkedUid(uid, 'link', `link \`${id}\``),
      ...typed,
    };
  };
  return {
    ...rest,
    id,
    principal: fill(policy.principal),
    resource: fill(policy.resource),
    place: source.place(policy.start),
    text: source.text.slice(policy.start, policy.end),
    placeOf: (expression: Expression) => source.place(expression.at),
  };
}

function digestOf({ schema, policies, links }: PolicySetInput): string {
  const hash = createHash('sha256');
  hash.update(JSON.stringify([schema ?? null, policies, links ?? []]));
  return hash.digest('hex').slice(0, 12);
}
