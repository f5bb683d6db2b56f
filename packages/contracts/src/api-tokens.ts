import { z } from 'zod';

/** An API token for a pipeline or a shipper; the scopes are action ids of `policies/access`. */
export const tokenScopes = ['ingest-events', 'push-sbom', 'read-api', 'ask-decision', 'report-risk'] as const;
export const ApiTokenBody = z.strictObject({
  name: z.string().min(1).max(64),
  scopes: z.array(z.enum(tokenScopes)).min(1),
  days: z.number().int().min(1).max(366).default(90),
});
/** The token is shown once; only its hash is kept. */
export const ApiTokenView = z.object({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.enum(tokenScopes)),
  expires: z.number(),
  token: z.string(),
});
export type ApiTokenView = z.infer<typeof ApiTokenView>;

/** API tokens as they are listed: without what they are proven by. */
export const ApiTokenPage = z.object({
  items: z.array(
    ApiTokenView.omit({ token: true }).extend({
      created: z.number(),
      createdBy: z.string(),
      revoked: z.object({ at: z.number(), by: z.string() }).optional(),
    }),
  ),
});
export type ApiTokenPage = z.infer<typeof ApiTokenPage>;
