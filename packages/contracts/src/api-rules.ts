import { z } from 'zod';
import { Detection, Level } from './detection.ts';

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

/** Which techniques of ATT&CK the rules in force speak of. */
export const CoverageView = z.object({
  techniques: z.array(
    z.object({
      technique: z.string(),
      matrix: z.enum(['enterprise', 'ics']),
      count: z.number().int(),
      /** At most 50 of them. */
      rules: z.array(z.object({ id: z.string(), title: z.string(), level: z.string() })),
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
    limit: z.number().int().min(1).max(1000).default(100),
  })
  .refine(({ rule, text }) => rule !== undefined || text !== undefined, 'give `rule` or `text`');
export type HuntBody = z.input<typeof HuntBody>;

export const HuntView = z.object({
  rule: z.object({ id: z.string(), title: z.string() }),
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
