import { createHash } from 'node:crypto';
import { type OpenAPIHono, z } from '@hono/zod-openapi';
import type { Kydai } from '../../flow/kydai.ts';
import type { Guard } from '../api.ts';
import type { GuardedEnv } from '../guard.ts';
import { problem } from '../problems.ts';
import { told } from './policies.ts';
import { apiRoute, json, jsonBody } from './route.ts';

const Issued = z.object({ version: z.number().int(), at: z.number(), bundle: z.string() });
const Keys = z.object({ keys: z.array(z.looseObject({ kid: z.string() })) });
const Status = z.object({
  /** What this site signed last. */
  issued: z.object({ version: z.number().int(), at: z.number(), keys: z.array(z.string()) }).optional(),
  /** What it decides by, where it follows another one's bundles. */
  edge: z
    .object({
      source: z.string(),
      version: z.number().int().optional(),
      accepted: z.number().optional(),
      checked: z.number().optional(),
      problem: z.string().optional(),
      trusted: z.array(z.string()),
    })
    .optional(),
});
const area = 'policies';

/** Signed bundles: made here, fetched by edge sites, and what an edge site thinks of them. */
export function policyBundleRoutes(app: OpenAPIHono<GuardedEnv>, kydai: Kydai, guard: Guard): void {
  const { bundles, bundleSource } = kydai;

  app.openapi(
    apiRoute('/api/v1/policies/bundle', guard('change-policy', area), {
      method: 'post',
      summary: 'Sign the policies as the next bundle for edge sites',
      responses: { 200: json(Issued, 'the bundle, a compact JWS') },
    }),
    async (c) => told(c, async () => c.json(await bundles.sign(c.var.caller.actor), 200)) as never,
  );

  app.openapi(
    apiRoute('/api/v1/policies/bundle/rotate', guard('change-policy', area), {
      method: 'post',
      summary: 'Announce the next signing key, or sign with it from now on',
      request: jsonBody(z.strictObject({ step: z.enum(['announce', 'finish']) })),
      responses: { 200: json(Issued, 'the bundle that says so') },
    }),
    async (c) =>
      told(c, async () =>
        c.json(await bundles.rotate(c.req.valid('json').step, c.var.caller.actor), 200),
      ) as never,
  );

  app.openapi(
    apiRoute('/api/v1/policies/bundle/keys', guard('view', area), {
      method: 'get',
      summary: 'The public keys that bundles are signed by, a JWK set',
      responses: { 200: json(Keys, 'the keys, the signing one first') },
    }),
    async (c) => c.json((await bundles.keys()) as z.output<typeof Keys>, 200),
  );

  app.openapi(
    apiRoute('/api/v1/policies/bundle/status', guard('view', area), {
      method: 'get',
      summary: 'Which bundle was signed here, and which one this site decides by',
      responses: { 200: json(Status, 'the state') },
    }),
    async (c) => {
      const issued = await bundles.issued();
      const edge = await bundleSource?.status();
      const { keys } = issued === undefined ? { keys: [] } : await bundles.keys();
      return c.json(
        {
          ...(issued && {
            issued: { version: issued.version, at: issued.at, keys: keys.map(({ kid }) => kid ?? '') },
          }),
          ...(edge && { edge: { ...edge, trusted: [...edge.trusted] } }),
        },
        200,
      );
    },
  );

  // Polled by edge sites: one that has the newest is told so in a few bytes.
  app.get('/api/v1/policies/bundle', guard('view', area), async (c) => {
    const issued = await bundles.issued();
    if (issued === undefined)
      return problem(c, 404, 'not-found', 'no bundle was signed here yet; run: kydai policy bundle sign');
    const etag = `"${createHash('sha256').update(issued.bundle).digest('base64url').slice(0, 22)}"`;
    const headers = { etag, 'cache-control': 'no-cache' };
    const asked = (c.req.header('if-none-match') ?? '')
      .split(',')
      .map((one) => one.trim().replace(/^W\//, ''));
    if (asked.includes(etag) || asked.includes('*')) return c.body(null, 304, headers);
    return c.body(issued.bundle, 200, { ...headers, 'content-type': 'application/jose' });
  });
}
