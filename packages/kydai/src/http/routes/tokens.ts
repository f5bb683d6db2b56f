import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { ApiTokenBody, ApiTokenPage, ApiTokenView } from '@kydai/contracts';
import { ShellError } from '../../error.ts';
import type { Kydai } from '../../flow/kydai.ts';
import type { ApiToken } from '../../sign-in/api-tokens.ts';
import { type Caller, permittedActions } from '../../sign-in/caller.ts';
import type { Guard } from '../api.ts';
import type { GuardedEnv } from '../guard.ts';
import { apiRoute, json, jsonBody } from './route.ts';

type TokenScope = ApiToken['scopes'][number];

/** What each scope opens: actions on areas. */
const opens: Readonly<Record<TokenScope, readonly (readonly [action: string, area: string])[]>> = {
  'ingest-events': [['ingest-events', 'logs']],
  'push-sbom': [['push-sbom', 'findings']],
  'read-api': [
    ['view', 'overview'],
    ['search-logs', 'logs'],
  ],
  'ask-decision': [['ask-decision', 'decisions']],
  'report-risk': [['report-risk', 'devices']],
};

/** API tokens for pipelines and shippers. */
export function tokenRoutes(app: OpenAPIHono<GuardedEnv>, kydai: Kydai, guard: Guard): void {
  const { apiTokens, links } = kydai;
  const decide = kydai.decisionLog.decideFor('console');
  /** Whether all that a scope opens is open to the caller: else a token would be a way around the policies. */
  const mayDo = (caller: Caller, scope: TokenScope): boolean =>
    opens[scope].every(([action, area]) => permittedActions(decide, caller, [action], area).length > 0);
  app.openapi(
    apiRoute('/api/v1/api-tokens', guard('create-api-token', 'settings'), {
      method: 'post',
      summary: 'Make an API token with the given scopes',
      request: jsonBody(ApiTokenBody),
      responses: { 200: json(ApiTokenView, 'the token, shown once') },
    }),
    async (c) => {
      const wanted = c.req.valid('json');
      const beyond = wanted.scopes.find((scope) => !mayDo(c.var.caller, scope));
      if (beyond !== undefined)
        throw new ShellError('forbidden', `a token of yours may not do what you may not: \`${beyond}\``);
      const { token, secret } = await apiTokens.create(wanted, c.var.caller.actor);
      const { id, name, scopes, expires } = token;
      return c.json({ id, name, scopes: [...scopes], expires, token: secret }, 200);
    },
  );

  app.openapi(
    apiRoute('/api/v1/api-tokens', guard('create-api-token', 'settings'), {
      method: 'get',
      summary: 'API tokens, those that end last first; the tokens themselves are kept nowhere',
      responses: { 200: json(ApiTokenPage, 'the tokens') },
    }),
    async (c) => c.json({ items: (await apiTokens.list()).map(shown) }, 200),
  );

  app.openapi(
    apiRoute('/api/v1/api-tokens/{id}/revoke', guard('create-api-token', 'settings'), {
      method: 'post',
      summary: 'End an API token at once: one of your own, or as administrator anybody’s',
      request: { params: z.object({ id: z.string().max(64) }) },
      responses: { 200: json(ApiTokenPage, 'the token after it') },
    }),
    async (c) => {
      const { caller } = c.var;
      const any = permittedActions(decide, caller, ['revoke-api-token'], 'settings').length > 0;
      const revoked = await apiTokens.revoke(c.req.valid('param').id, caller.actor, any);
      return c.json({ items: [shown(revoked)] }, 200);
    },
  );

  // Whoever holds the operator key may become administrator anyway; a session may not multiply itself.
  app.openapi(
    apiRoute('/api/v1/sign-in-links', guard('create-api-token', 'settings'), {
      method: 'post',
      summary: 'Make a one-time sign-in link (the command line on the server only)',
      responses: { 200: json(z.object({ link: z.string() }), 'the link') },
    }),
    async (c) => {
      if (c.var.caller.ambient || c.var.caller.uid.id !== 'operator') {
        throw new ShellError('forbidden', 'only the command line on the server makes sign-in links');
      }
      return c.json({ link: `${kydai.addresses().http}/sign-in/link?secret=${await links.create()}` }, 200);
    },
  );
}

/** A token without the digest of its secret. */
function shown({ digest: _digest, scopes, ...token }: ApiToken) {
  return { ...token, scopes: [...scopes] };
}
