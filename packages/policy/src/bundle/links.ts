import { z } from 'zod';
import { PolicyError } from '../error.ts';
import type { SourceFile, TemplateLink } from '../validate/policy-set.ts';

const Uid = z.strictObject({ type: z.string().min(1).max(1024), id: z.string().max(4096) });

/** A template with its slots filled. */
export const Link = z
  .strictObject({
    template: z.string().min(1).max(1024),
    id: z.string().min(1).max(1024),
    values: z.strictObject({ principal: Uid.optional(), resource: Uid.optional() }),
  })
  .transform(
    ({ template, id, values: { principal, resource } }): TemplateLink => ({
      template,
      id,
      values: { ...(principal && { principal }), ...(resource && { resource }) },
    }),
  );

/**
 * Reads links of templates: a JSON list of `{ "template": "operate-one", "id": "lan-operates-gate-4", "values":
 * { "principal": { "type": "User", "id": "lan" } } }`. Throws a `PolicyError` (`link`) with the file.
 */
export function readLinks({ file, text }: SourceFile): TemplateLink[] {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (error) {
    throw new PolicyError('link', 'this is not valid JSON', { file }, { cause: error });
  }
  const links = z.array(Link).max(100_000).safeParse(read);
  if (links.success) return links.data;
  const { path, message } = links.error.issues[0]!;
  throw new PolicyError('link', `${path.join('.') || 'the file'}: ${message}`, { file });
}
