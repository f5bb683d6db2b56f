/** Where the API begins. */
export const root = '/api/v1';

/** Paths of what can be asked to change. */
export const paths = {
  approvals: `${root}/approvals`,
  stopDecision: (id: string) => `${root}/approvals/${encodeURIComponent(id)}/stop`,
  policyReplay: `${root}/policies/replay`,
  incidentAction: (id: string) => `${root}/incidents/${encodeURIComponent(id)}/actions`,
  approval: (runId: string) => `${root}/runs/${encodeURIComponent(runId)}/approvals`,
  containment: (id: string) => `${root}/devices/${encodeURIComponent(id)}/containment`,
  revoke: (serial: string) => `${root}/certificates/${encodeURIComponent(serial)}/revoke`,
  enrolmentTokens: `${root}/enrolment-tokens`,
  application: (id: string) => `${root}/pki/applications/${encodeURIComponent(id)}`,
  apiTokens: `${root}/api-tokens`,
  rule: (id: string) => `${root}/rules/${encodeURIComponent(id)}`,
  ruleExplain: `${root}/rules/explain`,
  pack: (name: string) => `${root}/rule-packs/${encodeURIComponent(name)}`,
  packCheck: (name: string) => `${root}/rule-packs/${encodeURIComponent(name)}/check`,
  hunts: `${root}/hunts`,
  huntIncident: `${root}/hunts/incident`,
  inclusion: (index: number) => `${root}/audit/inclusion?index=${index}`,
  auditVerify: `${root}/audit/verify`,
  signOut: `${root}/sign-out`,
  stream: `${root}/stream`,
} as const;
