/**
 * The ECS fields that the lake keeps as Parquet columns of their own. A value that does not fit its column's type goes
 * to the column `odd`, and a field that is not listed to `rest`: both are JSON objects by field name. Appending to this
 * list is safe (older files then have the field in `rest`, and are read so); changing or removing is not.
 */
export const textColumns = [
  'client.ip',
  'destination.domain',
  'destination.ip',
  'device.id',
  'error.message',
  'event.action',
  'event.code',
  'event.outcome',
  'event.provider',
  'file.path',
  'host.hostname',
  'host.ip',
  'host.name',
  'http.request.method',
  'log.level',
  'message',
  'network.protocol',
  'network.transport',
  'observer.name',
  'process.command_line',
  'process.executable',
  'process.name',
  'server.ip',
  'service.name',
  'source.domain',
  'source.ip',
  'source.user.name',
  'tls.client.hash.sha256',
  'url.domain',
  'url.original',
  'url.path',
  'url.query',
  'user.domain',
  'user.id',
  'user.name',
  'user_agent.original',
] as const;

export const integerColumns = [
  'destination.bytes',
  'destination.port',
  'event.duration',
  'event.severity',
  'http.response.body.bytes',
  'http.response.status_code',
  'log.syslog.facility.code',
  'log.syslog.priority',
  'log.syslog.severity.code',
  'process.parent.pid',
  'process.pid',
  'source.bytes',
  'source.port',
] as const;

export type ColumnType = 'text' | 'integer';

/** By field name: the type of its column. */
export const columnTypes: ReadonlyMap<string, ColumnType> = new Map<string, ColumnType>([
  ...textColumns.map((name) => [name, 'text'] as const),
  ...integerColumns.map((name) => [name, 'integer'] as const),
]);

/** A name as a quoted SQL identifier. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A text as an SQL expression. DuckDB's parser ends its input at NUL, so that one is put in by a function. */
export function literal(text: string): string {
  const parts = text.split('\0').map((part) => `'${part.replaceAll("'", "''")}'`);
  return parts.length === 1 ? parts[0]! : `(${parts.join(' || chr(0) || ')})`;
}

/** A field name as a JSON pointer (RFC 6901 section 3). */
export function pointer(name: string): string {
  return `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
