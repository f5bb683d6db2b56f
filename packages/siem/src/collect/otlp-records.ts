import { isIP } from 'node:net';
import { isObject } from './json-lines.ts';

const maximumDepth = 16;

/** A log record as a flat document, and the id that its sender gave it (`log.record.uid`), or none. */
export interface OtlpRecord {
  readonly document: object;
  readonly id: string;
}

/**
 * The log records of an ExportLogsServiceRequest (in the JSON encoding's shape) as flat documents: attributes of the
 * resource and of the record by their own names, which OpenTelemetry mostly shares with ECS, the body as `message`
 * where it is text. An entry that is no record is undefined.
 */
export function* otlpDocuments(request: unknown): Generator<OtlpRecord | undefined> {
  for (const resourceLogs of list(request, 'resourceLogs')) {
    const resource = attributesOf(property(resourceLogs, 'resource'));
    for (const scopeLogs of list(resourceLogs, 'scopeLogs')) {
      const scope = property(property(scopeLogs, 'scope'), 'name');
      for (const record of list(scopeLogs, 'logRecords')) {
        yield isObject(record)
          ? readRecord(record, resource, typeof scope === 'string' ? scope : '')
          : undefined;
      }
    }
  }
}

/** Names of OpenTelemetry's semantic conventions (1.3x) whose meaning ECS keeps under another name. */
const ecsNames: ReadonlyMap<string, string> = new Map([
  ['exception.message', 'error.message'],
  ['exception.type', 'error.type'],
  ['exception.stacktrace', 'error.stack_trace'],
  ['process.executable.path', 'process.executable'],
  ['process.executable.name', 'process.name'],
  ['process.command_args', 'process.args'],
  ['process.parent_pid', 'process.parent.pid'],
  ['process.owner', 'user.name'],
  ['client.address', 'source.ip'],
  ['client.port', 'source.port'],
  ['source.address', 'source.ip'],
  ['server.address', 'destination.ip'],
  ['server.port', 'destination.port'],
  ['destination.address', 'destination.ip'],
  ['code.file.path', 'log.origin.file.name'],
  ['code.line.number', 'log.origin.file.line'],
  ['code.function.name', 'log.origin.function'],
  ['service.instance.id', 'service.node.name'],
  ['deployment.environment.name', 'service.environment'],
  ['enduser.id', 'user.id'],
  ['k8s.pod.name', 'kubernetes.pod.name'],
  ['k8s.namespace.name', 'kubernetes.namespace'],
  ['k8s.container.name', 'container.name'],
]);

/** SeverityNumber of the log data model, in steps of four. */
const levels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

function readRecord(record: object, resource: Readonly<Record<string, unknown>>, scope: string): OtlpRecord {
  const time = property(record, 'timeUnixNano');
  const observed = property(record, 'observedTimeUnixNano');
  const trace = property(record, 'traceId');
  const span = property(record, 'spanId');
  const name = property(record, 'eventName');
  const body = plainValue(property(record, 'body'), 0);
  const attributes = attributesOf(record);
  const level = levelOf(record);
  const stamp = isNanoseconds(time) ? time : isNanoseconds(observed) ? observed : undefined;
  const document: Record<string, unknown> = {
    ...(stamp === undefined ? {} : { '@timestamp': rfc3339(stamp) }),
    ...(stamp !== observed && isNanoseconds(observed) ? { 'event.created': rfc3339(observed) } : {}),
    ...resource,
    ...attributes,
    ...(typeof body === 'string'
      ? { message: body }
      : isObject(body)
        ? body
        : body === undefined
          ? {}
          : { body }),
    ...(level === '' ? {} : { 'log.level': level }),
    ...(typeof trace === 'string' && trace !== '' ? { 'trace.id': trace } : {}),
    ...(typeof span === 'string' && span !== '' ? { 'span.id': span } : {}),
    ...(typeof name === 'string' && name !== '' ? { 'event.action': name } : {}),
    ...(scope === '' ? {} : { 'log.logger': scope }),
  };
  for (const attribute of [...Object.keys(attributes), ...Object.keys(resource)]) {
    const to = ecsNames.get(attribute);
    if (to === undefined || Object.hasOwn(document, to)) continue;
    const value = document[attribute];
    if (to.endsWith('.ip') && !(typeof value === 'string' && isIP(value) !== 0)) continue;
    document[to] = value;
  }
  const uid = attributes['log.record.uid'];
  return { document, id: typeof uid === 'string' && uid.length <= 512 ? uid : '' };
}

function levelOf(record: object): string {
  const text = property(record, 'severityText');
  if (typeof text === 'string' && text !== '') return text.toLowerCase();
  const number = Number(property(record, 'severityNumber') ?? 0);
  return levels[Math.ceil(number / 4) - 1] ?? '';
}

/** Nanoseconds since 1970 as a decimal string or a number, and not the zero that stands for none. */
function isNanoseconds(value: unknown): value is string | number {
  return (
    (typeof value === 'string' && /^[1-9]\d{9,19}$/.test(value)) || (typeof value === 'number' && value > 1e9)
  );
}

/** All nine digits are kept: they tell one record from the next. */
function rfc3339(nanoseconds: string | number): string | undefined {
  const digits = String(nanoseconds);
  const seconds = Number(digits.slice(0, -9));
  if (!(seconds < 8.64e12)) return undefined;
  return `${new Date(seconds * 1000).toISOString().slice(0, -5)}.${digits.slice(-9).padStart(9, '0')}Z`;
}

function property(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

function list(value: unknown, name: string): readonly unknown[] {
  const found = property(value, name);
  return Array.isArray(found) ? found : [];
}

function attributesOf(owner: unknown): Record<string, unknown> {
  return keyValues(list(owner, 'attributes'), 0);
}

function keyValues(pairs: readonly unknown[], depth: number): Record<string, unknown> {
  const entries: [string, unknown][] = [];
  for (const pair of pairs) {
    const key = property(pair, 'key');
    if (typeof key === 'string' && key !== '')
      entries.push([key, plainValue(property(pair, 'value'), depth)]);
  }
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}

/** An AnyValue as plain data; integers beyond 2^53 stay text. */
function plainValue(value: unknown, depth: number): unknown {
  if (!isObject(value) || depth > maximumDepth) return undefined;
  for (const [kind, inner] of Object.entries(value)) {
    switch (kind) {
      case 'stringValue':
      case 'boolValue':
      case 'doubleValue':
      case 'bytesValue':
        return typeof inner === 'object' ? undefined : inner;
      case 'intValue': {
        const number = Number(inner);
        return Number.isSafeInteger(number) ? number : String(inner);
      }
      case 'arrayValue':
        return list(inner, 'values').map((item) => plainValue(item, depth + 1) ?? null);
      case 'kvlistValue':
        return keyValues(list(inner, 'values'), depth + 1);
    }
  }
  return undefined;
}
