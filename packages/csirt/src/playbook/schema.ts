import { z } from 'zod';
import { Signature } from './signature-schema.ts';
import { Identifier, idOf, list, Milliseconds, score, Timestamp, text } from './types.ts';

/**
 * The CACAO Security Playbooks v2.0 object model (OASIS Committee Specification 01, sections 3 to 10). Properties that
 * the specification does not define are refused; open vocabularies stay open.
 */

/** Section 10.9. */
const ExternalReference = z
  .strictObject({
    name: text,
    description: text.optional(),
    source: text.optional(),
    url: text.optional(),
    external_id: text.optional(),
    reference_id: text.optional(),
  })
  .refine((it) => it.description ?? it.source ?? it.url ?? it.external_id ?? it.reference_id, {
    error: 'needs one of description, source, url, external_id, reference_id beside its name',
  });

/** Section 10.18: two underscores around a name; values are strings, null or an object. */
export const VariableName = z.string().regex(/^__[a-zA-Z_][a-zA-Z0-9_-]{0,199}__$/, {
  error: 'must be a variable name such as `__device__`',
});
export const Variable = z.strictObject({
  type: z.string().min(1),
  description: text.optional(),
  value: z.union([text, z.null(), z.record(z.string(), z.json())]).optional(),
  constant: z.boolean().optional(),
  external: z.boolean().optional(),
});
export type Variable = z.infer<typeof Variable>;
const Variables = z.record(VariableName, Variable);

/** Section 8: extension properties, keyed by the extension definition's identifier. */
const extensionProperty = z.string().regex(/^[a-z0-9_]{3,250}$/, {
  error: 'must be an extension property name: a to z, 0 to 9 and underscore, 3 to 250 characters',
});
const Extensions = z.record(idOf('extension-definition'), z.record(extensionProperty, z.json()));
const ExtensionDefinition = z.strictObject({
  type: z.literal('extension-definition'),
  name: text,
  description: text.optional(),
  created_by: idOf('identity'),
  schema: text,
  version: text,
  external_references: list(ExternalReference).optional(),
});

/** Section 5: `command-type-ov` is an open vocabulary; each type adds its own properties. */
const commandBase = {
  type: z.string().min(1).max(100),
  description: text.optional(),
  version: text.optional(),
  playbook_activity: text.optional(),
  external_references: list(ExternalReference).optional(),
};
const textCommand = z.strictObject({
  ...commandBase,
  command: text.optional(),
  command_b64: z.base64().max(100_000).optional(),
});
const withText = (it: { command?: string | undefined; command_b64?: string | undefined }): boolean =>
  it.command !== undefined || it.command_b64 !== undefined;
const commandTypes = [
  'manual',
  'bash',
  'powershell',
  'caldera-cmd',
  'elastic',
  'jupyter',
  'kestrel',
  'sigma',
  'ssh',
  'yara',
];
export const Command = z.looseObject(commandBase).superRefine((command, context) => {
  if (!commandTypes.includes(command.type)) return;
  const parsed = textCommand.safeParse(command);
  for (const issue of parsed.error?.issues ?? []) {
    context.addIssue({ code: 'custom', path: issue.path as (string | number)[], message: issue.message });
  }
  if (parsed.success && !withText(parsed.data)) {
    context.addIssue({ code: 'custom', path: [], message: 'needs command or command_b64' });
  }
});
export type Command = z.infer<typeof Command>;

/** Section 7: agents and targets; `agent-target-type-ov` is open. */
const AgentTarget = z.looseObject({
  type: z.string().min(1),
  name: text,
  description: text.optional(),
  agent_target_extensions: Extensions.optional(),
});
const AuthenticationInfo = z.looseObject({
  type: z.string().min(1),
  authentication_info_extensions: Extensions.optional(),
});

/** Section 9. */
const DataMarking = z.looseObject({
  type: z.enum(['marking-statement', 'marking-tlp', 'marking-iep']),
  id: Identifier,
  created_by: Identifier,
  created: Timestamp,
});

/** Section 4.1, common to all steps. */
const stepBase = {
  name: text.optional(),
  description: text.optional(),
  external_references: list(ExternalReference).optional(),
  delay: z.number().int().min(0).max(86_400_000).optional(),
  timeout: z.number().int().min(0).max(604_800_000).optional(),
  step_variables: Variables.optional(),
  owner: Identifier.optional(),
  on_completion: Identifier.optional(),
  on_success: Identifier.optional(),
  on_failure: Identifier.optional(),
  step_extensions: Extensions.optional(),
};
const names = list(VariableName);

/** Sections 4.3 to 4.10. */
export const WorkflowStep = z
  .discriminatedUnion('type', [
    z.strictObject({ type: z.literal('start'), ...stepBase }),
    z.strictObject({ type: z.literal('end'), ...stepBase }),
    z.strictObject({
      type: z.literal('action'),
      ...stepBase,
      commands: list(Command),
      agent: Identifier,
      targets: list(Identifier).optional(),
      in_args: names.optional(),
      out_args: names.optional(),
    }),
    z.strictObject({
      type: z.literal('playbook-action'),
      ...stepBase,
      playbook_id: idOf('playbook'),
      playbook_version: Timestamp.optional(),
      in_args: names.optional(),
      out_args: names.optional(),
    }),
    z.strictObject({ type: z.literal('parallel'), ...stepBase, next_steps: list(Identifier, 2) }),
    z.strictObject({
      type: z.literal('if-condition'),
      ...stepBase,
      condition: text,
      on_true: Identifier,
      on_false: Identifier.optional(),
    }),
    z.strictObject({ type: z.literal('while-condition'), ...stepBase, condition: text, on_true: Identifier }),
    z.strictObject({
      type: z.literal('switch-condition'),
      ...stepBase,
      switch: text,
      cases: z.record(z.string().max(250), Identifier),
    }),
  ])
  .superRefine((step, context) => {
    const refuse = (path: string, message: string): void =>
      context.addIssue({ code: 'custom', path: [path], message });
    if (
      step.on_completion !== undefined &&
      (step.on_success !== undefined || step.on_failure !== undefined)
    ) {
      refuse('on_completion', 'must not stand beside on_success or on_failure');
    }
    if (step.type === 'end' && (step.on_completion ?? step.on_success ?? step.on_failure) !== undefined) {
      refuse('type', 'an end step has no successor');
    }
    if (step.type === 'start' && (step.on_success ?? step.on_failure) !== undefined) {
      refuse('on_success', 'a start step goes on by on_completion alone');
    }
  });
export type WorkflowStep = z.infer<typeof WorkflowStep>;
export type StepOf<T extends WorkflowStep['type']> = Extract<WorkflowStep, { type: T }>;

const flag = z.boolean().optional();

/** Section 3.1: the playbook and its metadata. */
export const CacaoPlaybook = z.strictObject({
  type: z.literal('playbook'),
  spec_version: z.literal('cacao-2.0'),
  id: idOf('playbook'),
  name: text.min(1),
  description: text.optional(),
  playbook_types: list(text).optional(),
  playbook_activities: list(text).optional(),
  playbook_processing_summary: z
    .strictObject({
      manual_playbook: flag,
      external_playbooks: flag,
      parallel_processing: flag,
      if_logic: flag,
      while_logic: flag,
      switch_logic: flag,
      temporal_logic: flag,
      data_markings: flag,
      digital_signatures: flag,
      countersigned_signatures: flag,
      extensions: flag,
    })
    .optional(),
  created_by: idOf('identity'),
  created: Milliseconds,
  modified: Milliseconds,
  revoked: flag,
  valid_from: Timestamp.optional(),
  valid_until: Timestamp.optional(),
  derived_from: list(idOf('playbook')).optional(),
  related_to: list(Identifier).optional(),
  priority: score.optional(),
  severity: score.optional(),
  impact: score.optional(),
  industry_sectors: list(text).optional(),
  labels: list(text).optional(),
  external_references: list(ExternalReference).optional(),
  markings: list(Identifier).optional(),
  playbook_variables: Variables.optional(),
  workflow_start: idOf('start'),
  workflow_exception: Identifier.optional(),
  workflow: z.record(Identifier, WorkflowStep),
  playbook_extensions: Extensions.optional(),
  authentication_info_definitions: z.record(Identifier, AuthenticationInfo).optional(),
  agent_definitions: z.record(Identifier, AgentTarget).optional(),
  target_definitions: z.record(Identifier, AgentTarget).optional(),
  extension_definitions: z.record(idOf('extension-definition'), ExtensionDefinition).optional(),
  data_marking_definitions: z.record(Identifier, DataMarking).optional(),
  signatures: list(Signature).optional(),
});
export type CacaoPlaybook = z.infer<typeof CacaoPlaybook>;
