import type {
  AccessRequest,
  CedarUid,
  Clock,
  Decide,
  Decision,
  DecisionView,
  Signals,
} from '@kydai/contracts';

export interface DecisionLog {
  /** A decision point that remembers and announces what it decided. */
  readonly decide: Decide;
  record(request: AccessRequest, decision: Decision): void;
  /** The last decisions, newest first, at most 1,000. */
  newest(limit: number): readonly DecisionView[];
}

const size = 1000;

/** Remembers the last decisions in a ring, and publishes each as a signal. */
export function createDecisionLog(decide: Decide, clock: Clock, signals: Signals): DecisionLog {
  const ring: DecisionView[] = [];
  let written = 0;
  const record = (request: AccessRequest, decision: Decision) => {
    const at = clock.now();
    ring[written % size] = {
      at,
      principal: cedarText(request.principal),
      action: request.action,
      resource: cedarText(request.resource),
      allowed: decision.allowed,
      outcome: decision.outcome,
      determining: decision.determining.map((policy) => ({ ...policy })),
    };
    written += 1;
    signals.publish({ type: 'decision', at, request, decision });
  };
  return {
    record,
    decide(request) {
      const decision = decide(request);
      record(request, decision);
      return decision;
    },
    newest(limit) {
      const count = Math.min(limit, written, size);
      return Array.from({ length: count }, (_, back) => ring[(written - 1 - back) % size]!);
    },
  };
}

/** `Device::"cam-001"`. */
function cedarText(uid: CedarUid): string {
  return `${uid.type}::${JSON.stringify(uid.id)}`;
}
