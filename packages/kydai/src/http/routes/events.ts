import { type OpenAPIHono, z } from '@hono/zod-openapi';
import {
  AuditPage,
  EventPageView,
  HistogramView,
  RunningQueryView,
  SourcesView,
  toEventDocument,
} from '@kydai/contracts';
import { parseQuery } from '@kydai/store';
import { statementsOf } from '../../collect/statements.ts';
import { ShellError } from '../../error.ts';
import type { Kydai } from '../../flow/kydai.ts';
import { RunningQueries } from '../../store/running.ts';
import type { Guard } from '../api.ts';
import type { GuardedEnv } from '../guard.ts';
import { apiRoute, json } from './route.ts';

const Moment = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));
const Search = z.object({
  q: z.string().max(4000).default(''),
  from: Moment.optional(),
  to: Moment.optional(),
  /** A name for this question, under which `/api/v1/events/running` tells how far it is. */
  track: z.uuid().optional(),
});

/** Log search, and the sources with their ledgers. */
export function eventRoutes(app: OpenAPIHono<GuardedEnv>, kydai: Kydai, guard: Guard): void {
  const { events, clock, intake, watch } = kydai;
  const running = new RunningQueries();

  app.openapi(
    apiRoute('/api/v1/events', guard('search-logs', 'logs'), {
      method: 'get',
      summary: 'Search events by a query such as `source.ip:10.0.0.0/8 and not event.outcome:success`',
      request: {
        query: Search.extend({
          limit: z.coerce.number().int().min(1).max(1000).default(100),
          cursor: z.string().max(500).optional(),
        }),
      },
      responses: { 200: json(EventPageView, 'one page of events, newest first') },
    }),
    async (c) => {
      const { q, from, to, limit, cursor, track } = c.req.valid('query');
      const filter = parseQuery(q);
      const page = await running.watch(track, (progress) =>
        events.search({
          limit,
          signal: c.req.raw.signal,
          ...(filter === undefined ? {} : { filter }),
          ...(from === undefined ? {} : { from }),
          ...(to === undefined ? {} : { to }),
          ...(cursor === undefined ? {} : { cursor }),
          ...(progress === undefined ? {} : { progress }),
        }),
      );
      const rows = page.events.map((event) => toEventDocument(event) as EventPageView['events'][number]);
      return c.json({ events: rows, ...(page.next === undefined ? {} : { next: page.next }) }, 200);
    },
  );

  app.openapi(
    apiRoute('/api/v1/events/histogram', guard('search-logs', 'logs'), {
      method: 'get',
      summary: 'How many events match over time',
      request: { query: Search },
      responses: { 200: json(HistogramView, 'counts in about 60 buckets') },
    }),
    async (c) => {
      const query = c.req.valid('query');
      const to = query.to ?? clock.now();
      const from = query.from ?? to - 24 * 3600_000;
      const interval = bucketWidth(Math.max(to - from, 1));
      const filter = parseQuery(query.q);
      const found = await running.watch(query.track, (progress) =>
        events.aggregate({
          from,
          to,
          interval,
          signal: c.req.raw.signal,
          ...(filter === undefined ? {} : { filter }),
          ...(progress === undefined ? {} : { progress }),
        }),
      );
      return c.json(
        { interval, buckets: found.map((bucket) => ({ time: bucket.time ?? from, count: bucket.count })) },
        200,
      );
    },
  );

  app.openapi(
    apiRoute('/api/v1/events/running', guard('search-logs', 'logs'), {
      method: 'get',
      summary: 'How far a question is that was asked with `track`; end its request to cancel it',
      request: { query: z.object({ track: z.uuid() }) },
      responses: { 200: json(RunningQueryView, 'the share that is done, and since when') },
    }),
    (c) => {
      const view = running.view(c.req.valid('query').track);
      if (view === undefined) throw new ShellError('not-found', 'no such question is being answered');
      return c.json(view, 200);
    },
  );

  app.openapi(
    apiRoute('/api/v1/sources', guard('view', 'logs'), {
      method: 'get',
      summary: 'The account of every source, and its rate',
      responses: {
        200: json(SourcesView, 'the ledgers, and the rates of the sources heard since the start'),
      },
    }),
    async (c) =>
      c.json(
        {
          sources: [...intake.ledgers()],
          rates: watch.rates().map((rate) => ({ ...rate, history: [...rate.history] })),
        },
        200,
      ),
  );

  app.openapi(
    apiRoute('/api/v1/sources/statements', guard('view', 'logs'), {
      method: 'get',
      summary: 'The signed statements of one source’s account, newest first',
      request: {
        query: z.object({
          source: z.string().min(1).max(300),
          limit: z.coerce.number().int().min(1).max(200).default(24),
        }),
      },
      responses: { 200: json(AuditPage, 'entries of the audit log') },
    }),
    async (c) => {
      const { source, limit } = c.req.valid('query');
      const items = await statementsOf(kydai.audit, source, limit);
      return c.json({ items: [...items], total: items.length }, 200);
    },
  );
}

/** The widths that people read easily. */
const widths = [
  1,
  5,
  10,
  30,
  60,
  300,
  600,
  1800,
  3600,
  3 * 3600,
  6 * 3600,
  12 * 3600,
  86_400,
  7 * 86_400,
  30 * 86_400,
];

function bucketWidth(span: number): number {
  return (widths.find((seconds) => span / (seconds * 1000) <= 72) ?? 30 * 86_400) * 1000;
}
