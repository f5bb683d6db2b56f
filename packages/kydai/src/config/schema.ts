// One file because it is the list of all settings, in the order in which `kydai config` prints them.
import { z } from 'zod';
import { isNetwork } from '../flow/networks.ts';
import { PkiSettings } from '../pki/settings.ts';

const port = z.number().int().min(0).max(65535);
const host = z.string().min(1);

/**
 * Every setting with its default. The environment variable of a setting is `KYDAI_` and its path in upper case:
 * `http.port` is `KYDAI_HTTP_PORT`, `syslog.udpPort` is `KYDAI_SYSLOG_UDP_PORT`.
 */
export const Config = z.strictObject({
  data: z
    .string()
    .min(1)
    .default('kydai-data')
    .describe('folder for keys, records, events and the audit log'),
  organization: z
    .string()
    .min(1)
    .max(64)
    .default('Kỳ Đài')
    .describe('organisation named in the CA certificates'),
  language: z
    .enum(['vi', 'en'])
    .default('vi')
    .describe('language in which the command line names incidents and steps: vi or en'),
  timeZone: z
    .string()
    .min(1)
    .default('Asia/Ho_Chi_Minh')
    .describe('time zone of the city, in which policies and detection rules read hours and days'),
  content: z
    .string()
    .default('')
    .describe('folder that holds policies/ and runbooks/; the built-in ones where empty'),
  http: z
    .strictObject({
      host: host.default('127.0.0.1').describe('address of the console and the API'),
      port: port.default(8470).describe('port of the console and the API'),
      url: z.string().default('').describe('address that browsers use, where it differs (behind a proxy)'),
      tls: z
        .enum(['auto', 'on', 'off'])
        .default('auto')
        .describe('TLS with a certificate of our own CA; auto: on unless the address is a loopback one'),
      names: z.array(z.string()).default(['localhost', '127.0.0.1']).describe('names in its certificate'),
    })
    .prefault({}),
  devices: z
    .strictObject({
      host: host.default('127.0.0.1').describe('address of the TLS listener for devices (EST, readings)'),
      port: port.default(8471).describe('port of the TLS listener for devices'),
      names: z
        .array(z.string())
        .default(['localhost', '127.0.0.1'])
        .describe('DNS names and addresses in its certificate'),
      mqtt: z
        .enum(['on', 'off'])
        .default('off')
        .describe('MQTT over TLS on `devices.host`, for devices with a certificate of our CA'),
      mqttPort: port.default(8883).describe('port of that listener'),
      mqttPerSecond: z
        .number()
        .int()
        .min(1)
        .max(10_000)
        .default(50)
        .describe('messages a second that one connection of a device may send; what is faster waits'),
    })
    .prefault({}),
  pki: PkiSettings,
  status: z
    .strictObject({
      host: host
        .default('127.0.0.1')
        .describe('address of the plain listener for CRLs, OCSP and CA certificates'),
      port: port.default(8472).describe('port of the CRL and OCSP listener'),
      url: z.string().default('').describe('base address written into certificates, where it differs'),
    })
    .prefault({}),
  collect: z
    .strictObject({
      host: host
        .default('127.0.0.1')
        .describe('address of the HTTP collectors (JSON lines, Elasticsearch bulk)'),
      port: port.default(8473).describe('port of the HTTP collectors'),
      knownHosts: z
        .array(z.string().refine(isNetwork, 'an IP address or a network such as 10.1.0.0/16'))
        .default([])
        .describe(
          'addresses and networks that logs are expected from, over HTTP and plain syslog; any where empty',
        ),
      unknownHosts: z
        .enum(['count', 'refuse'])
        .default('count')
        .describe('what is done with senders that are not among them; over TLS the certificate decides'),
      tls: z
        .enum(['auto', 'on', 'off'])
        .default('auto')
        .describe('TLS with a certificate of our own CA; auto: on unless the address is a loopback one'),
    })
    .prefault({}),
  syslog: z
    .strictObject({
      host: host.default('127.0.0.1').describe('address of the syslog collectors'),
      udpPort: port.default(5514).describe('syslog over UDP'),
      urgentUdpPort: port
        .default(0)
        .describe('a second port for UDP, whose datagrams are lost last in a flood; 0: none'),
      urgentSenders: z
        .array(z.string().refine(isNetwork, 'an IP address or a network such as 10.1.0.0/16'))
        .default([])
        .describe('addresses and networks whose datagrams are lost last in a flood'),
      urgentPrograms: z
        .array(z.string().min(1).max(32))
        .default([])
        .describe('programs whose datagrams are lost last, besides sshd, sudo, auditd and their like'),
      tcpPort: port.default(5514).describe('syslog over TCP'),
      tlsPort: port.default(6514).describe('syslog over TLS, for senders with a certificate of our CA'),
      zone: z
        .string()
        .default('+07:00')
        .describe('time zone of sources that name none: `+07:00`, `Z` or `Asia/Ho_Chi_Minh`'),
    })
    .prefault({}),
  mqtt: z
    .strictObject({
      url: z
        .string()
        .default('')
        .describe('broker to subscribe to: `mqtts://broker.example:8883`; empty: none'),
      topics: z.array(z.string().min(1)).min(1).default(['#']).describe('topic filters to subscribe to'),
      clientId: z
        .string()
        .min(1)
        .max(64)
        .default('kydai')
        .describe('client id; the broker keeps its session'),
      username: z.string().default('').describe('user at the broker'),
      password: z.string().default('').describe('password; better given by its environment variable'),
      ca: z.string().default('').describe('file with the authority of the broker’s certificate, PEM'),
      certificate: z.string().default('').describe('file with our certificate for the broker, PEM'),
      key: z.string().default('').describe('file with its key, PEM'),
    })
    .prefault({}),
  oidc: z
    .strictObject({
      issuer: z.string().default('').describe('OpenID Connect issuer; empty: sign-in by link only'),
      clientId: z.string().default('').describe('client id at the issuer'),
      clientSecret: z
        .string()
        .default('')
        .describe('client secret; better given by its environment variable'),
      name: z.string().default('OpenID Connect').describe('what the sign-in button calls it'),
      rolesClaim: z.string().default('roles').describe('claim that lists a person’s roles'),
    })
    .prefault({}),
  records: z
    .strictObject({
      store: z
        .enum(['sqlite', 'postgres'])
        .default('sqlite')
        .describe('where records and the audit log are kept: sqlite (a file in the data folder) or postgres'),
      postgres: z
        .strictObject({
          url: z
            .string()
            .default('')
            .describe(
              'database, `postgres://kydai@db.example:5432/kydai?sslmode=verify-full`, without a password',
            ),
          password: z.string().default('').describe('password; better given by its environment variable'),
          passwordFile: z.string().default('').describe('file with the password'),
          schema: z
            .string()
            .regex(/^[a-z_][a-z0-9_]{0,62}$/)
            .default('public')
            .describe('schema that holds the tables; it must exist'),
          connections: z.number().int().min(2).max(100).default(8).describe('connections at most'),
        })
        .prefault({}),
    })
    .prefault({}),
  events: z
    .strictObject({
      store: z
        .enum(['lake', 'elasticsearch'])
        .default('lake')
        .describe('where events are kept: lake (files in the data folder) or elasticsearch'),
      keyFile: z
        .string()
        .default('')
        .describe('file with 64 hexadecimal digits: the lake is encrypted on disk with this key'),
      elasticsearch: z
        .strictObject({
          node: z.string().default('').describe('address of the cluster, `https://es.example:9200`'),
          apiKey: z.string().default('').describe('API key; better given by its environment variable'),
          ca: z.string().default('').describe('file with the authority of its certificate, PEM'),
          stream: z.string().default('logs-kydai-default').describe('name of the data stream'),
          replicas: z.number().int().min(0).max(10).default(1).describe('copies of new indices'),
        })
        .prefault({}),
    })
    .prefault({}),
  detection: z
    .strictObject({
      mappings: z
        .array(z.string().min(1))
        .max(100)
        .default([])
        .describe('files that say where log sources of your own keep their fields'),
      throttle: z
        .strictObject({
          perSource: z
            .number()
            .int()
            .min(1)
            .default(20)
            .describe('detections of one rule about the same entities that pass in a window'),
          perRule: z
            .number()
            .int()
            .min(1)
            .default(1000)
            .describe('detections of one rule that pass in a window; then only about entities not yet told'),
          overall: z
            .number()
            .int()
            .min(1)
            .default(60_000)
            .describe('detections of all rules that pass in a window; then only the first of each rule'),
          windowSeconds: z.number().int().min(1).max(86_400).default(60).describe('length of the window'),
        })
        .prefault({}),
    })
    .prefault({}),
  retention: z
    .strictObject({
      days: z.number().int().min(1).max(36500).default(365).describe('how long events are kept'),
      datasets: z
        .record(z.string().min(1), z.number().int().min(1).max(36500))
        .default({})
        .describe('days for datasets that are kept for another time, such as `camera.log: 30`'),
    })
    .prefault({}),
  response: z
    .strictObject({
      corroboration: z
        .enum(['required', 'off'])
        .default('required')
        .describe(
          'required: without a person a device is cut off only where a proven sender or two independent ones accuse it',
        ),
      approvedPerMinute: z
        .number()
        .int()
        .min(1)
        .max(10_000)
        .default(60)
        .describe(
          'how many steps that a person approved together begin within a minute; the rest can be stopped',
        ),
      unattendedPerHour: z
        .number()
        .int()
        .min(0)
        .max(100_000)
        .default(60)
        .describe('containments that run without a person within an hour; beyond it each waits for one'),
      neverBlock: z
        .array(z.string().refine(isNetwork, 'must be an IP address, or a network such as 10.1.0.0/16'))
        .max(1000)
        .default([])
        .describe('addresses and networks that no response blocks: proxies, gateways, the desks of the SOC'),
    })
    .prefault({}),
  enforce: z
    .strictObject({
      routes: z
        .array(
          z.strictObject({
            method: z
              .string()
              .regex(/^(?:\*|[A-Z]+(?:\|[A-Z]+)*)$/, 'must be `*` or methods such as GET|HEAD')
              .default('*'),
            path: z.string().max(1024),
            action: z.string().min(1).max(128),
            resource: z.strictObject({ type: z.string().min(1).max(128), id: z.string().max(512) }),
            subject: z.enum(['device', 'person']).optional(),
          }),
        )
        .max(1000)
        .default([])
        .describe('which request to a service behind nginx or Envoy is which access request (JSON)'),
    })
    .prefault({}),
  notify: z
    .strictObject({
      receivers: z
        .array(z.string().min(1).max(253))
        .max(256)
        .default(['localhost', '127.0.0.1'])
        .describe('hosts that security events may be pushed to'),
    })
    .prefault({}),
  authzen: z
    .strictObject({
      detail: z
        .enum(['full', 'redacted'])
        .default('full')
        .describe('what answers tell of policies: full, or for outsiders redacted to outcome and reasons'),
      types: z
        .record(z.string(), z.string())
        .default({})
        .describe(
          'AuthZEN type to Cedar type, where the spelling does not tell (JSON): {"camera": "Device"}',
        ),
      actions: z
        .record(z.string(), z.string())
        .default({})
        .describe('AuthZEN action to Cedar action (JSON): {"write": "publish"}'),
    })
    .prefault({}),
  facts: z
    .strictObject({
      firmwareDays: z
        .number()
        .int()
        .min(0)
        .max(3650)
        .default(0)
        .describe('days for which the verdict on a device’s SBOM is believed; 0: until the next one'),
    })
    .prefault({}),
  policyBundle: z
    .strictObject({
      source: z
        .string()
        .default('')
        .describe('file or address of a signed policy bundle; empty: the policies of `content`'),
      key: z
        .string()
        .default('')
        .describe('file with the public keys that the bundle must be signed by: PEM, JWK or JWK set'),
      token: z
        .string()
        .default('')
        .describe('API token of the centre with the scope `read-api`, where the source is its address'),
      seconds: z
        .number()
        .int()
        .min(0)
        .max(86_400)
        .default(300)
        .describe('how often to look for another bundle; 0: only at the start and when told to reload'),
    })
    .prefault({}),
  decisions: z
    .strictObject({
      keepAllowed: z
        .number()
        .min(0)
        .max(1)
        .default(1)
        .describe('share of allowed decisions kept as events, 0 to 1; denied ones are always kept'),
    })
    .prefault({}),
  log: z
    .strictObject({
      level: z.enum(['error', 'warn', 'info', 'debug']).default('info').describe('how much the program logs'),
    })
    .prefault({}),
});
export type Config = z.infer<typeof Config>;

/** One setting, for `kydai config` and for error messages. */
export interface Setting {
  readonly path: string;
  readonly variable: string;
  readonly description: string;
  readonly secret: boolean;
  readonly form: 'text' | 'number' | 'boolean' | 'list' | 'json';
}

/** Every setting, in the order of the schema. */
export function settings(): readonly Setting[] {
  return below([], Config.shape);
}

function below(path: readonly string[], shape: Record<string, z.ZodType>): readonly Setting[] {
  return Object.entries(shape).flatMap(([name, schema]) => {
    const group = objectShape(schema);
    return group === undefined ? [setting([...path, name], schema)] : below([...path, name], group);
  });
}

function bare(schema: z.ZodType): z.ZodType {
  let inner: z.ZodType = schema;
  while (inner instanceof z.ZodDefault || inner instanceof z.ZodPrefault || inner instanceof z.ZodOptional) {
    inner = inner.unwrap() as z.ZodType;
  }
  return inner;
}

function objectShape(schema: z.ZodType): Record<string, z.ZodType> | undefined {
  const inner = bare(schema);
  return inner instanceof z.ZodObject ? inner.shape : undefined;
}

/** What the text of an environment variable stands for. */
function formOf(schema: z.ZodType): Setting['form'] {
  const inner = bare(schema);
  if (inner instanceof z.ZodNumber) return 'number';
  if (inner instanceof z.ZodBoolean) return 'boolean';
  if (inner instanceof z.ZodRecord) return 'json';
  return inner instanceof z.ZodArray ? 'list' : 'text';
}

function setting(path: readonly string[], schema: z.ZodType): Setting {
  const words = path.map((word) => word.replace(/([A-Z])/g, '_$1').toUpperCase());
  return {
    path: path.join('.'),
    variable: `KYDAI_${words.join('_')}`,
    description: schema.description ?? '',
    form: formOf(schema),
    secret: /secret|apikey|password|^pin$/i.test(path.at(-1)!),
  };
}
