import { type Clock, type RecordStore, RuleThrottle, recordKind, write } from '@kydai/contracts';
import type { RuleSet, ThrottleLimits } from '@kydai/siem';
import { z } from 'zod';
import type { Config } from '../config/schema.ts';

/** What somebody changed about one rule. */
const RuleSetting = z
  .strictObject({
    rule: z.string(),
    enabled: z.boolean(),
    throttle: RuleThrottle.nullable(),
    by: z.string(),
    at: z.number(),
    reason: z.string(),
  })
  .readonly();
export type RuleSetting = z.infer<typeof RuleSetting>;

const ruleSettings = recordKind<RuleSetting>({
  name: 'rule_settings',
  schema: RuleSetting,
  key: (setting) => setting.rule,
  indexes: {},
});

export interface RuleSettings {
  of(rule: string): RuleSetting | undefined;
  /** The limits of every rule, of those with limits of their own, and of all together. */
  limits(): ThrottleLimits;
  /** The rules as they are to run: those that are switched off report nothing. */
  active(rules: RuleSet): RuleSet;
  /** Keeps a change, with a line in the audit log. */
  change(change: {
    readonly rule: string;
    readonly enabled?: boolean | undefined;
    readonly throttle?: RuleThrottle | null | undefined;
    readonly reason: string;
    readonly by: string;
  }): Promise<RuleSetting>;
}

/** The state of the rules that somebody changed; it outlives a restart and a new import of the rule. */
export async function openRuleSettings(
  records: RecordStore,
  clock: Clock,
  throttle: Config['detection']['throttle'],
): Promise<RuleSettings> {
  const settings = new Map<string, RuleSetting>();
  for (let offset = 0, total = 1; offset < total; offset += 10_000) {
    const page = await records.find(ruleSettings, { limit: 10_000, offset });
    for (const { value } of page.records) settings.set(value.rule, value);
    total = page.total;
  }
  return {
    of: (rule) => settings.get(rule),
    limits() {
      const own = [...settings.values()].flatMap(({ rule, throttle: limits }) =>
        limits === null ? [] : [[rule, inMilliseconds(limits)] as const],
      );
      const { overall, perSource, perRule, windowSeconds } = throttle;
      return { perSource, perRule, window: windowSeconds * 1000, overall, rules: new Map(own) };
    },
    active: (rules) => withoutReports(rules, (id) => settings.get(id)?.enabled === false),
    async change({ rule, enabled, throttle: limits, reason, by }) {
      const before = settings.get(rule);
      const next: RuleSetting = {
        rule,
        enabled: enabled ?? before?.enabled ?? true,
        throttle: limits === undefined ? (before?.throttle ?? null) : limits,
        by,
        at: clock.now(),
        reason,
      };
      const detail = { enabled: next.enabled, throttle: JSON.stringify(next.throttle), reason };
      await records.commit(
        [write.put(ruleSettings, next)],
        [{ at: next.at, actor: by, action: 'rule.change', target: `rule:${rule}`, detail }],
      );
      settings.set(rule, next);
      return next;
    },
  };
}

function inMilliseconds({ windowSeconds, perSource, perRule }: RuleThrottle) {
  return {
    ...(perSource === undefined ? {} : { perSource }),
    ...(perRule === undefined ? {} : { perRule }),
    ...(windowSeconds === undefined ? {} : { window: windowSeconds * 1000 }),
  };
}

/** What is off reports nothing; it stays where a correlation that reports still counts it. */
function withoutReports(rules: RuleSet, off: (rule: string) => boolean): RuleSet {
  const marked = <Rule extends { readonly id: string; readonly reports: boolean }>(rule: Rule): Rule =>
    rule.reports && off(rule.id) ? { ...rule, reports: false } : rule;
  const needed = new Set<string>();
  const correlations = rules.correlations
    .map(marked)
    // Each comes after those that feed it, so that the last ones say what is needed.
    .toReversed()
    .filter((rule) => {
      const stays = rule.reports || needed.has(rule.id);
      if (stays) for (const id of rule.rules) needed.add(id);
      return stays;
    })
    .toReversed();
  const plain = rules.rules.map(marked).filter((rule) => rule.reports || needed.has(rule.id));
  return { rules: plain, correlations, size: plain.length + correlations.length };
}
