import type { AccessRequest, Clock } from '@kydai/contracts';
import type { Engine, PolicySet } from '@kydai/policy';

/**
 * Puts `context.now` (epoch milliseconds) into requests for the actions whose schema asks for it, so that policies can
 * tell how old a fact is. What a caller says the time is counts for nothing.
 */
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
