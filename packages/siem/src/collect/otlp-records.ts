import { isObject } from './json-lines.ts';

const maximumDepth = 16;

/**
 * The log records of an ExportLogsServiceRequest (in the JSON encoding's shape) as flat documents: attributes of the
 * resource and of the record by their own names, which OpenTelemetry shares with ECS, the body as `message` where it
 * is text. An entry that is no record is undefined.
 */
export function* otlpDocuments(request: unknown): Generator<object | undefined> {
  for (const resourceLogs of list(request, 'resourceLogs')) {
    const resource = attributesOf(property(resourceLogs, 'resource'));
    for (const scopeLogs of list(resourceLogs, 'scopeLogs')) {
      const scope = property(property(scopeLogs, 'scope'), 'name');
      for (const record of list(scopeLogs, 'logRecords')) {
        yield isObject(record)
          ? documentOf(record, resource, typeof scope === 'string' ? scope : '')
          : undefined;
      }
    }
  }
}

function documentOf(record: object, resource: Readonly<Record<string, unknown>>, scope: string): object {
  const time = property(record, 'timeUnixNano');
  const observed = property(record, 'observedTimeUnixNano');
  const severity = property(record, 'severityText');
  const trace = property(record, 'traceId');
  const span = property(record, 'spanId');
  const name = property(record, 'eventName');
  const body = plainValue(property(record, 'body'), 0);
  const stamp = isNanoseconds(time) ? time : isNanoseconds(observed) ? observed : undefined;
  return {
    ...(stamp === undefined ? {} : { '@timestamp': rfc3339(stamp) }),
    ...resource,
    ...attributesOf(record),
    ...(typeof body === 'string'
      ? { message: body }
      : isObject(body)
        ? body
        : body === undefined
          ? {}
          : { body }),
    ...(typeof severity === 'string' && severity !== '' ? { 'log.level': severity.toLowerCase() } : {}),
    ...(typeof trace === 'string' && trace !== '' ? { 'trace.id': trace } : {}),
    ...(typeof span === 'string' && span !== '' ? { 'span.id': span } : {}),
    ...(typeof name === 'string' && name !== '' ? { 'event.action': name } : {}),
    ...(scope === '' ? {} : { 'log.logger': scope }),
  };
}

/** Nanoseconds since 1970 as a decimal string or a number, and not the zero that stands for none. */
function isNanoseconds(value: unknown): value is string | number {
  return (
    (typeof value === 'string' && /^[1-9]\d{9,19}$/.test(value)) || (typeof value === 'number' && value > 1e9)
  );
}

function rfc3339(nanoseconds: string | number): string | undefined {
  const ms = Number(nanoseconds) / 1e6;
  return ms < 8.64e15 ? new Date(ms).toISOString() : undefined;
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
