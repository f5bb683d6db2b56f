import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { BackupsView } from '@kydai/contracts';
import { backupsView } from '../../backup/standing.ts';
import type { Kydai } from '../../flow/kydai.ts';
import type { Guard } from '../api.ts';
import type { GuardedEnv } from '../guard.ts';
import { apiRoute, json, jsonBody } from './route.ts';

/** What the command line did with backups: it works on the files, the audit log tells of it. */
export function backupRoutes(
  app: OpenAPIHono<GuardedEnv>,
  { records, clock, config }: Kydai,
  guard: Guard,
): void {
  app.openapi(
    apiRoute('/api/v1/backups', guard('view', 'overview'), {
      method: 'get',
      summary:
        'The backups that were made, which of them are proven to restore, and the commands to run next',
      responses: { 200: json(BackupsView, 'the backups, the newest first') },
    }),
    (c) => c.json(backupsView(config, clock.now()), 200),
  );
  const Note = z.strictObject({
    action: z.enum(['create', 'verify', 'fail']),
    /** The backup; absent where a file would not tell. */
    id: z.uuid().optional(),
    bytes: z.number().int().min(0),
  });
  app.openapi(
    apiRoute('/api/v1/backups', guard('create-api-token', 'settings'), {
      method: 'post',
      summary:
        'Note in the audit log that a backup was made, its restore proven, or that it would not restore',
      request: jsonBody(Note),
      responses: { 200: json(Note, 'what was noted') },
    }),
    async (c) => {
      const note = c.req.valid('json');
      const { action, id, bytes } = note;
      const detail = { ...(id && { id }), bytes };
      const entry = { at: clock.now(), actor: c.var.caller.actor, target: 'host:here', detail };
      await records.commit([], [{ ...entry, action: `backup.${action}` }]);
      return c.json(note, 200);
    },
  );
}
