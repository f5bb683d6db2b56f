import type { CedarUid, PolicyEntity } from '@kydai/contracts';
import { z } from 'zod';
import { parseExactJson } from '../authzen/json.ts';
import { PolicyError } from '../error.ts';
import type { SourceFile } from '../validate/policy-set.ts';

/** `Device::"cam-1"` as text, or `{ "type": "Device", "id": "cam-1" }`. */
export const UidText = z.unknown().transform((given, context): CedarUid => {
  const text = typeof given === 'string' ? /^([A-Za-z_]\w*(?:::[A-Za-z_]\w*)*)::"(.*)"$/su.exec(given) : null;
  if (text !== null) return { type: text[1]!, id: text[2]! };
  const { type, id, ...more } = (typeof given === 'object' ? (given ?? {}) : {}) as Record<string, unknown>;
  if (typeof type === 'string' && typeof id === 'string' && Object.keys(more).length === 0)
    return { type, id };
  context.issues.push({ code: 'custom', input: given, message: 'expected Type::"id"' });
  return z.NEVER;
});

export const Values = z.custom<PolicyEntity['attrs']>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'expected an object',
);

/** An entity as files hold it. */
export const EntityText = z
  .strictObject({
    uid: UidText,
    attrs: Values.default({}),
    parents: z.array(UidText).default([]),
    tags: Values.optional(),
  })
  .transform(({ tags, ...entity }): PolicyEntity => ({ ...entity, ...(tags && { tags }) }));

const EntityFile = z.strictObject({ entities: z.array(EntityText) });

/** Reads a file of entities (JSON). Throws a `PolicyError` (`entity`, `limit`) that names file and path. */
export function readEntities({ file, text }: SourceFile): readonly PolicyEntity[] {
  const { entities } = readAs(EntityFile, { file, text }, 'entity', 'entities');
  for (const entity of entities) files.set(entity, file);
  return entities;
}

const files = new WeakMap<PolicyEntity, string>();

/** The file that `readEntities` read this very entity from. */
export function fileOf(entity: PolicyEntity): string | undefined {
  return files.get(entity);
}

/** Reads JSON of a shape. Throws a `PolicyError` (`code`) that names file and path. */
export function readAs<Shape extends z.ZodType>(
  shape: Shape,
  { file, text }: SourceFile,
  code: 'entity' | 'request',
  what: string,
): z.infer<Shape> {
  try {
    return shape.parse(parseExactJson(text));
  } catch (error) {
    if (!(error instanceof z.ZodError) && !(error instanceof PolicyError)) throw error;
    const issue = error instanceof z.ZodError ? error.issues[0] : undefined;
    const problem =
      issue === undefined ? 'is not valid JSON or too deep' : `${issue.path.join('.')}: ${issue.message}`;
    throw new PolicyError(code, `${what} do not fit: ${problem}`, { file }, { cause: error });
  }
}
