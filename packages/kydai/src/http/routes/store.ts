import { type OpenAPIHono, z } from '@hono/zod-openapi';
import { StoreError } from '@kydai/store';
import type { Kydai } from '../../flow/kydai.ts';
import { MigrationView } from '../../store/migrate.ts';
import type { Guard } from '../api.ts';
import type { GuardedEnv } from '../guard.ts';
import { apiRoute, json, jsonBody } from './route.ts';

const Moment = z.iso.datetime({ offset: true });
const Hold = z.strictObject({
  id: z.string().min(1).max(200),
  reason: z.string().min(1).max(2000),
  dataset: z.string().max(1024).optional(),
  from: Moment.optional(),
  to: Moment.optional(),
});
export const HoldsView = z.object({ holds: z.array(Hold) });
export const StoreStatsView = z.object({
  store: z.enum(['lake', 'elasticsearch']),
  /** What is the matter when Elasticsearch cannot be asked; the counts are null then. */
  problem: z.string().nullable(),
  events: z.number().int().nullable(),
  bytes: z.number().int().nullable(),
  oldest: z.string().nullable(),
  newest: z.string().nullable(),
  /** Events on disk that wait for Elasticsearch. */
  waiting: z.number().int(),
});
export const SqlView = z.object({
  columns: z.array(z.string()),
  rows: z.array(z.array(z.union([z.string(), z.number(), z.boolean(), z.null()]))),
  truncated: z.boolean(),
});

/** The event store itself: how large it is, legal holds, the move of history, and SQL for experts. */
export function storeRoutes(app: OpenAPIHono<GuardedEnv>, kydai: Kydai, guard: Guard): void {
  const { eventKeeper, migration, records, clock } = kydai;
  const note = (actor: string, action: string, target: string, detail: Record<string, string | number>) =>
    records.commit([], [{ at: clock.now(), actor, action, target, detail }]);
  const text = (time: number | undefined) => {
    const date = new Date(time ?? Number.NaN);
    return Number.isNaN(date.getTime()) ? null : date.toISOString();
  };

  app.openapi(
    apiRoute('/api/v1/store', guard('view', 'logs'), {
      method: 'get',
      summary: 'How many events are kept, where, and since when',
      responses: { 200: json(StoreStatsView, 'the store') },
    }),
    async (c) => {
      const waiting = eventKeeper.waiting();
      const store = eventKeeper.kind;
      try {
        const { events, bytes, oldest, newest } = await eventKeeper.store.stats();
        const span = { oldest: text(oldest), newest: text(newest) };
        return c.json({ store, problem: null, events, bytes, ...span, waiting }, 200);
      } catch (error) {
        if (!(error instanceof StoreError && error.code === 'unavailable')) throw error;
        const unknown = { events: null, bytes: null, oldest: null, newest: null };
        return c.json({ store, problem: error.message, ...unknown, waiting }, 200);
      }
    },
  );

  app.openapi(
    apiRoute('/api/v1/store/holds', guard('view', 'logs'), {
      method: 'get',
      summary: 'Legal holds: events that retention does not delete',
      responses: { 200: json(HoldsView, 'the holds') },
    }),
    async (c) => {
      const holds = (await eventKeeper.holds()).map(({ from, to, dataset, id, reason }) => ({
        id,
        reason,
        ...(dataset !== undefined && { dataset }),
        ...(from !== undefined && { from: text(from)! }),
        ...(to !== undefined && { to: text(to)! }),
      }));
      return c.json({ holds }, 200);
    },
  );

  app.openapi(
    apiRoute('/api/v1/store/holds', guard('manage-store', 'logs'), {
      method: 'post',
      summary: 'Keep events from being deleted until the hold is released',
      request: jsonBody(Hold),
      responses: { 204: { description: 'held' } },
    }),
    async (c) => {
      const { id, reason, dataset, from, to } = c.req.valid('json');
      await eventKeeper.hold({
        id,
        reason,
        ...(dataset !== undefined && { dataset }),
        ...(from !== undefined && { from: Date.parse(from) }),
        ...(to !== undefined && { to: Date.parse(to) }),
      });
      const span = { from: from ?? 'any', to: to ?? 'any' };
      await note(c.var.caller.actor, 'events.hold', `hold:${id}`, {
        reason,
        dataset: dataset ?? '*',
        ...span,
      });
      return c.body(null, 204);
    },
  );

  app.openapi(
    apiRoute('/api/v1/store/holds/release', guard('manage-store', 'logs'), {
      method: 'post',
      summary: 'End a legal hold',
      request: jsonBody(z.strictObject({ id: z.string().min(1).max(200) })),
      responses: { 200: json(z.object({ released: z.boolean() }), 'whether there was one') },
    }),
    async (c) => {
      const { id } = c.req.valid('json');
      const released = await eventKeeper.release(id);
      if (released) await note(c.var.caller.actor, 'events.release', `hold:${id}`, {});
      return c.json({ released }, 200);
    },
  );

  app.openapi(
    apiRoute('/api/v1/store/migration', guard('view', 'logs'), {
      method: 'get',
      summary: 'How far the move of history to Elasticsearch is',
      responses: { 200: json(MigrationView, 'its state') },
    }),
    async (c) => c.json(migration.view(), 200),
  );

  app.openapi(
    apiRoute('/api/v1/store/migration', guard('manage-store', 'logs'), {
      method: 'post',
      summary: 'Move the history of the lake to Elasticsearch, or go on where that stopped',
      responses: { 200: json(MigrationView, 'its state') },
    }),
    async (c) => {
      migration.start();
      await note(c.var.caller.actor, 'events.migrate', 'store:elasticsearch', {});
      return c.json(migration.view(), 200);
    },
  );

  app.openapi(
    apiRoute('/api/v1/store/sql', guard('manage-store', 'logs'), {
      method: 'post',
      summary: 'Ask the lake in SQL: one SELECT over the table `events`, in a sandbox',
      request: jsonBody(z.strictObject({ sql: z.string().min(1).max(20_000) })),
      responses: { 200: json(SqlView, 'the rows, 10,000 at most') },
    }),
    async (c) => {
      const { sql } = c.req.valid('json');
      await note(c.var.caller.actor, 'events.sql', 'store:lake', { sql: sql.slice(0, 1000) });
      const answer = await eventKeeper.sql(sql, { limit: 10_000, signal: c.req.raw.signal });
      const { columns, rows, truncated } = answer;
      return c.json({ columns: [...columns], rows: rows.map((row) => [...row]), truncated }, 200);
    },
  );
}
