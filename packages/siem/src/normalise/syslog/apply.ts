import type { Draft, FieldList, TimeFlag } from '../fields.ts';
import type { SyslogHeader } from './header.ts';

const facilities = (
  'kern user mail daemon auth syslog lpr news uucp cron authpriv ftp ntp security console solaris-cron ' +
  'local0 local1 local2 local3 local4 local5 local6 local7'
).split(' ');
const severities = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'];

const hour = 3_600_000;
/** What is further ahead of us is flagged. */
export const ahead = 5 * 60_000;

/** Adds facility and severity by their names; NaN and -1 are none. */
export function addPriority(fields: FieldList, facility: number, severity: number): void {
  if (facility >= 0) fields.add('log.syslog.facility.name', facilities[facility]!);
  if (severity >= 0) fields.add('log.syslog.severity.name', severities[severity]!);
}

/** Adds what the header says, and takes its time. */
export function applyHeader(draft: Draft, header: SyslogHeader, received: number): void {
  const { fields } = draft;
  draft.parsed = true;
  draft.dataset = 'linux.syslog';
  if (header.priority >= 0) addPriority(fields, header.priority >> 3, header.priority & 7);
  if (header.host !== '') fields.add('host.name', header.host);
  if (header.program !== '' && header.program !== 'CEF' && header.program !== 'LEEF') {
    fields.add('process.name', header.program);
  }
  if (header.processId !== '') fields.add('process.pid', readProcessId(header.processId));
  if (header.messageId !== '') fields.add('log.syslog.msgid', header.messageId);
  if (Number.isNaN(header.time)) draft.timeFlag = header.timeIsBroken ? 'invalid' : 'none';
  else draft.happened(header.time, doubt(header, received));
}

/** A number where it is one. */
export function readProcessId(text: string): string | number {
  const number = Number(text);
  return Number.isSafeInteger(number) && number >= 0 ? number : text;
}

/** What is doubtful about the time of a header. The time itself is never changed on a suspicion. */
export function doubt(header: SyslogHeader, received: number): TimeFlag {
  const skew = header.time - received;
  if (header.zoneAssumed && Math.abs(skew) > 0.4 * hour && Math.abs(skew) < 14.5 * hour) {
    const rest = Math.abs(skew - Math.round(skew / (hour / 2)) * (hour / 2));
    if (rest < 90_000) return 'zone';
  }
  if (skew > ahead) return 'future';
  return header.yearGuessed ? 'year' : '';
}
