import type {
  AccessRequest,
  CedarUid,
  Clock,
  Decide,
  Decision,
  DecisionView,
  Signals,
} from '@kydai/contracts';

/** Through which door a decision was asked for from outside. */
export type DecisionDoor = 'authzen' | 'nginx' | 'envoy' | 'publish';

/** A decision that someone outside asked for. */
export interface DecisionMade {
  readonly at: number;
  readonly door: DecisionDoor;
  readonly request: AccessRequest;
  readonly decision: Decision;
  /** How long deciding took, in nanoseconds. */
  readonly nanoseconds: number;
  /** The caller's `X-Request-ID`. */
  readonly requestId?: string;
}

export interface DecisionLog {
  /** A decision point that remembers, announces and keeps what it decided. */
  decideFor(door: DecisionDoor): Decide;
  /** The same in two steps, for a caller that knows more afterwards: `made` must follow `decide` in the same turn. */
  inTwoSteps(door: DecisionDoor): {
    readonly decide: Decide;
    made(request: AccessRequest, decision: Decision, requestId?: string): void;
  };
  /** Gives every decision from now on to `keep` too, which must be quick and must not throw. */
  keepWith(keep: (made: DecisionMade) => void): void;
  /** The last decisions, newest first, at most 1,000. */
  newest(limit: number): readonly DecisionView[];
}

const size = 1000;

/** Remembers the last decisions in a ring, publishes each as a signal, and hands each to whoever keeps them. */
export function createDecisionLog(
  decide: Decide,
  /** Puts into a request what enforcement points cannot be asked for: the time. */
  complete: (request: AccessRequest) => AccessRequest,
  clock: Clock,
  signals: Signals,
): DecisionLog {
  const ring: DecisionMade[] = [];
  let written = 0;
  let keep: (made: DecisionMade) => void = () => {};
  const record = (made: DecisionMade) => {
    ring[written % size] = made;
    written += 1;
    keep(made);
    const { at, request, decision } = made;
    signals.publish({ type: 'decision', at, request, decision });
  };
  const inTwoSteps: DecisionLog['inTwoSteps'] = (door) => {
    let nanoseconds = 0;
    let completed: AccessRequest | undefined;
    return {
      decide(request) {
        const start = process.hrtime.bigint();
        completed = complete(request);
        const decision = decide(completed);
        nanoseconds = Number(process.hrtime.bigint() - start);
        return decision;
      },
      made(request, decision, requestId) {
        const named = requestId === undefined ? {} : { requestId };
        record({ at: clock.now(), door, request: completed ?? request, decision, nanoseconds, ...named });
      },
    };
  };
  return {
    inTwoSteps,
    decideFor(door) {
      const steps = inTwoSteps(door);
      return (request) => {
        const decision = steps.decide(request);
        steps.made(request, decision);
        return decision;
      };
    },
    keepWith(keeper) {
      keep = keeper;
    },
    newest(limit) {
      const count = Math.min(limit, written, size);
      return Array.from({ length: count }, (_, back) => view(ring[(written - 1 - back) % size]!));
    },
  };
}

function view({ at, request, decision }: DecisionMade): DecisionView {
  return {
    at,
    principal: cedarText(request.principal),
    action: request.action,
    resource: cedarText(request.resource),
    allowed: decision.allowed,
    outcome: decision.outcome,
    determining: decision.determining.map((policy) => ({ ...policy })),
  };
}

/** `Device::"cam-001"`. */
export function cedarText(uid: CedarUid): string {
  return `${uid.type}::${JSON.stringify(uid.id)}`;
}
