import type { Decide } from '@kydai/contracts';
import type { Context, MiddlewareHandler } from 'hono';
import { createMiddleware } from 'hono/factory';
import { isLoopback } from '../config/load.ts';
import type { Caller, Callers } from '../sign-in/caller.ts';
import type { Peer } from './listen.ts';
import { problem } from './problems.ts';

/** What the listener hands in, and what the guard leaves for the handlers. */
export interface GuardedEnv {
  Bindings: { peer: Peer };
  Variables: { caller: Caller };
}

/**
 * Lets a request pass only for a known caller whom the access policies allow to do `action` on `area`. For reading, an
 * API token with the scope `read-api` will do.
 */
export function createGuard(
  callers: Callers,
  decide: Decide,
  /** Told from where a person who was let in works. */
  onPerson: (address: string) => void = () => {},
) {
  return (action: string, area: string): MiddlewareHandler<GuardedEnv> =>
    createMiddleware<GuardedEnv>(async (c, next) => {
      const caller = await callers.identify(c.req.raw.headers);
      if (caller === undefined)
        return problem(c, 401, 'sign-in', 'no valid session, token or key came with this');
      const refusal = forgery(c, caller);
      if (refusal) return problem(c, 403, 'forgery', refusal);
      const asked =
        caller.person === undefined && ['view', 'search-logs'].includes(action) ? 'read-api' : action;
      caller.known();
      const decision = decide({ principal: caller.uid, action: asked, resource: { type: 'Area', id: area } });
      if (!decision.allowed) {
        return problem(
          c,
          403,
          decision.outcome,
          `the access policies do not allow \`${asked}\` on \`${area}\``,
          {
            determining: decision.determining,
          },
        );
      }
      c.set('caller', caller);
      if (caller.person !== undefined) onPerson(c.env.peer.address);
      return next();
    });
}

/** A request that a browser sends by itself must prove that our own page made it. */
function forgery(c: Context, caller: Caller): string | undefined {
  if (!caller.ambient || ['GET', 'HEAD'].includes(c.req.method)) return undefined;
  if (c.req.header('x-kydai-csrf') !== '1') return 'the header `x-kydai-csrf: 1` is missing';
  const site = c.req.header('sec-fetch-site');
  return site === undefined || site === 'same-origin' ? undefined : 'the request came from another site';
}

/** What proxies say of those for whom they ask (RFC 7239, and what was used before it). */
const forwarding = ['forwarded', 'x-forwarded-for', 'x-real-ip', 'via'];

/**
 * For what machines ask: a program on this machine needs no token, unless a web page sent it (browsers then name the
 * page's origin), or a proxy on this machine passes on what came from elsewhere; from elsewhere the caller must be known
 * and allowed.
 */
export function anonymousFromHere(callers: Callers, decide: Decide) {
  const guard = createGuard(callers, decide);
  return (action: string, area: string): MiddlewareHandler<GuardedEnv> => {
    const guarded = guard(action, area);
    return async (c, next) => {
      const bare = c.req.header('authorization') === undefined && c.req.header('cookie') === undefined;
      const page = c.req.header('origin') !== undefined || c.req.header('sec-fetch-site') !== undefined;
      const relayed = forwarding.some((name) => c.req.header(name) !== undefined);
      return bare && !page && !relayed && isLoopback(c.env.peer.address) ? next() : guarded(c, next);
    };
  };
}

/**
 * Answers only under the names that the server is meant to have, so that a page of another site cannot reach a loopback
 * server through a DNS name of its own.
 */
export function knownHosts(hosts: () => ReadonlySet<string>): MiddlewareHandler {
  return async (c, next) => {
    const host = (c.req.header('host') ?? '').replace(/:\d+$/, '').toLowerCase();
    if (hosts().has(host)) return next();
    return problem(c, 400, 'host', `this server is not called \`${host.slice(0, 100)}\``);
  };
}
