// One file because every question to the API stands beside the others, with the key by which its answer is kept.
import type {
  AdvisoryView,
  ApplicationView,
  ApprovalsView,
  AuditPage,
  AuthorityView,
  BackupsView,
  BlastView,
  Certificate,
  CertificatePage,
  CoverageView,
  DecisionsView,
  DetectionPage,
  DevicePage,
  DeviceView,
  EventPageView,
  ExplanationView,
  FindingGrouping,
  FindingGroupPage,
  FindingSummary,
  ForecastView,
  FoundPage,
  GateRunPage,
  HistogramView,
  ImpactView,
  IncidentPage,
  IncidentView,
  IndicatorName,
  Overview,
  PkiHealthView,
  PoliciesView,
  PolicyFilesView,
  ReplayView,
  RuleDetailView,
  RulesView,
  SbomGraph,
  SessionView,
  SignInMethods,
  SourcesView,
  WaiverPage,
} from '@kydai/contracts';
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { get, post, withParameters } from './client.ts';
import { paths, root } from './paths.ts';

export interface Page<T> {
  readonly items: readonly T[];
  readonly total: number;
}

/** The first word of every query key: what live signals invalidate by. */
export type Subject =
  | 'overview'
  | 'incidents'
  | 'incident'
  | 'detections'
  | 'devices'
  | 'device'
  | 'certificates'
  | 'forecast'
  | 'authorities'
  | 'events'
  | 'histogram'
  | 'findings'
  | 'sources'
  | 'statements'
  | 'rules'
  | 'rule'
  | 'decisions'
  | 'policies'
  | 'entities'
  | 'audit'
  | 'backups';

export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: ({ signal }) => get<SessionView>(`${root}/session`, signal),
  staleTime: 60_000,
});

export const signInQuery = queryOptions({
  queryKey: ['sign-in'],
  queryFn: ({ signal }) => get<SignInMethods>('/sign-in/methods', signal),
});

function resource<T>(
  subject: Subject,
  path: string,
  parameters: Record<string, string | number | undefined> = {},
) {
  return queryOptions({
    queryKey: [subject, path, parameters] as const,
    queryFn: ({ signal }) => get<T>(withParameters(`${root}/${path}`, parameters), signal),
    placeholderData: keepPreviousData,
  });
}

/** One thing by its id: never shows another one while it loads. */
function single<T>(subject: Subject, id: string, path: string) {
  return queryOptions({
    queryKey: [subject, id] as const,
    queryFn: ({ signal }) => get<T>(`${root}/${path}/${encodeURIComponent(id)}`, signal),
  });
}

export const overviewQuery = () => ({
  ...resource<Overview>('overview', 'overview'),
  refetchInterval: 30_000,
});
/** Under the overview's key, so that what renews the one renews the other. */
export const approvalsQuery = () =>
  queryOptions({
    queryKey: ['overview', 'approvals'] as const,
    queryFn: ({ signal }) => get<ApprovalsView>(`${root}/approvals`, signal),
    // While an answer to many is under way one wants to see it go on.
    refetchInterval: ({ state }) =>
      state.data?.decisions.some(({ ended }) => ended === undefined) === true ? 2000 : 30_000,
  });
export const incidentsQuery = (
  filter: {
    readonly state: string;
    readonly q?: string;
    readonly severity?: string;
    readonly drill?: string;
    /** `-` for nobody. */
    readonly assignee?: string;
    /** `device:cam-001`. */
    readonly entity?: string;
    /** The one that this detection is in, by its id. */
    readonly detection?: string;
    readonly indicator?: IndicatorName | undefined;
    readonly order?: string;
  },
  limit: number,
  offset: number,
) => resource<IncidentPage>('incidents', 'incidents', { ...filter, limit, offset });
export const incidentQuery = (id: string) => single<IncidentView>('incident', id, 'incidents');
export const rulesQuery = (
  filter: {
    readonly q?: string;
    /** Empty for the city's own, `all` for every pack. */
    readonly pack: string;
    readonly level?: string;
    readonly state?: string;
    readonly order?: string;
  },
  limit: number,
  offset: number,
) =>
  queryOptions({
    queryKey: ['rules', filter, limit, offset] as const,
    queryFn: ({ signal }) => {
      const { pack, ...others } = filter;
      const path = withParameters(`${root}/rules`, { ...others, limit, offset });
      // An empty pack means the city's own rules, so it is not left out as other empty parameters are.
      return get<RulesView>(pack === 'all' ? path : `${path}&pack=${encodeURIComponent(pack)}`, signal);
    },
    placeholderData: keepPreviousData,
    refetchInterval: 30_000,
  });
export const ruleQuery = (id: string) => single<RuleDetailView>('rule', id, 'rules');
export const coverageQuery = () => resource<CoverageView>('rules', 'rules/coverage');
export const statementsQuery = (source: string) =>
  resource<AuditPage>('statements', 'sources/statements', { source, limit: 24 });
export const detectionsQuery = (
  filter: {
    readonly q?: string;
    readonly rule?: string;
    readonly level?: string;
    readonly drill?: string;
    /** RFC 3339. */
    readonly from?: string;
    readonly order?: string;
  },
  limit: number,
  offset: number,
) => resource<DetectionPage>('detections', 'detections', { ...filter, limit, offset });
export const devicesQuery = (
  filter: {
    readonly q: string;
    readonly zone?: string;
    readonly kind?: string;
    readonly trust?: string;
    readonly order?: string;
  },
  limit: number,
  offset: number,
) => resource<DevicePage>('devices', 'devices', { ...filter, limit, offset });
/** What waits for a person's word on a certificate. */
export const applicationsQuery = () => ({
  ...resource<{ readonly items: readonly ApplicationView[] }>('devices', 'pki/applications'),
  refetchInterval: 15_000,
});
export const deviceQuery = (id: string) => single<DeviceView>('device', id, 'devices');
export const certificatesQuery = (
  filter: {
    /** The whole subject; `q`: any part of it, or a whole serial number. */
    readonly subject?: string;
    readonly q?: string;
    readonly profile?: string;
    readonly status: string;
    readonly order?: string;
  },
  limit: number,
  offset: number,
) => resource<CertificatePage>('certificates', 'certificates', { ...filter, limit, offset });
/** Under the key of the lists, so that what renews them renews it. */
export const certificateQuery = (serial: string) =>
  queryOptions({
    queryKey: ['certificates', 'one', serial] as const,
    queryFn: ({ signal }) => get<Certificate>(`${root}/certificates/${encodeURIComponent(serial)}`, signal),
  });
export const impactQuery = (serial: string) => ({
  ...resource<ImpactView>('certificates', `certificates/${encodeURIComponent(serial)}/impact`),
  gcTime: 0,
});
export const forecastQuery = (days: number) => ({
  ...resource<ForecastView>('forecast', 'pki/forecast', { days }),
  refetchInterval: 300_000,
});
export const pkiHealthQuery = () => ({
  ...resource<PkiHealthView>('authorities', 'pki/health'),
  refetchInterval: 15_000,
});
export const authoritiesQuery = () =>
  resource<{ readonly items: readonly AuthorityView[] }>('authorities', 'pki/authorities');
export const findingSummaryQuery = () => ({
  ...resource<FindingSummary>('findings', 'findings/summary'),
  refetchInterval: 30_000,
});
export const findingGroupsQuery = (
  by: FindingGrouping,
  q: string,
  order: 'worst' | 'newest',
  limit: number,
  offset: number,
) => resource<FindingGroupPage>('findings', 'findings/groups', { by, q, order, limit, offset });
export const findingListQuery = (filter: Readonly<Record<string, string>>, limit: number, offset: number) =>
  resource<FoundPage>('findings', 'findings/list', { ...filter, limit, offset });
export const advisoryQuery = (id: string) => single<AdvisoryView>('findings', id, 'advisories');
export const sbomGraphQuery = (system: string, component: string) =>
  resource<SbomGraph>('findings', `sboms/${encodeURIComponent(system)}/graph`, { component });
export const gateRunsQuery = (pipeline: string, limit: number, offset: number) =>
  resource<GateRunPage>('findings', 'gate-runs', { pipeline, limit, offset });
export const waiversQuery = () => resource<WaiverPage>('findings', 'waivers');
export const sourcesQuery = () => ({
  ...resource<SourcesView>('sources', 'sources'),
  refetchInterval: 15_000,
});
export const decisionsQuery = (limit: number) => resource<DecisionsView>('decisions', 'decisions', { limit });
export const policiesQuery = () => ({
  ...resource<PoliciesView>('policies', 'policies'),
  refetchInterval: 30_000,
});
export const policyFilesQuery = () => ({
  ...resource<PolicyFilesView>('policies', 'policies/files'),
  // Edits rest on them: they do not change under somebody's hands.
  staleTime: Number.POSITIVE_INFINITY,
});
/** Which grants would flip; asked anew each time that somebody looks. */
export const blastQuery = (question: object) =>
  queryOptions({
    queryKey: ['policies', 'blast', question] as const,
    queryFn: () => post<BlastView>(`${root}/policies/blast`, question),
    gcTime: 0,
  });
export const replayQuery = (candidate: object) =>
  queryOptions({
    queryKey: ['policies', 'replay', candidate] as const,
    queryFn: () => post<ReplayView>(paths.policyReplay, candidate),
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: false,
  });
/** Those of a type that the policies know. */
export const entitiesQuery = (type: string) =>
  resource<Page<{ readonly uid: { readonly type: string; readonly id: string } }>>('entities', 'entities', {
    type,
    limit: 200,
  });
export const explanationQuery = (request: object) =>
  queryOptions({
    queryKey: ['policies', 'explain', request] as const,
    queryFn: () => post<ExplanationView>(`${root}/policies/explain`, request),
    gcTime: 0,
  });
export const auditQuery = (from: number | undefined, limit: number) =>
  resource<AuditPage>('audit', 'audit', { from, limit });
export const backupsQuery = () => ({
  ...resource<BackupsView>('backups', 'backups'),
  refetchInterval: 60_000,
});
export const histogramQuery = (q: string, from: string, to: string, track?: string) => ({
  ...resource<HistogramView>('histogram', 'events/histogram', { q, from, to }),
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    get<HistogramView>(withParameters(`${root}/events/histogram`, { q, from, to, track }), signal),
});

/** A page of events; the cursor is the `next` of the page before. */
export function fetchEvents(
  parameters: {
    q: string;
    from: string;
    to: string;
    limit: number;
    cursor?: string | undefined;
    track?: string;
  },
  signal?: AbortSignal,
): Promise<EventPageView> {
  return get<EventPageView>(withParameters(`${root}/events`, parameters), signal);
}
