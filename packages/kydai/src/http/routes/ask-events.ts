import { type OpenAPIHono, z } from '@hono/zod-openapi';
import {
  EventFieldsView,
  type EventPageView,
  EventRow,
  EventValuesView,
  FieldStatisticsView,
  toEventDocument,
} from '@kydai/contracts';
import { detections, incidents } from '@kydai/csirt';
import { parseQuery } from '@kydai/store';
import { streamSSE } from 'hono/streaming';
import { ShellError } from '../../error.ts';
import type { Kydai } from '../../flow/kydai.ts';
import { exportEvents, exportFormats, maxExport } from '../../store/export.ts';
import type { Guard } from '../api.ts';
import type { GuardedEnv } from '../guard.ts';
import { apiRoute, json } from './route.ts';

const Moment = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const Search = z.object({
  q: z.string().max(4000).default(''),
  from: Moment.optional(),
  to: Moment.optional(),
});
const Titled = z.object({ id: z.string(), title: z.string(), titleVi: z.string().optional() });
const RelatedView = z.object({
  detections: z.array(Titled.extend({ rule: z.string(), level: z.string() })),
  incidents: z.array(Titled.extend({ number: z.string() })),
});
const sampled = 1_000;
const surroundingSpan = 6 * 3600_000;

/** What an analyst asks beside the search: fields, values, what happened around, everything as a file, and what comes. */
export function askEventRoutes(app: OpenAPIHono<GuardedEnv>, kydai: Kydai, guard: Guard): void {
  const { events, eventKeeper, records, clock } = kydai;
  const row = (event: Parameters<typeof toEventDocument>[0]) =>
    toEventDocument(event) as EventPageView['events'][number];
  const asked = ({ q, from, to }: z.output<typeof Search>) => {
    const filter = parseQuery(q);
    const end = to ?? clock.now() + 1;
    return { from: from ?? end - 24 * 3600_000, to: end, ...(filter !== undefined && { filter }) };
  };

  app.openapi(
    apiRoute('/api/v1/events/fields', guard('search-logs', 'logs'), {
      method: 'get',
      summary: 'Which fields the newest events that match have, most frequent first',
      request: { query: Search },
      responses: { 200: json(EventFieldsView, 'fields of a sample of 1,000 events') },
    }),
    async (c) => {
      const query = { ...asked(c.req.valid('query')), limit: sampled, signal: c.req.raw.signal };
      const { events: found } = await events.search(query);
      const counts = new Map<string, number>();
      for (const event of found) {
        for (const name of ['event.dataset', 'source']) counts.set(name, (counts.get(name) ?? 0) + 1);
        for (const [name, value] of event.fields.entries())
          if (value !== null && name !== 'event.dataset') counts.set(name, (counts.get(name) ?? 0) + 1);
      }
      const fields = Array.from(counts, ([name, count]) => ({ name, count }))
        .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1))
        .slice(0, 500);
      return c.json({ sampled: found.length, fields }, 200);
    },
  );

  app.openapi(
    apiRoute('/api/v1/events/values', guard('search-logs', 'logs'), {
      method: 'get',
      summary: 'The most frequent values of a field, and in how many events it is',
      request: {
        query: Search.extend({
          field: z.string().min(1).max(256),
          prefix: z.string().max(200).default(''),
          top: z.coerce.number().int().min(1).max(100).default(10),
        }),
      },
      responses: { 200: json(EventValuesView, 'values with counts') },
    }),
    async (c) => {
      const { field, prefix, top, ...rest } = c.req.valid('query');
      const query = { ...asked(rest), signal: c.req.raw.signal };
      const all = (await events.aggregate(query))[0]?.count ?? 0;
      const has = { op: 'exists', field } as const;
      const begins = { op: 'wildcard', field, pattern: `${prefix.replace(/[\\*?]/g, '\\$&')}*` } as const;
      const filters = [...(query.filter === undefined ? [] : [query.filter]), prefix === '' ? has : begins];
      const narrowed = { ...query, filter: { op: 'and', filters } as const };
      const present = (await events.aggregate(narrowed))[0]?.count ?? 0;
      const found = await events.aggregate({ ...narrowed, by: field, top });
      const folded = prefix.toLowerCase();
      const values = found
        .map(({ value = '', count }) => ({ value, count }))
        .filter(({ value }) => value.toLowerCase().startsWith(folded));
      return c.json({ field, events: all, present, values }, 200);
    },
  );

  app.openapi(
    apiRoute('/api/v1/events/statistics', guard('search-logs', 'logs'), {
      method: 'get',
      summary:
        'How many different values a field has, how often it is missing, and the spread of its numbers',
      request: { query: Search.extend({ field: z.string().min(1).max(256) }) },
      responses: { 200: json(FieldStatisticsView, 'statistics of the values') },
    }),
    async (c) => {
      const { field, ...rest } = c.req.valid('query');
      const found = await events.statistics({ ...asked(rest), field, signal: c.req.raw.signal });
      return c.json({ field, ...found }, 200);
    },
  );

  app.openapi(
    apiRoute('/api/v1/events/surrounding', guard('search-logs', 'logs'), {
      method: 'get',
      summary: 'What happened just before and after an event, where `same` names a field in which they agree',
      request: {
        query: z.object({
          id: z.string().min(1).max(1024),
          same: z.string().max(256).default(''),
          before: z.coerce.number().int().min(0).max(200).default(20),
          after: z.coerce.number().int().min(0).max(200).default(20),
        }),
      },
      responses: {
        200: json(
          z.object({ events: z.array(EventRow) }),
          'events in the order of time, the asked one among them',
        ),
      },
    }),
    async (c) => {
      const { id, same, before, after } = c.req.valid('query');
      const event = await events.get(id);
      if (event === undefined) throw new ShellError('not-found', `there is no event \`${id.slice(0, 80)}\``);
      const value =
        same === 'source' ? event.source : same === 'event.dataset' ? event.dataset : event.fields.get(same);
      const shared =
        value === undefined || value === null
          ? []
          : [Array.isArray(value) ? String(value[0]) : (value as string)];
      const filters = [
        { op: 'not', filter: { op: 'equals', field: 'id', value: id } } as const,
        ...(same === '' ? [] : shared.map((one) => ({ op: 'equals', field: same, value: one }) as const)),
      ];
      const filter = { op: 'and', filters } as const;
      const { signal } = c.req.raw;
      // Events of the same millisecond count as before.
      const [earlier, later] = await Promise.all([
        events.search({
          filter,
          signal,
          from: event.time - surroundingSpan,
          to: event.time + 1,
          limit: before,
        }),
        events.search({
          filter,
          signal,
          from: event.time + 1,
          to: event.time + surroundingSpan,
          limit: after,
          order: 'oldest',
        }),
      ]);
      return c.json({ events: [...earlier.events.toReversed(), event, ...later.events].map(row) }, 200);
    },
  );

  app.openapi(
    apiRoute('/api/v1/events/related', guard('search-logs', 'logs'), {
      method: 'get',
      summary: 'Detections that rest on an event, and their incidents',
      request: { query: z.object({ id: z.string().min(1).max(1024) }) },
      responses: { 200: json(RelatedView, 'what noticed it') },
    }),
    async (c) => {
      const { id } = c.req.valid('query');
      const event = await events.get(id);
      if (event === undefined) throw new ShellError('not-found', `there is no event \`${id.slice(0, 80)}\``);
      // A correlation fires at its last event: up to a day after this one.
      const time = { gte: event.time, lte: event.time + 24 * 3600_000 };
      const near = await records.find(detections, { where: { time }, order: 'time', limit: 5_000 });
      const found = near.records.map(({ value }) => value).filter(({ eventIds }) => eventIds.includes(id));
      const ids = new Set(found.map((detection) => detection.id));
      const all = ids.size === 0 ? [] : (await records.find(incidents, { limit: 5_000 })).records;
      const concerned = all
        .map(({ value }) => value)
        .filter(({ detectionIds }) => detectionIds.some((one) => ids.has(one)));
      return c.json(
        {
          detections: found.map(({ id: detection, rule, level }) => ({
            ...titled(detection, rule),
            rule: rule.id,
            level,
          })),
          incidents: concerned.map((incident) => ({
            ...titled(incident.id, incident),
            number: incident.number,
          })),
        },
        200,
      );
    },
  );

  app.openapi(
    apiRoute('/api/v1/events/export', guard('search-logs', 'logs'), {
      method: 'get',
      summary:
        'Everything that matches as a file, oldest first; `x-kydai-events` says how many events it holds',
      request: {
        query: Search.extend({
          format: z.enum(exportFormats).default('ndjson'),
          columns: z
            .string()
            .max(4000)
            .default('event.dataset,host.name,source.ip,user.name,event.outcome,message'),
          limit: z.coerce.number().int().min(1).max(maxExport).default(1_000_000),
        }),
      },
      responses: { 200: { description: 'the file' } },
    }),
    async (c) => {
      const { format, columns, limit, ...rest } = c.req.valid('query');
      const { from, to, filter } = asked(rest);
      const names = columns
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== '')
        .slice(0, 100);
      const { signal } = c.req.raw;
      const exported = await exportEvents(eventKeeper, {
        from,
        to,
        filter,
        limit,
        format,
        columns: names,
        signal,
      });
      await records.commit(
        [],
        [
          {
            at: clock.now(),
            actor: c.var.caller.actor,
            action: 'events.export',
            target: 'dataset:*',
            detail: { query: rest.q.slice(0, 1000), format, events: exported.total },
          },
        ],
      );
      return c.body(exported.body, 200, {
        'content-type': exported.type,
        'content-disposition': `attachment; filename="events.${format}"`,
        'x-kydai-events': String(exported.total),
      });
    },
  );

  app.openapi(
    apiRoute('/api/v1/events/tail', guard('search-logs', 'logs'), {
      method: 'get',
      summary:
        'Events that match, as they come: server-sent events `event`, and `behind` where the reader is too slow',
      request: { query: z.object({ q: z.string().max(4000).default('') }) },
      responses: { 200: { description: 'a stream of text/event-stream' } },
    }),
    (c) => {
      const filter = parseQuery(c.req.valid('query').q);
      const stop = new AbortController();
      const tail = eventKeeper.tail(filter, stop.signal);
      c.header('x-accel-buffering', 'no');
      return streamSSE(c, async (stream) => {
        stream.onAbort(() => stop.abort());
        c.req.raw.signal.addEventListener('abort', () => stop.abort(), { once: true });
        await stream.writeSSE({ event: 'hello', data: '{}', retry: 2000 });
        const beat = setInterval(() => void stream.writeSSE({ event: 'beat', data: '{}' }), 15_000);
        try {
          for await (const event of tail) {
            if (stream.aborted || stream.closed) return;
            await stream.writeSSE({ event: 'event', data: JSON.stringify(row(event)) });
          }
        } catch {
          await stream.writeSSE({ event: 'behind', data: '{}' });
        } finally {
          clearInterval(beat);
          stop.abort();
        }
      });
    },
  );
}

function titled(id: string, { title, titleVi }: { title: string; titleVi?: string | undefined }) {
  return { id, title, ...(titleVi === undefined ? {} : { titleVi }) };
}
