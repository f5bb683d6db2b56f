import type {
  AccessRequest,
  CedarUid,
  Clock,
  Decide,
  Decision,
  DecisionView,
  Signals,
} from '@kydai/contracts';
import type { Engine, EntityStore, PolicySet } from '@kydai/policy';

/**
 * Who asked: from outside over AuthZEN, a proxy or a device that publishes; inside of us the certificate authority, the
 * response, the guard of the console and the API, the collectors and the release gate.
 */
export type DecisionDoor =
  | 'authzen'
  | 'nginx'
  | 'envoy'
  | 'publish'
  | 'enrolment'
  | 'response'
  | 'console'
  | 'collect'
  | 'release';

/** What a fact was worth when a decision was made. */
export interface FactAge {
  /** `risk` of the principal, `resource.risk` of the resource. */
  readonly name: string;
  readonly source: string;
  /** Milliseconds since it was found. */
  readonly age: number;
  readonly stale: boolean;
}

/** A decision that let something happen, or not. */
export interface DecisionMade {
  readonly at: number;
  readonly door: DecisionDoor;
  readonly request: AccessRequest;
  readonly decision: Decision;
  /** How long deciding took, in nanoseconds. */
  readonly nanoseconds: number;
  /** The caller's `X-Request-ID`. */
  readonly requestId?: string;
  /** What it raises, where a policy with the annotation `alarm` alone permitted it. */
  readonly alarm?: string;
  /** The facts that are known of principal and resource. Made when asked for, in the same turn. */
  facts(): readonly FactAge[];
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
  /** How many were left out of `newest` since the start: what the console and the collectors were allowed to do. */
  unlisted(): number;
}

const size = 1000;
/** Decisions of the start, before there is anybody to keep them. */
const early = 10_000;
/** The console asks for every page that it shows, a collector for every batch: what they may is no news. */
const talkative: ReadonlySet<DecisionDoor> = new Set(['console', 'collect']);

/** Remembers the last decisions in a ring, publishes each as a signal, and hands each to whoever keeps them. */
export function createDecisionLog(parts: {
  readonly decide: Decide;
  /** Puts into a request what enforcement points cannot be asked for: the time. */
  readonly complete: (request: AccessRequest) => AccessRequest;
  readonly engine: Engine;
  readonly entities: Pick<EntityStore, 'facts'>;
  readonly clock: Clock;
  readonly signals: Signals;
}): DecisionLog {
  const { decide, complete, engine, entities, clock, signals } = parts;
  const ring: DecisionMade[] = [];
  let written = 0;
  let unlisted = 0;
  let waiting: DecisionMade[] | undefined = [];
  let keep = (made: DecisionMade) => {
    if (waiting !== undefined && waiting.length < early) waiting.push(made);
  };
  const alarmOf = alarms(engine);
  const factsOf = (at: number, uid: CedarUid, prefix: string): FactAge[] =>
    entities.facts(uid).map(({ name, source, at: found, stale }) => ({
      name: prefix + name,
      source,
      age: at - found,
      stale,
    }));
  const record = (given: Omit<DecisionMade, 'facts' | 'alarm'>) => {
    const { at, request, decision, door } = given;
    const alarm = alarmOf(decision);
    const made: DecisionMade = {
      ...given,
      ...(alarm === undefined ? {} : { alarm }),
      facts: () => [...factsOf(at, request.principal, ''), ...factsOf(at, request.resource, 'resource.')],
    };
    keep(made);
    if (decision.allowed && alarm === undefined && talkative.has(door)) {
      unlisted += 1;
      return;
    }
    ring[written % size] = made;
    written += 1;
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
      for (const made of waiting ?? []) keeper(made);
      waiting = undefined;
    },
    unlisted: () => unlisted,
    newest(limit) {
      const count = Math.min(limit, written, size);
      return Array.from({ length: count }, (_, back) => view(ring[(written - 1 - back) % size]!));
    },
  };
}

/** What a decision raises: the alarm of the policies that permitted it, where no other policy did. */
function alarms(engine: Engine): (decision: Decision) => string | undefined {
  let set: PolicySet | undefined;
  let known = new Map<string, string>();
  return ({ allowed, determining }) => {
    if (!allowed) return undefined;
    if (set !== engine.policySet) {
      set = engine.policySet;
      const annotated = set.policies.map(({ id, annotations }) => [id, annotations.get('alarm')] as const);
      known = new Map(annotated.filter((pair): pair is [string, string] => pair[1] !== undefined));
    }
    if (known.size === 0) return undefined;
    return determining.every(({ id }) => known.has(id)) ? known.get(determining[0]?.id ?? '') : undefined;
  };
}

function view({ at, request, decision }: DecisionMade): DecisionView {
  return {
    at,
    principal: cedarText(request.principal),
    action: request.action,
    resource: cedarText(request.resource),
    ...(request.context && { context: plainContext(request.context) }),
    allowed: decision.allowed,
    outcome: decision.outcome,
    determining: decision.determining.map((policy) => ({ ...policy })),
  };
}

/** Whole numbers as JSON has them. */
function plainContext(context: NonNullable<AccessRequest['context']>): Record<string, unknown> {
  const text = JSON.stringify(context, (_, each: unknown) =>
    typeof each === 'bigint' ? Number(each) : each,
  );
  return JSON.parse(text) as Record<string, unknown>;
}

/** `Device::"cam-001"`. */
export function cedarText(uid: CedarUid): string {
  return `${uid.type}::${JSON.stringify(uid.id)}`;
}
