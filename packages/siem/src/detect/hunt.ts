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
  /** The city's zone for the time modifiers; see `DetectorOptions`. */
  readonly zone?: string;
}

export interface HuntProgress {
  /** Events that the store's query let through and the rule judged. */
  readonly judged: number;
  /** Everything before this time was looked at, epoch milliseconds. */
  readonly through: number;
  readonly detections: readonly Detection[];
}

/** A hunt asks the store for about so many slices of its time, none shorter than `leastSlice` (milliseconds). */
const slices = 24;
const leastSlice = 3600_000;

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
  const { store, clock, from, to, signal, zone } = options;
  const detector = createDetector({ rules, clock, throttle: false, ...(zone === undefined ? {} : { zone }) });
  const query = { filter: huntFilterOf(rules), limit: 10_000, order: 'oldest' as const };
  const wanted = (detections: readonly Detection[]) => detections.filter(({ rule }) => rule.id === target);
  const { oldest = from } = await store.stats();
  // Slice by slice, so that a hunt that finds little still tells how far it is, and can be called off.
  const begin = Math.max(from, oldest);
  const slice = Math.max(leastSlice, Math.ceil((to - begin) / slices));
  for (let at = begin; at < to; at += slice) {
    const until = Math.min(at + slice, to);
    for (let cursor: string | undefined, more = true; more; ) {
      signal?.throwIfAborted();
      const page = await store.search({
        ...query,
        from: at,
        to: until,
        ...(cursor === undefined ? {} : { cursor }),
        ...(signal === undefined ? {} : { signal }),
      });
      cursor = page.next;
      more = cursor !== undefined;
      const through = more ? (page.events.at(-1)?.time ?? at) : until;
      yield { judged: page.events.length, through, detections: wanted(detector.processBatch(page.events)) };
    }
  }
  yield { judged: 0, through: to, detections: wanted(detector.advance(Number.MAX_SAFE_INTEGER)) };
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
