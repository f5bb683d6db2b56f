import { z } from 'zod';

/** The kinds of thing that security decisions, detections and certificates speak about. */
export const entityTypes = [
  'device',
  'user',
  'host',
  'service',
  'address',
  'build',
  'certificate',
  'zone',
  'playbook',
  'token',
] as const;

export const EntityType = z.enum(entityTypes);
export type EntityType = z.infer<typeof EntityType>;

/**
 * A reference to one entity. A device has one id everywhere: in its certificate, in the asset register, in events and
 * in policies.
 */
export const EntityRef = z.strictObject({ type: EntityType, id: z.string().min(1).max(256) }).readonly();
export type EntityRef = z.infer<typeof EntityRef>;

/** `type:id`, the form in which references are printed, searched and used as keys. */
export function formatEntityRef(ref: EntityRef): string {
  return `${ref.type}:${ref.id}`;
}

/** Reads `type:id`; undefined when the type is not one of ours or the id is empty. */
export function parseEntityRef(text: string): EntityRef | undefined {
  const colon = text.indexOf(':');
  const parsed = EntityRef.safeParse({ type: text.slice(0, colon), id: text.slice(colon + 1) });
  return colon > 0 && parsed.success ? parsed.data : undefined;
}
