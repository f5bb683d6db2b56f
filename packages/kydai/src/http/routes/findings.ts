import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { AdvisoriesRefreshed, SystemView } from '@kydai/contracts';
import { ShellError } from '../../error.ts';
import type { Kydai } from '../../flow/kydai.ts';
import type { Guard } from '../api.ts';
import type { GuardedEnv } from '../guard.ts';
import { askFindingRoutes } from './ask-findings.ts';
import { apiRoute, json, jsonBody } from './route.ts';

const SystemId = z.object({ system: z.string().regex(/^[a-zA-Z0-9][a-zA-Z0-9._-]{0,127}$/) });

/** SBOMs of deployed systems, and what the advisories say of them. */
export function findingRoutes(app: OpenAPIHono<GuardedEnv>, kydai: Kydai, guard: Guard): void {
  app.openapi(
    apiRoute('/api/v1/sboms/{system}', guard('push-sbom', 'findings'), {
      method: 'put',
      summary: 'Keep the SBOM of a system (CycloneDX JSON) and judge it',
      request: {
        params: SystemId,
        query: z.object({
          owner: z.string().max(128).default(''),
          zone: z.string().max(64).default(''),
          site: z.string().max(128).default(''),
        }),
      },
      responses: { 200: json(SystemView, 'the system and its verdict') },
    }),
    async (c) => {
      const { system } = c.req.valid('param');
      const place = c.req.valid('query');
      const text = await c.req.text();
      return c.json(await kydai.sboms.keep({ system, ...place, text, caller: c.var.caller }), 200);
    },
  );

  askFindingRoutes(app, kydai, guard);

  app.openapi(
    apiRoute('/api/v1/advisories/refresh', guard('push-sbom', 'findings'), {
      method: 'post',
      summary: 'Match the advisories that were imported since against everything that is kept, now',
      responses: { 200: json(AdvisoriesRefreshed, 'what they touch') },
    }),
    async (c) => c.json(await kydai.sboms.refresh(), 200),
  );

  app.openapi(
    apiRoute('/api/v1/signing-certificates', guard('create-enrolment-token', 'certificates'), {
      method: 'post',
      summary: 'Certify the key of a pipeline, with which it signs attestations',
      request: jsonBody(
        z.strictObject({ subject: z.string().min(1).max(64), request: z.string().max(20_000) }),
      ),
      responses: { 200: json(z.object({ chainPem: z.string() }), 'its certificate and those above it, PEM') },
    }),
    async (c) => {
      const { subject, request } = c.req.valid('json');
      const csr = pemBody(request);
      const by = c.var.caller.actor;
      const issued = await kydai.authority.issue({ csr, profile: 'service', subject, by });
      const lines = issued.der.replace(/.{64}(?=.)/g, '$&\n');
      const own = `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`;
      return c.json({ chainPem: own + kydai.authority.chainPem(issued.issuer) }, 200);
    },
  );
}

function pemBody(pem: string): Uint8Array {
  const body = /-----BEGIN (?:NEW )?CERTIFICATE REQUEST-----([A-Za-z0-9+/=\s]+)-----END/.exec(pem)?.[1];
  if (body === undefined) throw new ShellError('invalid', 'the request is no PEM certificate request');
  return Buffer.from(body, 'base64');
}
