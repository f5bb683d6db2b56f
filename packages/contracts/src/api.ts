import { z } from 'zod';
import { AuditEntry } from './audit.ts';
import { Detection, Level } from './detection.ts';
import { Certificate, Device, RevocationReason } from './device.ts';
import { EntityRef } from './entity.ts';
import { Incident } from './incident.ts';
import { Indicator } from './indicator.ts';
import { SourceLedger, SourceRate } from './ledger.ts';
import { ObligationClock } from './obligation.ts';
import { Phrase } from './phrase.ts';
import { PlaybookRun } from './playbook-run.ts';

/**
 * The bodies of the HTTP API under `/api/v1`, shared by the server (which validates and documents with them) and the
 * console (which takes its types from them).
 */

/** RFC 9457 problem document. `code` is the closed error code; `errors` names the places of invalid input. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  code: z.string(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});
export type Problem = z.infer<typeof Problem>;

/** What a person may do in the console; each is an action of `policies/access`, asked for this person. */
export const consoleActions = [
  'view',
  'search-logs',
  'handle-incident',
  'approve-step',
  'contain-device',
  'revoke-certificate',
  'create-enrolment-token',
  'create-api-token',
  'change-rules',
] as const;
export const ConsoleAction = z.enum(consoleActions);
export type ConsoleAction = z.infer<typeof ConsoleAction>;

export const SessionView = z.object({
  user: z.object({ id: z.string(), name: z.string(), roles: z.array(z.string()) }),
  permissions: z.array(ConsoleAction),
  /** Version of the running program. */
  version: z.string(),
});
export type SessionView = z.infer<typeof SessionView>;

const page = <T extends z.ZodType>(item: T) => z.object({ items: z.array(item), total: z.number().int() });

/** In how many of the newest was looked, where there are more. */
const searched = z.number().int().optional();
export const IncidentPage = page(Incident).extend({ searched });
export type IncidentPage = z.infer<typeof IncidentPage>;
export const DetectionPage = page(Detection).extend({ searched });
export type DetectionPage = z.infer<typeof DetectionPage>;
/** Too many names hold the letters that were looked for: shown are those that begin with them, or the first thousand. */
const named = z.enum(['beginning', 'first']).optional();
export const DevicePage = page(Device).extend({ named });
export type DevicePage = z.infer<typeof DevicePage>;
export const CertificatePage = page(Certificate).extend({ named });
export type CertificatePage = z.infer<typeof CertificatePage>;

/** A playbook step that waits for a person, with what the person needs to decide. */
export const WaitingApproval = z.object({
  runId: z.string(),
  stepId: z.string(),
  /** The same for steps that ask the same for the same reason, which one answer may decide. */
  group: z.string().optional(),
  /** What the step acts on. */
  targets: z.array(EntityRef).readonly().optional(),
  stepName: z.string(),
  stepNameVi: z.string().optional(),
  /** True for a task that a person carries out and confirms; otherwise approval lets Kỳ Đài act. */
  task: z.boolean().optional(),
  incidentId: z.string(),
  incidentNumber: z.string(),
  incidentTitle: z.string(),
  incidentTitleVi: z.string().optional(),
  severity: Level,
  since: z.number(),
  /** Why it needs a person: the reason of the deciding policy. */
  reason: z.string(),
  /** The same in English, where the policy says it in both languages. */
  reasonEn: z.string().optional(),
  reasonPhrases: z.array(Phrase).readonly().optional(),
  /** What the person does, or what Kỳ Đài does once approved; in English and Vietnamese. */
  command: z.string().optional(),
  commandVi: z.string().optional(),
  drill: z.boolean(),
});
export type WaitingApproval = z.infer<typeof WaitingApproval>;

/** One answer to many waiting steps: to exactly those that are named. */
export const GroupDecisionBody = z.strictObject({
  members: z
    .array(z.strictObject({ runId: z.string().max(128), stepId: z.string().max(256) }))
    .min(1)
    .max(1000),
  approved: z.boolean(),
  comment: z.string().max(4000).default(''),
});
/** How far an answer to many steps has come. */
export const GroupDecisionView = z.object({
  id: z.string(),
  by: z.string(),
  approved: z.boolean(),
  at: z.number(),
  total: z.number().int(),
  answered: z.number().int(),
  /** Answered by somebody else before, or over. */
  gone: z.number().int(),
  failed: z.number().int(),
  stopped: z.string().optional(),
  ended: z.number().optional(),
});
export type GroupDecisionView = z.infer<typeof GroupDecisionView>;
export const ApprovalsView = z.object({
  waiting: z.array(WaitingApproval),
  decisions: z.array(GroupDecisionView),
  perMinute: z.number(),
});
export type ApprovalsView = z.infer<typeof ApprovalsView>;

export const Overview = z.object({
  now: z.number(),
  incidents: z.object({
    open: z.number().int(),
    bySeverity: z.record(z.string(), z.number().int()),
    /** Newest open ones, at most 8. */
    newest: z.array(Incident),
  }),
  indicators: z.array(Indicator),
  approvals: z.array(WaitingApproval),
  obligations: z.array(ObligationClock),
  devices: z.object({
    total: z.number().int(),
    quarantined: z.number().int(),
    certificatesValid: z.number().int(),
    certificatesExpiringSoon: z.number().int(),
    certificatesRevoked: z.number().int(),
  }),
  sources: z.array(SourceLedger),
  /** Events and detections per interval over the last 24 hours, oldest first. */
  activity: z.array(z.object({ time: z.number(), events: z.number().int(), detections: z.number().int() })),
  /** Event time to detection, milliseconds, over the last 1,000 detections; reported apart from MTTD. */
  pipelineLatency: z.object({ n: z.number().int(), p50: z.number().nullable(), p99: z.number().nullable() }),
});
export type Overview = z.infer<typeof Overview>;

export const IncidentView = z.object({
  incident: Incident,
  detections: z.array(Detection),
  runs: z.array(PlaybookRun),
  obligations: z.array(ObligationClock),
});
export type IncidentView = z.infer<typeof IncidentView>;

export const IncidentActionBody = z.strictObject({
  action: z.enum(['open', 'restore', 'report', 'close', 'false-positive', 'comment']),
  comment: z.string().max(4000).default(''),
});

export const ApprovalBody = z.strictObject({
  stepId: z.string().min(1).max(200),
  approved: z.boolean(),
  comment: z.string().max(4000).default(''),
});

export const DeviceView = z.object({
  device: Device,
  certificates: z.array(Certificate),
  incidents: z.array(Incident),
});
export type DeviceView = z.infer<typeof DeviceView>;

export const RevokeBody = z.strictObject({
  reason: RevocationReason,
  comment: z.string().max(4000).default(''),
});
export const ContainDeviceBody = z.strictObject({
  quarantined: z.boolean(),
  reason: z.string().min(1).max(1000),
});

export const EnrolmentTokenBody = z.strictObject({
  deviceId: z.string().min(1).max(64),
  kind: z.string(),
  zone: z.string().min(1).max(64),
  minutes: z.number().int().min(1).max(10080).default(60),
  /** Marks a device that is new to the register as a drill's. */
  drill: z.boolean().default(false),
});
/** The token is shown once; only its hash is kept. */
export const EnrolmentTokenView = z.object({
  token: z.string(),
  deviceId: z.string(),
  expires: z.number(),
  /** Ready-made shell commands to enrol with openssl and curl. */
  commands: z.string(),
  /** The same with other programs: ours, openssl and curl, strongSwan's pki. */
  recipes: z.object({ kydai: z.string(), openssl: z.string(), strongswan: z.string() }),
});
export type EnrolmentTokenView = z.infer<typeof EnrolmentTokenView>;

/** A system or build whose SBOM the server keeps. */
export const SystemView = z.object({
  id: z.string(),
  name: z.string(),
  version: z.string(),
  owner: z.string(),
  components: z.number().int(),
  notAssessed: z.number().int(),
  received: z.number(),
  /** Verdict of the release policies: pass, fail, or could not check. */
  verdict: z.enum(['pass', 'fail', 'unchecked']),
  findings: z.record(z.string(), z.number().int()),
  /** Part of the city's network where it runs. */
  zone: z.string().optional(),
  /** Where it stands: a building, a junction, a station. */
  site: z.string().optional(),
});
export type SystemView = z.infer<typeof SystemView>;

/** What a look at the advisories brought: of how many packages they say something else, in how many systems. */
export const AdvisoriesRefreshed = z.object({
  database: z.string(),
  packages: z.number().int(),
  systems: z.number().int(),
  findings: z.number().int(),
});

export const SourcesView = z.object({
  sources: z.array(SourceLedger),
  rates: z.array(SourceRate).optional(),
});
export type SourcesView = z.infer<typeof SourcesView>;

/** One recent decision, as the console lists it. */
export const DecisionView = z.object({
  at: z.number(),
  /** `Device::"cam-001"`. */
  principal: z.string(),
  action: z.string(),
  resource: z.string(),
  /** What it was asked with besides, to ask for an explanation. */
  context: z.record(z.string(), z.unknown()).optional(),
  allowed: z.boolean(),
  outcome: z.enum(['permitted', 'forbidden', 'not-permitted', 'stale']),
  determining: z.array(
    z.object({
      id: z.string(),
      effect: z.enum(['permit', 'forbid']),
      reason: z.string().optional(),
      reasonEn: z.string().optional(),
    }),
  ),
});
export type DecisionView = z.infer<typeof DecisionView>;
export const DecisionsView = z.object({
  items: z.array(DecisionView),
  /** What the console and the collectors were allowed to do since the start: kept as events, not among the items. */
  unlisted: z.number().int(),
});
export type DecisionsView = z.infer<typeof DecisionsView>;

export const AuditPage = z.object({
  items: z.array(z.object({ index: z.number().int(), hash: z.string(), entry: AuditEntry })),
  total: z.number().int(),
});
export type AuditPage = z.infer<typeof AuditPage>;
export const AuditVerdictView = z.object({
  intact: z.boolean(),
  size: z.number().int(),
  root: z.string(),
  checkpoints: z.number().int(),
  faults: z.array(z.string()),
});

/** How one can sign in, for the page that a signed-out person sees. */
export const SignInMethods = z.object({
  local: z.boolean(),
  oidc: z.object({ name: z.string() }).nullable(),
});
export type SignInMethods = z.infer<typeof SignInMethods>;
