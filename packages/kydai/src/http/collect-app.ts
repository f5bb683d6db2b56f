import type { Decide } from '@kydai/contracts';
import { Hono } from 'hono';
import type { Logger } from 'pino';
import type { Callers } from '../sign-in/caller.ts';
import { anonymousFromHere, type GuardedEnv } from './guard.ts';
import type { Peer } from './listen.ts';
import { problemOf } from './problems.ts';

type PeerHandler = (request: Request, peer: Peer) => Promise<Response>;

/** The HTTP collectors: JSON lines at `/events`, OTLP at `/v1/logs`, and Elasticsearch's bulk interface at every other path. */
export function createCollectApp(parts: {
  readonly callers: Callers;
  readonly decide: Decide;
  readonly jsonLines: PeerHandler;
  readonly otlpLogs: PeerHandler;
  readonly bulk: PeerHandler;
  readonly log: Logger;
}): (request: Request, peer: Peer) => Response | Promise<Response> {
  const app = new Hono<GuardedEnv>();
  app.use(anonymousFromHere(parts.callers, parts.decide)('ingest-events', 'logs'));
  app.post('/events', (c) => parts.jsonLines(c.req.raw, c.env.peer));
  app.all('/v1/logs', (c) => parts.otlpLogs(c.req.raw, c.env.peer));
  app.all('*', (c) => parts.bulk(c.req.raw, c.env.peer));
  app.onError((error, c) => problemOf(c, error, parts.log));
  return (request, peer) => app.fetch(request, { peer });
}
