import { z } from 'zod';
import { SystemView } from './api.ts';
import { Finding, FindingSeverity } from './finding.ts';

/** How many findings, and of what kind. */
export const FindingCounts = z.object({
  findings: z.number().int(),
  /** By severity. */
  severities: z.record(z.string(), z.number().int()),
  knownExploited: z.number().int(),
  malicious: z.number().int(),
  /** Those that a published version clears. */
  fixable: z.number().int(),
});
export type FindingCounts = z.infer<typeof FindingCounts>;

/** All that is kept, in a line: what the page of vulnerabilities opens with. */
export const FindingSummary = FindingCounts.extend({
  systems: z.number().int(),
  /** Number of systems by verdict. */
  verdicts: z.record(z.string(), z.number().int()),
  components: z.number().int(),
  advisories: z.number().int(),
  owners: z.number().int(),
  /** The advisory database in use; null where none was imported. */
  database: z.object({ digest: z.string(), advisories: z.number().int(), imported: z.number() }).nullable(),
});
export type FindingSummary = z.infer<typeof FindingSummary>;

export const FindingGrouping = z.enum(['system', 'component', 'advisory', 'owner']);
export type FindingGrouping = z.infer<typeof FindingGrouping>;

/** The findings of one system, component, advisory or owner. */
export const FindingGroup = FindingCounts.extend({
  /** Id of the system, package URL, id of the advisory, or the owner's name. */
  key: z.string(),
  name: z.string(),
  /** A version, a summary, or empty. */
  detail: z.string(),
  worst: FindingSeverity,
  score: z.number().nullable(),
  epss: z.number().optional(),
  /** Epoch ms: when the first and the last of them were found here. */
  first: z.number().optional(),
  last: z.number().optional(),
  published: z.string().optional(),
  systems: z.number().int(),
  components: z.number().int(),
  /** Where the group is a system. */
  system: SystemView.optional(),
});
export type FindingGroup = z.infer<typeof FindingGroup>;
export const FindingGroupPage = z.object({ items: z.array(FindingGroup), total: z.number().int() });
export type FindingGroupPage = z.infer<typeof FindingGroupPage>;

/** A finding with where it is. */
export const FoundView = z.object({
  finding: Finding,
  system: SystemView.pick({ id: true, name: true, version: true, owner: true, zone: true, site: true }),
});
export type FoundView = z.infer<typeof FoundView>;
export const FoundPage = z.object({ items: z.array(FoundView), total: z.number().int() });
export type FoundPage = z.infer<typeof FoundPage>;

/** What the database says of an advisory. */
export const AdvisoryView = z.object({
  id: z.string(),
  aliases: z.array(z.string()),
  summary: z.string(),
  severity: FindingSeverity,
  score: z.number().nullable(),
  vector: z.string().nullable(),
  epss: z.number().optional(),
  knownExploited: z.boolean(),
  malicious: z.boolean(),
  published: z.string(),
  modified: z.string(),
  url: z.string(),
});
export type AdvisoryView = z.infer<typeof AdvisoryView>;

const GraphNode = z.object({
  /** Place in the list; 0 is the system itself. */
  id: z.number().int(),
  name: z.string(),
  version: z.string(),
  purl: z.string(),
  /** Steps from the system, along what is shown. */
  depth: z.number().int(),
  /** Worst severity of its findings; null where it has none. */
  severity: FindingSeverity.nullable(),
  findings: z.number().int(),
  knownExploited: z.boolean(),
  /** Components that it needs and that are not shown, because no way to a finding leads over them. */
  hidden: z.number().int(),
});
export type GraphNode = z.infer<typeof GraphNode>;

/** The ways from a system to its vulnerable components, and nothing else of its graph. */
export const SbomGraph = z.object({
  system: SystemView,
  /** Of the whole document. */
  components: z.number().int(),
  relations: z.number().int(),
  /** Components with findings, and how many of them are shown. */
  vulnerable: z.number().int(),
  shown: z.number().int(),
  nodes: z.array(GraphNode),
  edges: z.array(z.tuple([z.number().int(), z.number().int()])),
  /** For the component that was asked about: a way over each direct dependency that brings it in, shortest first. */
  ways: z.array(z.array(z.number().int())),
  /** How many more direct dependencies bring it in. */
  moreWays: z.number().int(),
});
export type SbomGraph = z.infer<typeof SbomGraph>;

/** What became of a waiver in one run of the gate. */
export const WaiverState = z.enum(['applied', 'unused', 'reopened', 'unsigned', 'expired']);
export type WaiverState = z.infer<typeof WaiverState>;

export const WaiverView = z.strictObject({
  advisory: z.string().max(200),
  component: z.string().max(2000),
  owner: z.string().max(200),
  reason: z.string().max(2000),
  /** A day (its end, UTC) or an RFC 3339 time. */
  expires: z.string().max(40),
  signers: z.array(z.string().max(200)).max(20),
  state: WaiverState,
  /** Why it was not applied; empty where it was. */
  why: z.string().max(2000),
});
export type WaiverView = z.infer<typeof WaiverView>;

/** One run of the gate, as a pipeline tells of it. */
export const GateReport = z.strictObject({
  pipeline: z.string().min(1).max(200),
  build: z.string().min(1).max(256),
  verdict: z.enum(['pass', 'fail', 'unchecked']),
  /** Epoch ms by the clock of the pipeline. */
  ran: z.number(),
  zone: z.string().max(64),
  components: z.number().int().min(0),
  assessed: z.number().int().min(0),
  severities: z.record(z.string().max(20), z.number().int().min(0)),
  knownExploited: z.number().int().min(0),
  malicious: z.number().int().min(0),
  /** The first of the findings that alone would keep it from shipping, and how many there are. */
  blocking: z
    .array(
      z.strictObject({
        advisory: z.string().max(200),
        component: z.string().max(2000),
        severity: FindingSeverity,
        fix: z.string().max(200).nullable(),
      }),
    )
    .max(20),
  blockingTotal: z.number().int().min(0),
  /** The policies that decided, or why it could not be checked. */
  reasons: z
    .array(z.strictObject({ id: z.string().max(200), vi: z.string().max(500), en: z.string().max(500) }))
    .max(50),
  waivers: z.array(WaiverView).max(500),
  database: z.strictObject({ digest: z.string().max(64), imported: z.number() }),
  policySet: z.string().max(64),
});
export type GateReport = z.infer<typeof GateReport>;

/** The same as the server keeps it. */
export const GateRun = GateReport.extend({
  id: z.string(),
  /** Epoch ms when the server got it. */
  received: z.number(),
  /** The token that sent it. */
  by: z.string(),
});
export type GateRun = z.infer<typeof GateRun>;

export const GateRunPage = z.object({
  items: z.array(GateRun),
  total: z.number().int(),
  /** Every pipeline with its last verdicts, the newest first. */
  pipelines: z.array(
    z.object({
      pipeline: z.string(),
      runs: z.number().int(),
      last: z.number(),
      verdicts: z.array(z.enum(['pass', 'fail', 'unchecked'])),
    }),
  ),
});
export type GateRunPage = z.infer<typeof GateRunPage>;

/** The waivers that the last run of each pipeline named. */
export const WaiverPage = z.object({
  items: z.array(
    WaiverView.extend({ pipeline: z.string(), build: z.string(), run: z.string(), seen: z.number() }),
  ),
  total: z.number().int(),
});
export type WaiverPage = z.infer<typeof WaiverPage>;
