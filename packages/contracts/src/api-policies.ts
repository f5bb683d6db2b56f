import { z } from 'zod';

/** The policy set in force, and how it came to be. */
export const PolicySetView = z.object({
  digest: z.string(),
  policies: z.number().int(),
  /** Cases that held before it came into force. */
  cases: z.number().int(),
  /** Of the bundle, where it came as one. */
  version: z.number().int().optional(),
  since: z.number(),
});

export const PolicyConditionView = z.object({
  condition: z.string(),
  line: z.number().int(),
  /** In how many cases it came to this. */
  held: z.number().int(),
  heldNot: z.number().int(),
});
export type PolicyConditionView = z.infer<typeof PolicyConditionView>;

export const PolicyView = z.object({
  id: z.string(),
  effect: z.enum(['permit', 'forbid']),
  file: z.string(),
  line: z.number().int(),
  text: z.string(),
  annotations: z.record(z.string(), z.string()),
  /** In how many cases it applied, and in how many of its action it did not; absent where no cases came with the set. */
  coverage: z
    .object({
      fired: z.number().int(),
      spared: z.number().int(),
      conditions: z.array(PolicyConditionView),
    })
    .optional(),
});
export type PolicyView = z.infer<typeof PolicyView>;

export const PolicyCaseView = z.object({
  file: z.string(),
  name: z.string(),
  passed: z.boolean(),
  expected: z.string(),
  got: z.string(),
});
export type PolicyCaseView = z.infer<typeof PolicyCaseView>;

export const PoliciesView = PolicySetView.extend({
  warnings: z.array(z.string()),
  items: z.array(PolicyView),
  tests: z.array(PolicyCaseView),
  /** The last set that was refused since this start, and where it is wrong. */
  refused: z
    .object({
      at: z.number(),
      by: z.string(),
      message: z.string(),
      file: z.string().optional(),
      line: z.number().int().optional(),
      column: z.number().int().optional(),
    })
    .optional(),
});
export type PoliciesView = z.infer<typeof PoliciesView>;

const PolicyFile = z.strictObject({ file: z.string().min(1).max(1024), text: z.string() });
export const PolicyFilesView = z.object({ schema: PolicyFile, policies: z.array(PolicyFile) });
export type PolicyFilesView = z.infer<typeof PolicyFilesView>;

export const ReplayBody = z.strictObject({
  schema: PolicyFile,
  policies: z.array(PolicyFile).max(10_000),
  hours: z.number().min(0.01).max(8784).default(24),
});

const Uid = z.object({ type: z.string(), id: z.string() });
/** Requests of one principal for one action that a candidate decides otherwise. */
export const ReplayDifferenceView = z.object({
  principal: Uid,
  action: z.string(),
  requests: z.number().int(),
  /** At most 10 different ones. */
  resources: z.array(Uid),
  /** The policies of the candidate that decide. */
  policies: z.array(z.string()),
});
export type ReplayDifferenceView = z.infer<typeof ReplayDifferenceView>;
export const ReplayView = z.object({
  candidate: z.string(),
  requests: z.number().int(),
  same: z.number().int(),
  unreadable: z.number().int(),
  /** Decided otherwise today by the set in force than they were recorded: facts have changed. */
  drifted: z.number().int(),
  gains: z.array(ReplayDifferenceView),
  loses: z.array(ReplayDifferenceView),
  /** The cases of the set in force, under the candidate. */
  tests: z.object({
    passed: z.number().int(),
    failed: z.number().int(),
    results: z.array(PolicyCaseView),
  }),
});
export type ReplayView = z.infer<typeof ReplayView>;

export const BlastView = z.object({
  loses: z.array(z.object({ principal: Uid, action: z.string(), resource: Uid, by: z.array(z.string()) })),
  gains: z.array(z.object({ principal: Uid, action: z.string(), resource: Uid })),
  /** How many entities were asked about: the one that changes, those below it, and those that name it. */
  entities: z.number().int(),
  /** False where there were more than could be listed. */
  complete: z.boolean(),
});
export type BlastView = z.infer<typeof BlastView>;

/** Something that the engine knew, or did not know. */
export const ExplainedFact = z.object({
  name: z.string(),
  value: z.unknown().optional(),
  source: z.string().optional(),
  at: z.number().optional(),
  until: z.number().optional(),
  stale: z.boolean().optional(),
});
export type ExplainedFact = z.infer<typeof ExplainedFact>;
const Remedy = z.array(z.object({ condition: z.string(), must: z.boolean(), facts: z.array(ExplainedFact) }));
const DecidingPolicy = z.looseObject({
  id: z.string(),
  effect: z.enum(['permit', 'forbid']),
  reason: z.string().optional(),
  reasonEn: z.string().optional(),
});
export const ExplanationView = z.object({
  decision: z.looseObject({
    allowed: z.boolean(),
    outcome: z.enum(['permitted', 'forbidden', 'not-permitted', 'stale']),
  }),
  determining: z.array(
    DecidingPolicy.extend({
      /** What its permission raises: somebody broke the glass. */
      alarm: z.string().optional(),
      place: z.object({ file: z.string(), line: z.number().int(), column: z.number().int() }),
      conditions: z.array(
        z.looseObject({
          condition: z.string(),
          value: z.union([z.boolean(), z.enum(['failed', 'stale'])]),
          facts: z.array(ExplainedFact),
        }),
      ),
    }),
  ),
  standsInTheWay: z.array(DecidingPolicy),
  remedies: z.array(Remedy),
});
export type ExplanationView = z.infer<typeof ExplanationView>;
