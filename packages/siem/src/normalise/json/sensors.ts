import type { FieldValue } from '@kydai/contracts';

/**
 * Documents of network sensors. Their own names stay, because detection rules are written in them; the ECS names that
 * people search by are added.
 */
interface Sensor {
  /** The dataset of a document, or undefined where the sensor did not write it. */
  dataset(fields: ReadonlyMap<string, FieldValue>): string | undefined;
  readonly names: Readonly<Record<string, string>>;
}

function text(value: FieldValue | undefined): string | undefined {
  return typeof value === 'string' && /^[a-z0-9_]{1,40}$/.test(value) ? value : undefined;
}

function zeekDataset(path: string): string {
  return path === 'conn' ? 'zeek.connection' : `zeek.${path}`;
}

const zeekFolder = /\b(?:zeek|bro)\b/;

function fileOf(fields: ReadonlyMap<string, FieldValue>): string {
  const file = fields.get('log.file.path') ?? fields.get('file') ?? fields.get('filename');
  return typeof file === 'string' ? file : '';
}

/** Zeek calls its files by the log: `dns.log`, and after rotation `dns.20:00:00-21:00:00.log`. */
function pathOfFile(fields: ReadonlyMap<string, FieldValue>): string | undefined {
  return /(?:^|[\\/])([a-z0-9_]{1,40})(?:[.-][\d:._-]{1,40})?\.log$/.exec(fileOf(fields))?.[1];
}

/** Fields that only one of Zeek's logs has; a document with none of them is of a connection. */
const shapes: readonly (readonly [path: string, ...fields: readonly string[]])[] = [
  ['conn', 'conn_state'],
  ['dns', 'rcode_name'],
  ['dns', 'qclass'],
  ['http', 'trans_depth', 'method'],
  ['dce_rpc', 'endpoint', 'operation'],
  ['kerberos', 'request_type', 'service'],
  ['smb_files', 'action', 'name', 'path'],
  ['ssl', 'cipher', 'established'],
  ['rdp', 'cookie', 'security_protocol'],
  ['ssh', 'auth_attempts'],
];

function pathOfShape(fields: ReadonlyMap<string, FieldValue>): string {
  return shapes.find(([, ...names]) => names.every((name) => fields.has(name)))?.[0] ?? 'conn';
}

const zeek: Sensor = {
  dataset(fields) {
    const path = text(fields.get('_path')) ?? text(fields.get('log_type'));
    if (fields.has('uid') && fields.has('id.orig_h'))
      return zeekDataset(path ?? pathOfFile(fields) ?? pathOfShape(fields));
    // Certificates, files and the like belong to no connection.
    if (typeof fields.get('ts') !== 'number' || fields.has('event_type')) return undefined;
    const named =
      text(fields.get('_path')) ?? (zeekFolder.test(fileOf(fields)) ? pathOfFile(fields) : undefined);
    return named && zeekDataset(named);
  },
  names: {
    'id.orig_h': 'source.ip',
    'id.orig_p': 'source.port',
    'id.resp_h': 'destination.ip',
    'id.resp_p': 'destination.port',
    uid: 'zeek.session_id',
    proto: 'network.transport',
    service: 'network.protocol',
    orig_bytes: 'source.bytes',
    resp_bytes: 'destination.bytes',
    query: 'dns.question.name',
    qtype_name: 'dns.question.type',
    method: 'http.request.method',
    host: 'url.domain',
    uri: 'url.original',
    user_agent: 'user_agent.original',
    status_code: 'http.response.status_code',
    username: 'user.name',
    server_name: 'tls.client.server_name',
  },
};

const suricata: Sensor = {
  dataset(fields) {
    const type = text(fields.get('event_type'));
    if (!type || !(fields.has('flow_id') || fields.has('src_ip') || type === 'stats')) return undefined;
    return `suricata.${type}`;
  },
  names: {
    src_ip: 'source.ip',
    src_port: 'source.port',
    dest_ip: 'destination.ip',
    dest_port: 'destination.port',
    proto: 'network.transport',
    app_proto: 'network.protocol',
    'alert.signature': 'rule.name',
    'alert.signature_id': 'rule.id',
    'alert.category': 'rule.category',
    'alert.action': 'event.action',
    'alert.severity': 'event.severity',
    'flow.bytes_toserver': 'source.bytes',
    'flow.bytes_toclient': 'destination.bytes',
    'dns.rrname': 'dns.question.name',
    'dns.rrtype': 'dns.question.type',
    'http.http_method': 'http.request.method',
    'http.hostname': 'url.domain',
    'http.url': 'url.original',
    'http.http_user_agent': 'user_agent.original',
    'http.status': 'http.response.status_code',
    'tls.sni': 'tls.client.server_name',
    'fileinfo.filename': 'file.path',
  },
};

/** The sensor's dataset and the document with ECS names added; undefined where no known sensor wrote it. */
export function readSensor(
  fields: ReadonlyMap<string, FieldValue>,
): { dataset: string; fields: Map<string, FieldValue> } | undefined {
  for (const sensor of [zeek, suricata]) {
    const dataset = sensor.dataset(fields);
    if (dataset !== undefined) return { dataset, fields: withNames(sensor, fields) };
  }
  return undefined;
}

/** The same for a line of one of Zeek's logs, called as Zeek calls it (`conn`, `dns`). */
export function nameSensor(
  log: string,
  fields: ReadonlyMap<string, FieldValue>,
): { dataset: string; fields: Map<string, FieldValue> } {
  return { dataset: zeekDataset(log), fields: withNames(zeek, fields) };
}

function withNames(sensor: Sensor, fields: ReadonlyMap<string, FieldValue>): Map<string, FieldValue> {
  const added = new Map(fields);
  for (const from in sensor.names) {
    const value = fields.get(from);
    const to = sensor.names[from]!;
    if (value === undefined || value === null || added.has(to)) continue;
    added.set(to, to === 'network.transport' && typeof value === 'string' ? value.toLowerCase() : value);
  }
  return added;
}
