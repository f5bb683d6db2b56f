import { type Clock, type RecordStore, recordKind, tokenScopes, uuidv7, write } from '@kydai/contracts';
import { z } from 'zod';
import { newSecret, secretDigest } from './secrets.ts';

const ApiToken = z.strictObject({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.enum(tokenScopes)).readonly(),
  digest: z.string(),
  created: z.number(),
  createdBy: z.string(),
  expires: z.number(),
});
export type ApiToken = z.infer<typeof ApiToken>;

export const apiTokens = recordKind<ApiToken>({
  name: 'api_tokens',
  schema: ApiToken,
  key: (token) => token.digest,
  indexes: { id: (token) => token.id, expires: (token) => token.expires },
});

export interface ApiTokens {
  /** The secret is returned once and kept nowhere. */
  create(
    request: { readonly name: string; readonly scopes: ApiToken['scopes']; readonly days: number },
    by: string,
  ): Promise<{ token: ApiToken; secret: string }>;
  find(secret: string): Promise<ApiToken | undefined>;
}

export function createApiTokens(records: RecordStore, clock: Clock): ApiTokens {
  return {
    async create({ name, scopes, days }, by) {
      const secret = newSecret('kdt');
      const now = clock.now();
      const token: ApiToken = {
        id: uuidv7(now),
        name,
        scopes,
        digest: secretDigest(secret),
        created: now,
        createdBy: by,
        expires: now + days * 86_400_000,
      };
      await records.commit(
        [write.insert(apiTokens, token)],
        [
          {
            at: now,
            actor: by,
            action: 'token.create',
            target: `token:${token.id}`,
            detail: { name, scopes: scopes.join(' '), days },
          },
        ],
      );
      return { token, secret };
    },
    async find(secret) {
      const found = await records.get(apiTokens, secretDigest(secret));
      return found !== undefined && found.value.expires > clock.now() ? found.value : undefined;
    },
  };
}
