import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { ApprovalsView, GroupDecisionBody, GroupDecisionView } from '@kydai/contracts';
import type { Kydai } from '../../flow/kydai.ts';
import type { Guard } from '../api.ts';
import type { GuardedEnv } from '../guard.ts';
import { apiRoute, json, jsonBody } from './route.ts';

/** Steps that wait for a person, and one answer to many of them. */
export function approvalRoutes(
  app: OpenAPIHono<GuardedEnv>,
  { executor, config }: Kydai,
  guard: Guard,
): void {
  app.openapi(
    apiRoute('/api/v1/approvals', guard('view', 'incidents'), {
      method: 'get',
      summary: 'The steps that wait for a person, and how far answers to many of them have come',
      responses: { 200: json(ApprovalsView, 'what waits, oldest first') },
    }),
    async (c) => {
      const view = {
        waiting: await executor.waiting(),
        decisions: [...executor.decisions()],
        perMinute: config.response.approvedPerMinute,
      };
      return c.json(view, 200);
    },
  );

  app.openapi(
    apiRoute('/api/v1/approvals', guard('approve-step', 'incidents'), {
      method: 'post',
      summary: 'Approve or refuse many waiting steps by one answer; approved ones begin at a bounded pace',
      request: jsonBody(GroupDecisionBody),
      responses: { 200: json(GroupDecisionView, 'how far it has come') },
    }),
    async (c) =>
      c.json(await executor.decideTogether({ ...c.req.valid('json'), by: c.var.caller.actor }), 200),
  );

  app.openapi(
    apiRoute('/api/v1/approvals/{id}/stop', guard('approve-step', 'incidents'), {
      method: 'post',
      summary: 'Stop an answer to many steps: what it has not reached waits on',
      request: { params: z.object({ id: z.string().max(64) }) },
      responses: { 200: json(GroupDecisionView, 'how far it came') },
    }),
    async (c) => c.json(await executor.stopDecision(c.req.valid('param').id, c.var.caller.actor), 200),
  );
}
