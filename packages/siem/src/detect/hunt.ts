import type { Clock, Detection, EventFilter, EventStore } from '@kydai/contracts';
import type { CorrelationRule, RuleSet, SigmaRule } from '../rules/rule.ts';
import { createDetector } from './detector.ts';
import { huntFilter } from './hunt-filter.ts';

export interface HuntOptions {
  readonly rules: RuleSet;
  /** The id or name of a rule or correlation among them. */
  readonly rule: string;
  readonly store: EventStore;
  readonly clock: Clock;
  /** Epoch milliseconds, inclusive. */
  readonly from: number;
  /** Epoch milliseconds, exclusive. */
  readonly to: number;
  readonly signal?: AbortSignal;
}

export interface HuntProgress {
  /** Events that the store's query let through and the rule judged. */
  readonly judged: number;
  readonly detections: readonly Detection[];
}

/**
 * Runs one rule over stored events, oldest first, a page at a time: the store finds what may match, the rule decides.
 * Correlations count as they would have counted then. Undefined where no rule is called so.
 */
export function hunt(options: HuntOptions): AsyncGenerator<HuntProgress, void> | undefined {
  const { rules } = options;
  const target = [...rules.rules, ...rules.correlations].find(
    ({ id, name }) => options.rule === id || options.rule === name,
  );
  return target && pages(options, only(rules, target.id), target.id);
}

/** What the store is asked for: the plain rules' filters, any of them. */
export function huntFilterOf(rules: RuleSet): EventFilter {
  const filters = rules.rules.map((rule) => huntFilter(rule, Math.floor(400 / rules.rules.length)));
  return filters.length === 1 ? filters[0]! : { op: 'or', filters };
}

async function* pages(
  options: HuntOptions,
  rules: RuleSet,
  target: string,
): AsyncGenerator<HuntProgress, void> {
  const { store, clock, from, to, signal } = options;
  const detector = createDetector({ rules, clock, throttle: false });
  const query = { from, to, filter: huntFilterOf(rules), limit: 10_000, order: 'oldest' as const };
  const wanted = (detections: readonly Detection[]) => detections.filter(({ rule }) => rule.id === target);
  for (let cursor: string | undefined, more = true; more; ) {
    const page = await store.search({
      ...query,
      ...(cursor === undefined ? {} : { cursor }),
      ...(signal === undefined ? {} : { signal }),
    });
    yield { judged: page.events.length, detections: wanted(detector.processBatch(page.events)) };
    cursor = page.next;
    more = cursor !== undefined;
  }
  yield { judged: 0, detections: wanted(detector.advance(Number.MAX_SAFE_INTEGER)) };
}

/** The rule with everything that feeds it, and nothing else. */
function only(rules: RuleSet, target: string): RuleSet {
  const wanted = new Set([target]);
  for (const correlation of [...rules.correlations].reverse()) {
    if (wanted.has(correlation.id)) for (const id of correlation.rules) wanted.add(id);
  }
  const mark = <Rule extends SigmaRule | CorrelationRule>(rule: Rule): Rule => ({
    ...rule,
    reports: rule.id === target,
  });
  const plain = rules.rules.filter(({ id }) => wanted.has(id)).map(mark);
  const correlations = rules.correlations.filter(({ id }) => wanted.has(id)).map(mark);
  return { rules: plain, correlations, size: plain.length + correlations.length };
}
