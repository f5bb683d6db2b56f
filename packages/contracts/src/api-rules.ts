import { z } from 'zod';
import { Detection, Level } from './detection.ts';
import { EntityRef } from './entity.ts';

/** How many detections of a rule may pass in a window; what is not given is as for every rule. */
export const RuleThrottle = z.strictObject({
  /** About the same entities and group. */
  perSource: z.number().int().min(1).max(1_000_000).optional(),
  /** In all; beyond it only what is about entities not yet reported in the window. */
  perRule: z.number().int().min(1).max(1_000_000).optional(),
  windowSeconds: z.number().int().min(1).max(86_400).optional(),
});
export type RuleThrottle = z.infer<typeof RuleThrottle>;

/** A detection rule as the console lists it. */
export const RuleView = z.object({
  id: z.string(),
  title: z.string(),
  title_vi: z.string().optional(),
  kind: z.enum(['rule', 'correlation']),
  level: Level,
  status: z.string(),
  techniques: z.array(z.string()),
  category: z.string().optional(),
  /** The imported pack that it came with; null for the city's own. */
  pack: z.string().nullable(),
  /** How many detections it made; what was held back is counted apart. */
  fired: z.number().int(),
  suppressed: z.number().int(),
  /** Epoch ms; null where it never fired. */
  lastFired: z.number().nullable(),
  /** The cases in its own file, and whether all of them hold; null for rules of packs. */
  tests: z.object({ firing: z.number().int(), quiet: z.number().int(), passed: z.boolean() }).nullable(),
  /** False where somebody switched it off: it reports nothing, and goes on feeding correlations. */
  enabled: z.boolean(),
  /** Limits of its own; null where it has those of every rule. */
  throttle: RuleThrottle.nullable(),
});
export type RuleView = z.infer<typeof RuleView>;

export const RulesView = z.object({
  items: z.array(RuleView),
  total: z.number().int(),
  packs: z.array(
    z.object({
      name: z.string(),
      rules: z.number().int(),
      /** What was left out of it. */
      errors: z.number().int(),
      warnings: z.number().int(),
    }),
  ),
});
export type RulesView = z.infer<typeof RulesView>;

/** What a rule looks for, and whether what is stored could make it fire. */
export const RuleExplanationView = z.object({
  rule: z.object({ id: z.string(), title: z.string(), title_vi: z.string().optional() }),
  logsource: z.record(z.string(), z.string()),
  /** The condition as an indented outline, one question a line; empty for a correlation. */
  outline: z.array(z.string()),
  correlation: z
    .object({
      type: z.string(),
      timespan: z.number(),
      groupBy: z.array(z.string()),
      thresholds: z.array(z.object({ compare: z.string(), value: z.number() })),
      /** The rules that feed it, in the order written. */
      feeds: z.array(z.object({ id: z.string(), title: z.string(), title_vi: z.string().optional() })),
    })
    .nullable(),
  /** Datasets whose events it is asked about; empty for all, `*` at the end stands for anything. */
  datasets: z.array(z.string()),
  /** Each field that it asks for, the names under which events may keep it, and how many of the sample do. */
  fields: z.array(
    z.object({
      name: z.string(),
      sources: z.array(z.object({ field: z.string(), events: z.number().int() })),
    }),
  ),
  /** Events of those datasets that came in the last days. */
  sources: z.array(z.object({ dataset: z.string(), events: z.number().int() })),
  days: z.number().int(),
  /** How many of the newest of them were looked at for `fields`. */
  sampled: z.number().int(),
  /** `no-events`: no source sends what it is about; `no-fields`: what they send lacks a field that it needs. */
  verdict: z.enum(['can-fire', 'no-events', 'no-fields']),
  missing: z.array(z.string()),
  cost: z.object({
    predicates: z.number().int(),
    indexed: z.number().int(),
    always: z.boolean(),
    wakers: z.array(z.string()),
  }),
});
export type RuleExplanationView = z.infer<typeof RuleExplanationView>;

/** What the author says of a rule. */
const RuleWords = z.object({
  description: z.string(),
  /** What it misses; null where nothing is said. */
  knownGaps: z.string().nullable(),
  falsePositives: z.array(z.string()),
});

export const RuleDetailView = RuleView.extend({
  ...RuleWords.shape,
  /** The same in Vietnamese, where the rule carries it. */
  vi: RuleWords.optional(),
  tags: z.array(z.string()),
  file: z.string(),
  /** The file as it was written. */
  text: z.string(),
  explanation: RuleExplanationView,
  cases: z.array(
    z.object({
      name: z.string(),
      fires: z.boolean(),
      fired: z.number().int(),
      passed: z.boolean(),
      events: z.array(z.unknown()),
    }),
  ),
  /** Detections of the last 30 days, one entry a day, oldest first. Epoch ms of the day's start. */
  daily: z.array(z.object({ time: z.number(), count: z.number().int() })),
  /** The limits that hold for it. */
  limits: RuleThrottle.required(),
  /** The last change of its state, by whom and why. */
  changed: z.object({ by: z.string(), at: z.number(), reason: z.string() }).nullable(),
});
export type RuleDetailView = z.infer<typeof RuleDetailView>;

/** Switches a rule on or off, or gives it limits of its own (null: those of every rule). */
export const RuleChangeBody = z
  .strictObject({
    enabled: z.boolean().optional(),
    throttle: RuleThrottle.nullable().optional(),
    reason: z.string().trim().min(1).max(500),
  })
  .refine(
    (body) => body.enabled !== undefined || body.throttle !== undefined,
    'give `enabled` or `throttle`',
  );
export type RuleChangeBody = z.input<typeof RuleChangeBody>;

/** One finding about one rule of a pack. */
export const RuleProblemView = z.object({
  code: z.string(),
  severity: z.enum(['error', 'warning']),
  file: z.string(),
  line: z.number().int(),
  message: z.string(),
});
export type RuleProblemView = z.infer<typeof RuleProblemView>;

/** What is said while a pack is read, one JSON document a line; the last one says how it ended. */
export const PackNews = z.discriminatedUnion('type', [
  z.object({ type: z.literal('progress'), read: z.number().int(), files: z.number().int() }),
  z.object({
    type: z.literal('done'),
    name: z.string(),
    /** False where it was only checked. */
    imported: z.boolean(),
    rules: z.number().int(),
    /** The rules in force after it; null where it was only checked. */
    inForce: z.number().int().nullable(),
    errors: z.number().int(),
    warnings: z.number().int(),
    /** The first 500, errors first. */
    problems: z.array(RuleProblemView),
    /** Files that were too large to be rules. */
    tooLarge: z.array(z.string()),
  }),
  z.object({ type: z.literal('failed'), code: z.string(), detail: z.string() }),
]);
export type PackNews = z.infer<typeof PackNews>;

/** Which techniques of ATT&CK the rules in force speak of. */
export const CoverageView = z.object({
  techniques: z.array(
    z.object({
      technique: z.string(),
      name: z.string(),
      matrix: z.enum(['enterprise', 'ics']),
      /** How often those rules fired; a rule with several techniques counts for each. */
      fired: z.number().int(),
      count: z.number().int(),
      /** At most 50 of them. */
      rules: z.array(
        z.object({ id: z.string(), title: z.string(), title_vi: z.string().optional(), level: z.string() }),
      ),
    }),
  ),
  /** The columns of ATT&CK's matrices, covered or not. */
  matrix: z.array(
    z.object({
      matrix: z.enum(['enterprise', 'ics']),
      tactic: z.string(),
      techniques: z.array(z.object({ technique: z.string(), name: z.string() })),
    }),
  ),
  tactics: z.record(z.string(), z.number().int()),
  categories: z.record(z.string(), z.number().int()),
  untagged: z.number().int(),
});
export type CoverageView = z.infer<typeof CoverageView>;

/** A hunt: one rule, in force or as YAML text, over stored events. */
export const HuntBody = z
  .strictObject({
    rule: z.string().min(1).max(200).optional(),
    /** A Sigma document, or several (a correlation with its rules); the last one that reports is hunted. */
    text: z.string().min(1).max(500_000).optional(),
    from: z.iso.datetime({ offset: true }),
    to: z.iso.datetime({ offset: true }).optional(),
    limit: z.number().int().min(1).max(10_000).default(100),
  })
  .refine(({ rule, text }) => rule !== undefined || text !== undefined, 'give `rule` or `text`');
export type HuntBody = z.input<typeof HuntBody>;

export const HuntView = z.object({
  rule: z.object({ id: z.string(), title: z.string(), titleVi: z.string().optional() }),
  /** The first hits, oldest first; `total` counts all that were found. */
  hits: z.array(Detection),
  total: z.number().int(),
  /** Events that the store let through and the rule judged. */
  judged: z.number().int(),
  /** False where a bound ended the hunt before its time. */
  complete: z.boolean(),
  ms: z.number(),
  /** How the rule was understood. */
  warnings: z.array(z.string()),
});
export type HuntView = z.infer<typeof HuntView>;

/** What is said while a hunt goes on, one JSON document a line (`Accept: application/x-ndjson`). */
export const HuntNews = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('progress'),
    /** Everything before this time was looked at, of the time between `from` and `to`; epoch ms. */
    through: z.number(),
    from: z.number(),
    to: z.number(),
    judged: z.number().int(),
    total: z.number().int(),
    /** Hits that were not told yet. */
    hits: z.array(Detection),
  }),
  z.object({ type: z.literal('done'), view: HuntView }),
  z.object({ type: z.literal('failed'), code: z.string(), detail: z.string() }),
]);
export type HuntNews = z.infer<typeof HuntNews>;

/** Opens an incident for what a hunt found; no playbook starts by itself. */
export const HuntIncidentBody = z.strictObject({
  rule: z.strictObject({
    id: z.string().max(200),
    title: z.string().max(256),
    titleVi: z.string().max(256).optional(),
  }),
  level: Level,
  /** The stored events that it rests on; they are read again. */
  eventIds: z.array(z.string().max(100)).min(1).max(100),
  /** How many events in all. */
  eventCount: z.number().int().min(1).max(1_000_000_000),
  techniques: z.array(z.string().max(20)).max(50).default([]),
  tags: z.array(z.string().max(100)).max(50).default([]),
  entities: z.array(EntityRef).max(100).default([]),
  comment: z.string().trim().max(4000).default(''),
});
export type HuntIncidentBody = z.input<typeof HuntIncidentBody>;
