import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { AuditPage, AuditVerdictView, DecisionsView } from '@kydai/contracts';
import { ExportedCheckpoint } from '../../flow/kept-checkpoint.ts';
import type { Kydai } from '../../flow/kydai.ts';
import type { Guard } from '../api.ts';
import type { GuardedEnv } from '../guard.ts';
import { apiRoute, json } from './route.ts';

/** The audit log and the last decisions. */
export function auditRoutes(app: OpenAPIHono<GuardedEnv>, kydai: Kydai, guard: Guard): void {
  const { audit, decisionLog } = kydai;

  app.openapi(
    apiRoute('/api/v1/audit', guard('view', 'audit'), {
      method: 'get',
      summary: 'Entries of the audit log; without `from`, the newest',
      request: {
        query: z.object({
          from: z.coerce.number().int().min(0).optional(),
          limit: z.coerce.number().int().min(1).max(1000).default(100),
        }),
      },
      responses: { 200: json(AuditPage, 'entries in the order of the log') },
    }),
    async (c) => {
      const { from, limit } = c.req.valid('query');
      const total = await audit.size();
      const items = await audit.entries(from ?? Math.max(0, total - limit), limit);
      return c.json({ items: [...items], total }, 200);
    },
  );

  app.openapi(
    apiRoute('/api/v1/audit/verify', guard('view', 'audit'), {
      method: 'post',
      summary: 'Read the whole audit log again and check its chain and checkpoints',
      responses: { 200: json(AuditVerdictView, 'the verdict') },
    }),
    async (c) => {
      const verdict = await audit.verify();
      return c.json({ ...verdict, faults: [...verdict.faults] }, 200);
    },
  );

  app.openapi(
    apiRoute('/api/v1/audit/checkpoint', guard('view', 'audit'), {
      method: 'post',
      summary: 'Sign a checkpoint over the audit log of now, to be kept elsewhere',
      responses: { 200: json(ExportedCheckpoint, 'the checkpoint and its public key') },
    }),
    async (c) => c.json({ checkpoint: await audit.checkpoint(), publicKeyPem: kydai.auditKeyPem }, 200),
  );

  app.openapi(
    apiRoute('/api/v1/decisions', guard('view', 'decisions'), {
      method: 'get',
      summary: 'The last decisions of the decision point, newest first',
      request: { query: z.object({ limit: z.coerce.number().int().min(1).max(1000).default(100) }) },
      responses: { 200: json(DecisionsView, 'the decisions') },
    }),
    async (c) => {
      const items = [...decisionLog.newest(c.req.valid('query').limit)];
      return c.json({ items, unlisted: decisionLog.unlisted() }, 200);
    },
  );
}
