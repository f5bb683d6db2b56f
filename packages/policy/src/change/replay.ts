import type { AccessRequest, CedarUid, Decision } from '@kydai/contracts';
import type { EntityStore } from '../entities/store.ts';
import { createEngine } from '../evaluate/engine.ts';
import type { PolicySet } from '../validate/policy-set.ts';

/** A decision of the log. */
export interface RecordedDecision {
  readonly request: AccessRequest;
  /** What was decided then; without `current`, what the candidate is measured against. */
  readonly decision: Pick<Decision, 'allowed'>;
  /** How many alike it stands for; 1 where absent. */
  readonly times?: number;
}

export interface ReplayOptions {
  readonly recorded: Iterable<RecordedDecision>;
  readonly candidate: PolicySet;
  /** The facts of this moment. They are read, not changed. */
  readonly entities: EntityStore;
  /** The set in force: decides each request again, so that facts that changed since do not look like policy changes. */
  readonly current?: PolicySet;
  readonly strictForbid?: boolean;
}

/** Requests of one principal for one action that the candidate decides otherwise. */
export interface ReplayDifference {
  readonly principal: CedarUid;
  readonly action: string;
  /** How many recorded requests. */
  readonly requests: number;
  /** At most 10 different ones. */
  readonly resources: readonly CedarUid[];
  /** The policies of the candidate that decide. */
  readonly policies: readonly string[];
}

export interface ReplayReport {
  readonly candidate: string;
  readonly requests: number;
  readonly same: number;
  /** Requests that either set refuses to read, with the first reasons. */
  readonly unreadable: number;
  /** Decided otherwise today by the set in force than they were recorded: facts have changed. */
  readonly drifted: number;
  /** Denied now, allowed by the candidate. */
  readonly gains: readonly ReplayDifference[];
  /** Allowed now, denied by the candidate. */
  readonly loses: readonly ReplayDifference[];
}

interface Group {
  readonly principal: CedarUid;
  readonly action: string;
  requests: number;
  readonly resources: Map<string, CedarUid>;
  readonly policies: Set<string>;
}

const maximumResources = 10;

/** Decides recorded requests with a candidate set before it is in force, and groups who would gain and who would lose. */
export function replay(options: ReplayOptions): ReplayReport {
  const { candidate, current, entities, strictForbid = true } = options;
  const engineOf = (policySet: PolicySet) =>
    createEngine({ policySet, entities, strictForbid, maintainActions: false });
  const after = engineOf(candidate);
  const before = current && engineOf(current);
  const gains = new Map<string, Group>();
  const loses = new Map<string, Group>();
  const counts = { requests: 0, same: 0, unreadable: 0, drifted: 0 };
  for (const { request, decision, times = 1 } of options.recorded) {
    counts.requests += times;
    const next = attempt(() => after.decide(request));
    const baseline = before === undefined ? decision : attempt(() => before.decide(request));
    if (next === undefined || baseline === undefined) {
      counts.unreadable += times;
      continue;
    }
    if (baseline.allowed !== decision.allowed) counts.drifted += times;
    if (next.allowed === baseline.allowed) counts.same += times;
    else note(next.allowed ? gains : loses, request, next, times);
  }
  return { candidate: candidate.digest, ...counts, gains: report(gains), loses: report(loses) };
}

/** A request that cannot be read is counted, not thrown: logs outlive schemas. */
function attempt(decide: () => Decision): Decision | undefined {
  try {
    return decide();
  } catch {
    return undefined;
  }
}

function note(
  groups: Map<string, Group>,
  { principal, action, resource }: AccessRequest,
  decision: Decision,
  times: number,
): void {
  const key = JSON.stringify([principal.type, principal.id, action]);
  let group = groups.get(key);
  if (group === undefined) {
    group = { principal, action, requests: 0, resources: new Map(), policies: new Set() };
    groups.set(key, group);
  }
  group.requests += times;
  if (group.resources.size < maximumResources)
    group.resources.set(JSON.stringify([resource.type, resource.id]), resource);
  for (const { id } of decision.determining) group.policies.add(id);
}

function report(groups: ReadonlyMap<string, Group>): ReplayDifference[] {
  return [...groups.values()]
    .sort((a, b) => b.requests - a.requests)
    .map((group) => ({
      ...group,
      resources: [...group.resources.values()],
      policies: [...group.policies].sort(),
    }));
}
