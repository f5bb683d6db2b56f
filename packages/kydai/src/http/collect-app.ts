import type { Decide } from '@kydai/contracts';
import { type Context, Hono, type MiddlewareHandler } from 'hono';
import type { Logger } from 'pino';
import type { Callers } from '../sign-in/caller.ts';
import { boundedBody } from './device-app.ts';
import { anonymousFromHere, type GuardedEnv } from './guard.ts';
import type { Peer } from './listen.ts';
import { problem, problemOf } from './problems.ts';

type PeerHandler = (request: Request, peer: Peer & { readonly name?: string }) => Promise<Response>;

/** The HTTP collectors: JSON lines at `/events`, OTLP at `/v1/logs`, and Elasticsearch's bulk interface at every other path. */
export function createCollectApp(parts: {
  readonly callers: Callers;
  readonly decide: Decide;
  readonly jsonLines: PeerHandler;
  readonly otlpLogs: PeerHandler;
  readonly bulk: PeerHandler;
  /** Which events of these ids are kept; undefined for a question that is none. */
  readonly known: (question: unknown) => Promise<readonly string[] | undefined>;
  readonly log: Logger;
  /** Runs after the guard: what it counts was let in. */
  readonly strangers: MiddlewareHandler<GuardedEnv>;
}): (request: Request, peer: Peer) => Response | Promise<Response> {
  const app = new Hono<GuardedEnv>();
  app.use(anonymousFromHere(parts.callers, parts.decide)('ingest-events', 'logs'));
  app.use(parts.strangers);
  app.post('/events', (c) => parts.jsonLines(c.req.raw, sender(c)));
  app.post('/events/known', async (c) => {
    const body = await boundedBody(c.req.raw, 256 * 1024);
    const question: unknown = body === undefined ? undefined : parsed(body.toString('utf8'));
    const known = await parts.known(question);
    return known === undefined
      ? problem(c, 400, 'invalid', 'give `ids` (at most 2,000) and `since`')
      : c.json({ known });
  });
  app.all('/v1/logs', (c) => parts.otlpLogs(c.req.raw, sender(c)));
  app.all('*', (c) => parts.bulk(c.req.raw, sender(c)));
  app.onError((error, c) => problemOf(c, error, parts.log));
  return async (request, peer) => {
    const response = await app.fetch(request, { peer });
    const { pathname } = new URL(request.url);
    return pathname.startsWith('/events') || pathname === '/v1/logs' ? response : asElasticsearch(response);
  };
}

/** Refusals in Elasticsearch's form: its clients read no other, and would report a fault of the transport instead. */
async function asElasticsearch(response: Response): Promise<Response> {
  if (response.headers.get('content-type') !== 'application/problem+json') return response;
  const { status } = response;
  const { code, detail } = (await response.json()) as { code: string; detail: string };
  const type = status === 401 || status === 403 ? 'security_exception' : `kydai_${code}`;
  const cause = { type, reason: detail };
  return Response.json(
    { error: { root_cause: [cause], ...cause }, status },
    {
      status,
      headers: {
        'x-elastic-product': 'Elasticsearch',
        ...(status === 401 && { 'www-authenticate': 'Basic realm="kydai", ApiKey' }),
      },
    },
  );
}

/** Who proved who they are is named so, and not by an address that others share. */
function sender(c: Context<GuardedEnv>): Peer & { readonly name?: string } {
  const caller = c.get('caller') as GuardedEnv['Variables']['caller'] | undefined;
  return caller === undefined ? c.env.peer : { ...c.env.peer, name: caller.actor };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
