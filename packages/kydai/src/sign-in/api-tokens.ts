import { type Clock, type RecordStore, recordKind, tokenScopes, uuidv7, write } from '@kydai/contracts';
import { z } from 'zod';
import { ShellError } from '../error.ts';
import { newSecret, secretDigest } from './secrets.ts';

const ApiToken = z.strictObject({
  id: z.string(),
  name: z.string(),
  scopes: z.array(z.enum(tokenScopes)).readonly(),
  digest: z.string(),
  created: z.number(),
  createdBy: z.string(),
  expires: z.number(),
  revoked: z.strictObject({ at: z.number(), by: z.string() }).optional(),
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
  /** The token of a secret; undefined where it is unknown, over or revoked. */
  find(secret: string): Promise<ApiToken | undefined>;
  /** All tokens, those that end last first. */
  list(): Promise<readonly ApiToken[]>;
  /**
   * Ends a token at once; again it changes nothing. One that somebody else made is ended only by who `mayRevokeAny`.
   * @throws ShellError `not-found`, `forbidden`
   */
  revoke(id: string, by: string, mayRevokeAny: boolean): Promise<ApiToken>;
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
      if (found === undefined || found.value.revoked !== undefined) return undefined;
      return found.value.expires > clock.now() ? found.value : undefined;
    },
    async list() {
      const found = await records.find(apiTokens, { order: '-expires', limit: 10_000 });
      return found.records.map(({ value }) => value);
    },
    async revoke(id, by, mayRevokeAny) {
      const [found] = (await records.find(apiTokens, { where: { id }, limit: 1 })).records;
      if (found === undefined)
        throw new ShellError(
          'not-found',
          `no API token has the id \`${id.slice(0, 64)}\`; see: kydai token list`,
        );
      if (found.value.createdBy !== by && !mayRevokeAny)
        throw new ShellError('forbidden', 'this token is of somebody else; ask them or an administrator');
      if (found.value.revoked !== undefined) return found.value;
      const at = clock.now();
      const revoked: ApiToken = { ...found.value, revoked: { at, by } };
      const entry = {
        at,
        actor: by,
        action: 'token.revoke',
        target: `token:${id}`,
        detail: { name: revoked.name },
      };
      await records.commit([write.update(apiTokens, revoked, found.version)], [entry]);
      return revoked;
    },
  };
}
