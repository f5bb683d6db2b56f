import type { Decide } from '@kydai/contracts';
import type { MiddlewareHandler } from 'hono';
import { isLoopback } from '../config/load.ts';
import type { GuardedEnv } from '../http/guard.ts';
import { problem } from '../http/problems.ts';
import type { Callers } from '../sign-in/caller.ts';
import { proxyHeader } from './gate.ts';

/**
 * Lets in proxies that pass on what their clients sent: one that proves itself in `x-kydai-proxy`, one on this machine,
 * or, where it passes on no `Authorization` of its clients, one that proves itself there. What a client sent never counts
 * as the proxy's own proof.
 */
export function proxyGuard(callers: Callers, decide: Decide): MiddlewareHandler<GuardedEnv> {
  return async (c, next) => {
    const here = isLoopback(c.env.peer.address);
    const proof = c.req.header(proxyHeader) ?? (here ? undefined : c.req.header('authorization'));
    if (proof === undefined) {
      const page = c.req.header('origin') !== undefined || c.req.header('sec-fetch-site') !== undefined;
      if (here && !page) return next();
      return problem(c, 401, 'sign-in', 'no valid session, token or key came with this');
    }
    const caller = await callers.identify(new Headers({ authorization: proof }));
    if (caller === undefined)
      return problem(c, 401, 'sign-in', 'no valid session, token or key came with this');
    caller.known();
    const resource = { type: 'Area', id: 'decisions' };
    const decision = decide({ principal: caller.uid, action: 'ask-decision', resource });
    if (decision.allowed) return next();
    return problem(c, 403, decision.outcome, 'the access policies do not allow `ask-decision`');
  };
}
