import type { FieldValue } from '@kydai/contracts';

/** A syslog message or an entry of the journal whose header a shipper took apart already. */
export interface Relayed {
  readonly program: string;
  readonly message: string;
  readonly host: string;
  readonly processId: string;
  /** Numbers as in RFC 5424, or NaN. */
  readonly severity: number;
  readonly facility: number;
}

/**
 * Where shippers put the parts: systemd's own names (Fluent Bit, OpenTelemetry, Vector), those of Fluent Bit's and
 * fluentd's syslog parsers, Vector's and OpenTelemetry's syslog sources, Logstash's syslog input, Filebeat's inputs.
 */
const places = {
  program: [
    'SYSLOG_IDENTIFIER', 'log.syslog.appname', 'syslog.identifier', 'appname', 'app_name', 'ident', 'program',
    'process.program', '_COMM', 'COMM', 'process.name',
  ],
  message: ['MESSAGE', 'message', 'log', 'msg'],
  host: ['_HOSTNAME', 'HOSTNAME', 'log.syslog.hostname', 'host.hostname', 'hostname', 'logsource', 'host.name', 'host'],
  processId: ['_PID', 'PID', 'SYSLOG_PID', 'log.syslog.procid', 'procid', 'proc_id', 'pid', 'process.pid'],
  severity: ['PRIORITY', 'log.syslog.severity.code', 'severity_code', 'syslog.priority'],
  facility: ['SYSLOG_FACILITY', 'log.syslog.facility.code', 'facility_code', 'syslog.facility'],
} as const; // biome-ignore format: one list a line

/** What shows that a shipper read it from the journal or from syslog, and that `message` is not a line of its own. */
const marks = [
  'SYSLOG_IDENTIFIER', '_SYSTEMD_UNIT', 'SYSTEMD_UNIT', '_TRANSPORT', 'log.syslog.appname', 'syslog.identifier',
  'systemd.unit', 'appname', 'app_name', 'ident', 'program', 'process.program', 'log.syslog.priority',
]; // biome-ignore format: a list

/** The parts of a relayed message; undefined of any other document. */
export function readRelayed(fields: { get(name: string): FieldValue | undefined }): Relayed | undefined {
  if (!marks.some((name) => fields.get(name) !== undefined)) return undefined;
  const part = (names: readonly string[]): string => {
    for (const name of names) {
      const value = fields.get(name);
      if (typeof value === 'string' && value !== '') return value;
      if (typeof value === 'number') return String(value);
    }
    return '';
  };
  const number = (names: readonly string[], most: number): number => {
    const value = Number.parseInt(part(names), 10);
    return value >= 0 && value <= most ? value : Number.NaN;
  };
  const program = part(places.program);
  const message = part(places.message);
  if (program === '' || program.length > 128 || message === '') return undefined;
  return {
    program,
    message,
    host: part(places.host),
    processId: part(places.processId),
    severity: number(places.severity, 7),
    facility: number(places.facility, 23),
  };
}
