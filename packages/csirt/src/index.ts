export { CsirtError, type CsirtErrorCode, type Place } from './error.ts';
export {
  actOnIncident,
  allowedActions,
  applyAction,
  type IncidentAction,
  type IncidentActionRequest,
  incidentActions,
} from './incident/actions.ts';
export { detections, incidents, runs, startRequests } from './incident/kinds.ts';
export { type LoadedPlaybooks, loadPlaybooks, type Playbook, type PlaybookProblem } from './playbook/load.ts';
export { readPlaybook, writePlaybook } from './playbook/read.ts';
export type { CacaoPlaybook } from './playbook/schema.ts';
export {
  type SignatureVerdict,
  type SignOptions,
  signPlaybook,
  verifySignatures,
} from './playbook/signature.ts';
export { computeIndicators } from './report/indicators.ts';
export { type Notice, type Reporter, renderNotice } from './report/notice.ts';
export { type LoadedObligations, loadObligations, obligationClocks } from './report/obligations.ts';
export { type YearlyReport, yearlyReport } from './report/yearly.ts';
export { createExecutor } from './run/executor.ts';
export type {
  Approval,
  Decision,
  DecisionProgress,
  Evidence,
  Executor,
  ExecutorOptions,
} from './run/ports.ts';
export type { TriageOptions } from './triage/batch.ts';
export { createTriage, type Triage, type Triaged } from './triage/triage.ts';
