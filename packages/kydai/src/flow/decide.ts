import type { Clock, Decide, Signals } from '@kydai/contracts';
import { createEngine, type Engine, EntityStore, loadPolicySet } from '@kydai/policy';
import type { Content } from '../boot/content.ts';
import { createDecisionLog, type DecisionLog } from './decision-log.ts';

export interface DecisionPoint {
  readonly entities: EntityStore;
  readonly engine: Engine;
  /** Decides and keeps no trace: for the questions that the product asks itself many times a second. */
  readonly decide: Decide;
  readonly log: DecisionLog;
}

/** One engine for all four kinds of decision. @throws PolicyError with file, line and column for a bad policy. */
export function openDecisionPoint(content: Content, clock: Clock, signals: Signals): DecisionPoint {
  const entities = new EntityStore();
  const policySet = loadPolicySet({ schema: content.schema, policies: content.policies });
  const engine = createEngine({ policySet, entities });
  return { entities, engine, decide: engine.decide, log: createDecisionLog(engine.decide, clock, signals) };
}
