import type { Clock, Decide, Signals } from '@kydai/contracts';
import { createEngine, type Engine, EntityStore, type PolicySet } from '@kydai/policy';
import { nowGiver } from '../policies/freshness.ts';
import { createDecisionLog, type DecisionLog } from './decision-log.ts';

export interface DecisionPoint {
  readonly entities: EntityStore;
  readonly engine: Engine;
  /** Decides and keeps no trace: for the questions that the product asks itself many times a second. */
  readonly decide: Decide;
  readonly log: DecisionLog;
}

/** What devices publish to and hear from: there from the start, so that a search for resources finds them. */
const datasets = ['readings', 'video', 'commands'];

/** One engine for all four kinds of decision. */
export function openDecisionPoint(policySet: PolicySet, clock: Clock, signals: Signals): DecisionPoint {
  const entities = new EntityStore();
  for (const id of datasets) entities.upsert({ uid: { type: 'Dataset', id }, attrs: {}, parents: [] });
  const engine = createEngine({ policySet, entities });
  const withNow = nowGiver(engine, clock);
  return {
    entities,
    engine,
    decide: engine.decide,
    log: createDecisionLog(engine.decide, withNow, clock, signals),
  };
}
