import { ContainmentAction, EntityType, Level } from '@kydai/contracts';
import { z } from 'zod';

/**
 * What our runbooks add to CACAO v2.0, by the specification's own extension mechanism (section 8): a playbook stays
 * valid against the OASIS schemas, and another product that ignores the extensions still finds in each step a `manual`
 * command that a person can carry out. See docs/decisions/csirt-cacao-extensions.md.
 */
export const triggerExtension = 'extension-definition--3b0a1f5e-8c1d-4c55-9a0e-5d6f0c7b2a11';
export const stepExtension = 'extension-definition--9e6d2c47-1f3b-4b7a-8d52-a4c1e07f6b22';

/** The entity types that the policy engine's schema lets a containment act on. */
export const containableTypes = ['device', 'host', 'user', 'build', 'address', 'service'] as const;
export type ContainableType = (typeof containableTypes)[number];

const Words = z.string().min(1).max(2000);

/** On the playbook: when it runs, and how it is named in Vietnamese. */
export const Trigger = z.strictObject({
  /** The incident category that this playbook answers; the file's name. */
  category: z.string().regex(/^[a-z][a-z0-9-]{1,62}$/, { error: 'must be lower-case words with hyphens' }),
  title_vi: Words,
  description_vi: Words,
  /** Detections below this level join an incident of the category, and do not start the playbook. */
  minimum_level: Level,
  /** Rule tags, rule ids and ATT&CK techniques that put a detection into this category, looked at in this order. */
  tags: z.array(z.string()).max(50),
  rules: z.array(z.string()).max(200).optional(),
  techniques: z
    .array(z.string().regex(/^T\d{4}(?:\.\d{3})?$/))
    .max(50)
    .optional(),
  /** Detections that share an entity of one of these types belong to one incident. */
  group_by: z.array(EntityType).min(1).max(10),
  known_gaps: z.array(Words).max(50),
});
export type Trigger = z.infer<typeof Trigger>;

/** On an action step: what Kỳ Đài does itself. A step without it is a task for a person. */
export const StepExtension = z.strictObject({
  name_vi: Words.optional(),
  /** The manual command in Vietnamese, for whoever carries the step out. */
  command_vi: Words.optional(),
  /** The act, on each entity of this type that the detection names. */
  containment: z
    .strictObject({
      action: ContainmentAction,
      target: z.enum(containableTypes),
      /** What to do where the detection names no such entity. */
      when_missing: z.enum(['fail', 'skip']).default('fail'),
      /** For addresses: passes over those of private networks. Loopback and multicast are passed over always. */
      outside_only: z.boolean().default(false),
      /** Always asks a person, whatever the entity store knows. */
      operational_technology: z.boolean().default(false),
    })
    .optional(),
  /** A person's task without which the incident is not contained, whatever was proven elsewhere. */
  part_of_containment: z.boolean().optional(),
  /** A line in the incident's story, for these people. */
  notice: z.strictObject({ audience: Words, text_vi: Words, text_en: Words }).optional(),
});
export type StepExtension = z.infer<typeof StepExtension>;
