import type { FieldValue } from '@kydai/contracts';

type FieldsByName = ReadonlyMap<string, FieldValue>;

/** One provider's own JSON, as its interface writes it; detection rules mostly speak of these very names. */
interface Provider {
  /** The dataset of a document, or undefined where the provider did not write it. */
  dataset(fields: FieldsByName): string | undefined;
  /** Where it says when it happened; UTC also where it does not say so. */
  readonly times: readonly string[];
  /** Its names of what people search by. */
  readonly names: Readonly<Record<string, string>>;
}

const has = (fields: FieldsByName, ...names: readonly string[]) => names.every((name) => fields.has(name));

function text(value: FieldValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** A record of CloudTrail (record contents, event version 1.x). */
const cloudTrail: Provider = {
  dataset: (fields) =>
    has(fields, 'eventVersion', 'eventName', 'awsRegion') && text(fields.get('eventSource')).includes('.')
      ? 'aws.cloudtrail'
      : undefined,
  times: ['eventTime'],
  names: {
    eventName: 'event.action',
    eventSource: 'event.provider',
    sourceIPAddress: 'source.ip',
    userAgent: 'user_agent.original',
    awsRegion: 'cloud.region',
    recipientAccountId: 'cloud.account.id',
    'userIdentity.userName': 'user.name',
    'userIdentity.arn': 'user.id',
    errorCode: 'error.code',
    errorMessage: 'error.message',
  },
};

/** Categories of Azure Monitor's resource logs and of Microsoft Entra ID, in lower case. */
const azureCategories: ReadonlyMap<string, string> = new Map([
  ['signinlogs', 'azure.signinlogs'],
  ['noninteractiveusersigninlogs', 'azure.signinlogs'],
  ['serviceprincipalsigninlogs', 'azure.signinlogs'],
  ['managedidentitysigninlogs', 'azure.signinlogs'],
  ['auditlogs', 'azure.auditlogs'],
  ['userriskevents', 'azure.identity_protection'],
  ['riskyusers', 'azure.identity_protection'],
  ['administrative', 'azure.activitylogs'],
  ['security', 'azure.activitylogs'],
  ['policy', 'azure.activitylogs'],
  ['autoscale', 'azure.activitylogs'],
  ['servicehealth', 'azure.activitylogs'],
  ['write', 'azure.activitylogs'],
  ['delete', 'azure.activitylogs'],
  ['action', 'azure.activitylogs'],
]);

const azure: Provider = {
  dataset(fields) {
    if (!has(fields, 'operationName', 'category', 'time')) return undefined;
    if (!fields.has('resourceId') && !fields.has('tenantId')) return undefined;
    return azureCategories.get(text(fields.get('category')).toLowerCase());
  },
  times: ['time'],
  names: {
    operationName: 'event.action',
    resultType: 'event.code',
    callerIpAddress: 'source.ip',
    'properties.ipAddress': 'source.ip',
    'properties.userPrincipalName': 'user.name',
    identity: 'user.full_name',
    'properties.userAgent': 'user_agent.original',
  },
};

/** A LogEntry of Cloud Audit Logs, alone or as Pub/Sub carries it (`data`). */
const google: Provider = {
  dataset(fields) {
    const type = text(fields.get('protoPayload.@type') ?? fields.get('data.protoPayload.@type'));
    if (!type.endsWith('google.cloud.audit.AuditLog')) return undefined;
    const service = text(
      fields.get('protoPayload.serviceName') ?? fields.get('data.protoPayload.serviceName'),
    );
    if (service === 'login.googleapis.com') return 'google_workspace.login';
    return service === 'admin.googleapis.com' ? 'google_workspace.admin' : 'gcp.audit';
  },
  times: ['timestamp', 'data.timestamp'],
  names: {
    'protoPayload.methodName': 'event.action',
    'protoPayload.serviceName': 'event.provider',
    'protoPayload.authenticationInfo.principalEmail': 'user.email',
    'protoPayload.requestMetadata.callerIp': 'source.ip',
    'protoPayload.requestMetadata.callerSuppliedUserAgent': 'user_agent.original',
    'data.protoPayload.methodName': 'event.action',
    'data.protoPayload.serviceName': 'event.provider',
    'data.protoPayload.authenticationInfo.principalEmail': 'user.email',
    'data.protoPayload.requestMetadata.callerIp': 'source.ip',
  },
};

/** Office 365 Management Activity API, common schema. */
const office: Provider = {
  dataset: (fields) =>
    has(fields, 'RecordType', 'Operation', 'Workload', 'OrganizationId') ? 'o365.audit' : undefined,
  times: ['CreationTime'],
  names: {
    Operation: 'event.action',
    Workload: 'event.provider',
    UserId: 'user.id',
    ClientIP: 'source.ip',
    ResultStatus: 'event.outcome',
  },
};

/** Okta's System Log API, LogEvent. */
const okta: Provider = {
  dataset: (fields) =>
    has(fields, 'eventType', 'published', 'outcome.result', 'actor.alternateId') ? 'okta.system' : undefined,
  times: ['published'],
  names: {
    eventType: 'event.action',
    'actor.alternateId': 'user.name',
    'client.ipAddress': 'source.ip',
    'client.userAgent.rawUserAgent': 'user_agent.original',
    'outcome.result': 'event.outcome',
  },
};

/** audit.k8s.io/v1 Event. */
const kubernetes: Provider = {
  dataset: (fields) =>
    fields.get('kind') === 'Event' && text(fields.get('apiVersion')).startsWith('audit.k8s.io/')
      ? 'kubernetes.audit_logs'
      : undefined,
  times: ['stageTimestamp', 'requestReceivedTimestamp'],
  names: {
    verb: 'event.action',
    'user.username': 'user.name',
    userAgent: 'user_agent.original',
    requestURI: 'url.original',
    'responseStatus.code': 'http.response.status_code',
  },
};

const outcomes: Readonly<Record<string, string>> = {
  success: 'success',
  succeeded: 'success',
  true: 'success',
  allow: 'success',
  failure: 'failure',
  failed: 'failure',
  false: 'failure',
  deny: 'failure',
};

/** The provider's dataset, its time as written, and the document with ECS names added; undefined of any other. */
export function readCloud(
  fields: FieldsByName,
): { dataset: string; time: FieldValue | undefined; fields: Map<string, FieldValue> } | undefined {
  for (const provider of [cloudTrail, azure, google, office, okta, kubernetes]) {
    const dataset = provider.dataset(fields);
    if (dataset === undefined) continue;
    const added = new Map(fields);
    for (const from in provider.names) {
      const value = fields.get(from);
      const to = provider.names[from]!;
      if (value === undefined || value === null || value === '' || added.has(to)) continue;
      if (to === 'event.outcome') {
        const outcome = outcomes[String(value).toLowerCase()];
        if (outcome !== undefined) added.set(to, outcome);
      } else added.set(to, value);
    }
    const named = provider.times.find((name) => fields.has(name));
    const time = named === undefined ? undefined : fields.get(named);
    const bare = typeof time === 'string' && /T[\d:.]+$/.test(time);
    return { dataset, time: bare ? `${time}Z` : time, fields: added };
  }
  return undefined;
}
