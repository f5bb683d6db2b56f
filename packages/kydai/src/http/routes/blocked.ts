import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { ShellError } from '../../error.ts';
import { Blocked } from '../../flow/block-list.ts';
import type { Kydai } from '../../flow/kydai.ts';
import type { Guard } from '../api.ts';
import type { GuardedEnv } from '../guard.ts';
import { apiRoute, json, jsonBody } from './route.ts';

const BlockedList = z.object({ items: z.array(Blocked) });

/** What responses have blocked, and lifting a block. */
export function blockedRoutes(app: OpenAPIHono<GuardedEnv>, { blockList }: Kydai, guard: Guard): void {
  app.openapi(
    apiRoute('/api/v1/blocked', guard('view', 'devices'), {
      method: 'get',
      summary: 'Blocked addresses and builds, newest first',
      responses: { 200: json(BlockedList, 'what is blocked') },
    }),
    async (c) => c.json({ items: [...(await blockList.list())] }, 200),
  );

  app.openapi(
    apiRoute('/api/v1/blocked/release', guard('contain-device', 'devices'), {
      method: 'post',
      summary: 'Lift a block',
      request: jsonBody(
        z.strictObject({ kind: z.enum(['address', 'build']), id: z.string().min(1).max(256) }),
      ),
      responses: { 200: json(BlockedList, 'what is still blocked') },
    }),
    async (c) => {
      const { kind, id } = c.req.valid('json');
      if (!(await blockList.release(kind, id, c.var.caller.actor))) {
        throw new ShellError('not-found', `the ${kind} \`${id}\` is not blocked`);
      }
      return c.json({ items: [...(await blockList.list())] }, 200);
    },
  );
}
