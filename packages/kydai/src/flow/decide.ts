import type { AccessRequest, Clock, Decide, Signals } from '@kydai/contracts';
import { createEngine, type Engine, EntityStore, type ExpiredFact, type PolicySet } from '@kydai/policy';
import { type Composition, composeEntities } from '../policies/composition.ts';
import { type MomentOf, momentGiver } from '../policies/moment.ts';
import { createDecisionLog, type DecisionLog } from './decision-log.ts';

export interface DecisionPoint {
  readonly entities: EntityStore;
  /** What the entities are put together from. */
  readonly composition: Composition;
  readonly engine: Engine;
  /** Decides and keeps no trace: for what is asked to show or to prove something, not to let anything happen. */
  readonly decide: Decide;
  /** A request with the time of now, as policies ask for it; from here on nothing stale is believed. */
  readonly complete: (request: AccessRequest) => AccessRequest;
  readonly log: DecisionLog;
  /** Told of facts that went stale, before the decision that found it out. */
  onExpired(listener: (expired: readonly ExpiredFact[]) => void): void;
  stop(): void;
}

/** What devices publish to and hear from: there from the start, so that a search for resources finds them. */
const datasets = { readings: 'internal', video: 'sensitive-personal', commands: 'important' } as const;
/** Parts of the console, and what devices may get: there from the start for the same reason. */
const places = {
  Area: [
    'audit',
    'certificates',
    'decisions',
    'devices',
    'emergency',
    'entities',
    'findings',
    'incidents',
    'logs',
    'overview',
    'policies',
    'rules',
    'settings',
  ],
  Profile: ['device', 'quarantine'],
} as const;
const sweepEvery = 1000;

/**
 * One engine for all kinds of decision.
 *
 * INVARIANT: no decision believes a fact beyond its time, not by a millisecond; nobody has to sweep first.
 */
export function openDecisionPoint(
  policySet: PolicySet,
  clock: Clock,
  signals: Signals,
  moment: MomentOf,
): DecisionPoint {
  const entities = new EntityStore({ schema: policySet.schema, check: true });
  const composition = composeEntities(entities);
  for (const [id, classification] of Object.entries(datasets)) {
    const attrs = { classification: { type: 'Classification', id: classification } };
    composition.say('built-in', { type: 'Dataset', id }, { attrs });
  }
  for (const [type, ids] of Object.entries(places))
    for (const id of ids) composition.say('built-in', { type, id }, {});
  const engine = createEngine({ policySet, entities });
  const listeners: ((expired: readonly ExpiredFact[]) => void)[] = [];
  const expire = () => {
    const now = clock.now();
    if (entities.nextExpiry >= now) return;
    const expired = entities.expire(now);
    if (expired.length > 0) for (const listener of listeners) listener(expired);
  };
  const timed = momentGiver(engine, moment);
  const complete = (request: AccessRequest) => {
    expire();
    return timed(request);
  };
  const decide: Decide = (request) => engine.decide(complete(request));
  // Whoever enforces a decision of before hears of it within a second.
  const sweep = setInterval(expire, sweepEvery);
  sweep.unref();
  return {
    entities,
    composition,
    engine,
    decide,
    complete,
    log: createDecisionLog({ decide: engine.decide, complete, engine, entities, clock, signals }),
    onExpired: (listener) => void listeners.push(listener),
    stop: () => clearInterval(sweep),
  };
}
