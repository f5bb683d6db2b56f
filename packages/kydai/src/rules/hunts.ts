import type { Clock, Detection, EventStore, HuntView } from '@kydai/contracts';
import { type FieldMap, findRule, hunt, loadRules, type RuleSet } from '@kydai/siem';
import { ShellError } from '../error.ts';

/** What is hunted: a rule in force by id or name, or the text of one. */
export interface HuntRequest {
  readonly rule?: string | undefined;
  readonly text?: string | undefined;
  /** Epoch ms, inclusive. */
  readonly from: number;
  /** Epoch ms, exclusive. */
  readonly to: number;
  /** How many hits are given back. */
  readonly limit: number;
  readonly signal?: AbortSignal;
  /** Told after each page; `fresh` are the hits that were not told yet. */
  readonly onProgress?: (progress: HuntProgress, fresh: readonly Detection[]) => void;
}

/** How far a hunt is. */
export interface HuntProgress {
  /** Everything before this time was looked at; epoch ms. */
  readonly through: number;
  readonly judged: number;
  readonly total: number;
}

/** Bounds of one hunt. */
const most = { ms: 120_000, judged: 20_000_000, found: 100_000, atOnce: 2 };

/**
 * Hunts with any rule over stored events. The store finds what may match, the rule decides; a hunt beyond the bounds
 * ends with what it found and says so.
 */
export function createHunts(parts: {
  readonly events: EventStore;
  readonly clock: Clock;
  readonly inForce: () => RuleSet;
  readonly fieldMaps: readonly FieldMap[];
  readonly zone: string;
}): (request: HuntRequest) => Promise<HuntView> {
  const { events, clock, inForce } = parts;
  let underWay = 0;
  return async (request) => {
    if (underWay >= most.atOnce)
      throw new ShellError('busy', `${most.atOnce} hunts are under way; try again when one has ended`);
    const { rules, target, warnings } = quarry(request, inForce, parts.fieldMaps);
    const { from, to, limit, signal, onProgress } = request;
    const pages = hunt({
      rules,
      rule: target.id,
      store: events,
      clock,
      zone: parts.zone,
      from,
      to,
      ...(signal === undefined ? {} : { signal }),
    })!;
    const started = performance.now();
    const hits: Detection[] = [];
    let total = 0;
    let judged = 0;
    let complete = true;
    underWay++;
    try {
      for await (const page of pages) {
        judged += page.judged;
        total += page.detections.length;
        const fresh = page.detections.slice(0, Math.max(0, limit - hits.length));
        hits.push(...fresh);
        onProgress?.({ through: page.through, judged, total }, fresh);
        if (total > most.found || judged > most.judged || performance.now() - started > most.ms) {
          complete = false;
          break;
        }
      }
    } finally {
      underWay--;
    }
    const { id, title, titleVi } = target;
    const rule = { id, title, ...(titleVi === undefined ? {} : { titleVi }) };
    return { rule, hits, total, judged, complete, ms: performance.now() - started, warnings };
  };
}

/**
 * The rule that is meant, among those that feed it.
 *
 * @throws ShellError `not-found` for a rule that is not in force, `invalid` for a text that is no rule
 */
export function quarry(
  { rule, text }: Pick<HuntRequest, 'rule' | 'text'>,
  inForce: () => RuleSet,
  fieldMaps: readonly FieldMap[],
) {
  if (text === undefined) {
    const rules = inForce();
    const target = findRule(rules, rule ?? '');
    if (target === undefined)
      throw new ShellError(
        'not-found',
        `no rule in force is called \`${rule}\`; \`kydai rules list\` has their ids`,
      );
    return { rules, target, warnings: [] };
  }
  const { rules, problems } = loadRules([{ file: 'rule', text }], { fieldMaps });
  const error = problems.find(({ severity }) => severity === 'error');
  if (error) throw new ShellError('invalid', `line ${error.line}: ${error.message}`);
  const target =
    rule === undefined
      ? [...rules.rules, ...rules.correlations].findLast(({ reports }) => reports)
      : findRule(rules, rule);
  if (target === undefined) throw new ShellError('invalid', 'the text holds no rule that reports');
  return { rules, target, warnings: problems.map(({ line, message }) => `line ${line}: ${message}`) };
}
