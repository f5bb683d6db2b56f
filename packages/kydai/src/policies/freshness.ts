import type { AccessRequest, Clock, Decide } from '@kydai/contracts';
import type { Engine, PolicySet } from '@kydai/policy';

/**
 * Decides with `context.now` (epoch milliseconds) for the actions whose schema asks for it, so that policies can tell
 * how old a fact is. What a caller says the time is counts for nothing.
 */
export function decideNow(engine: Engine, clock: Clock): Decide {
  const withNow = nowGiver(engine, clock);
  return (request) => engine.decide(withNow(request));
}

/** Puts the time into a request as `decideNow` does. */
export function nowGiver(engine: Engine, clock: Clock): (request: AccessRequest) => AccessRequest {
  let set: PolicySet | undefined;
  let timed: ReadonlySet<string> = new Set();
  return (request) => {
    if (set !== engine.policySet) {
      set = engine.policySet;
      const actions = [...(set.schema?.actions.values() ?? [])];
      timed = new Set(actions.filter(({ context }) => context.has('now')).map(({ uid }) => uid.id));
    }
    if (!timed.has(request.action)) return request;
    return { ...request, context: { ...request.context, now: clock.now() } };
  };
}
