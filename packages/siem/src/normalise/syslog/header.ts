import type { FieldList } from '../fields.ts';
import { readStructuredData } from './structured-data.ts';
import { readIsoTime, readMonth, type TimeReader } from './time.ts';

/** What stands before the message of a syslog line. Absent parts are empty strings. */
export class SyslogHeader {
  /** `facility * 8 + severity`, or -1 where the line has none. */
  priority = -1;
  /** Epoch milliseconds; NaN where the line gives no time. */
  time = Number.NaN;
  /** The zone was not in the line but taken from the configuration. */
  zoneAssumed = false;
  /** The year was not in the line and is not the year of receipt. */
  yearGuessed = false;
  /** There is a time, but no calendar has it (`Feb 31`). */
  timeIsBroken = false;
  /** How the message is read, where `kydai ship` says so: the header of its file. */
  columns = '';
  host = '';
  program = '';
  processId = '';
  messageId = '';
  message = '';
  /** What is malformed; the line must be kept raw. */
  fault = '';
}

export interface HeaderContext {
  readonly received: number;
  readonly times: TimeReader;
  /** Structured data goes here, as `log.syslog.structured_data.<id>.<name>`. */
  readonly fields: FieldList;
}

/** Reads a syslog line: RFC 5424 section 6, or whatever real senders write under the name of RFC 3164 section 4. */
export function readHeader(line: string, context: HeaderContext): SyslogHeader {
  const header = new SyslogHeader();
  let at = 0;
  if (line.charCodeAt(0) === 60) {
    at = readPriority(line, header);
    if (at < 0) {
      header.fault = 'priority is not a number from 0 to 191';
      return header;
    }
    if (line.charCodeAt(at) === 49 && line.charCodeAt(at + 1) === 32) {
      readModern(line, at + 2, header, context);
      return header;
    }
  }
  readTraditional(line, at, header, context);
  return header;
}

/** Reads `<N>` and returns where it ends, or -1 (RFC 5424 section 6.2.1: one to three digits, at most 191). */
function readPriority(line: string, header: SyslogHeader): number {
  let value = 0;
  let at = 1;
  for (; at <= 3; at++) {
    const digit = line.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9)) break;
    value = value * 10 + digit;
  }
  if (at === 1 || line.charCodeAt(at) !== 62 || value > 191) return -1;
  header.priority = value;
  return at + 1;
}

/** RFC 5424: `TIMESTAMP HOSTNAME APP-NAME PROCID MSGID STRUCTURED-DATA [MSG]`, with `-` for what is absent. */
function readModern(line: string, from: number, header: SyslogHeader, context: HeaderContext): void {
  const parts: string[] = [];
  let at = from;
  for (let index = 0; index < 5; index++) {
    const space = line.indexOf(' ', at);
    if (space < 0) {
      header.fault = 'header of RFC 5424 is cut off';
      return;
    }
    const part = line.slice(at, space);
    parts.push(part === '-' ? '' : part);
    at = space + 1;
  }
  const [time = '', host = '', program = '', processId = '', messageId = ''] = parts;
  if (time !== '') {
    const read = readIsoTime(time, 0);
    if (!read || read.end !== time.length) {
      header.fault = 'timestamp is not RFC 3339';
      return;
    }
    header.time = read.zoned ? read.ms : read.ms - context.times.zone(read.ms);
    header.zoneAssumed = !read.zoned;
  }
  if (host.length > 255 || program.length > 128 || processId.length > 128 || messageId.length > 128) {
    header.fault = 'header field of RFC 5424 is too long';
    return;
  }
  header.host = host;
  header.program = program;
  header.processId = processId;
  header.messageId = messageId;
  if (line.charCodeAt(at) === 45) {
    at++;
  } else {
    at = readStructuredData(line, at, context.fields, header);
    if (at < 0) {
      header.fault = 'structured data is malformed';
      return;
    }
  }
  if (at < line.length && line.charCodeAt(at) !== 32) {
    header.fault = 'structured data is not followed by a space';
    return;
  }
  at++;
  if (line.charCodeAt(at) === 0xfeff) at++;
  header.message = line.slice(at);
}

/** The traditional form: `[time] [host] tag[pid]: message`, where each part may be missing. */
function readTraditional(line: string, from: number, header: SyslogHeader, context: HeaderContext): void {
  let at = from;
  const bsd = context.times.bsd(line, at, context.received);
  const iso = bsd ? undefined : readIsoTime(line, at);
  if (bsd) {
    header.time = bsd.ms;
    header.zoneAssumed = true;
    header.yearGuessed = bsd.yearGuessed;
    header.timeIsBroken = Number.isNaN(bsd.ms);
    at = bsd.end;
  } else if (iso) {
    header.time = iso.zoned ? iso.ms : iso.ms - context.times.zone(iso.ms);
    header.zoneAssumed = !iso.zoned;
    at = iso.end;
  }
  const timed = bsd !== undefined || iso !== undefined;
  if (timed) {
    if (line.charCodeAt(at) === 58) at++;
    while (line.charCodeAt(at) === 32) at++;
    at = readHost(line, at, header);
  }
  readTag(line, at, header);
  if (!timed && header.priority < 0 && header.program === '') header.fault = 'no syslog header';
}

/** The host name, unless what stands there is a tag already (`sshd[1]:` or `kernel:`). */
function readHost(line: string, at: number, header: SyslogHeader): number {
  const space = line.indexOf(' ', at);
  const end = space < 0 ? line.length : space;
  if (end === at || end - at > 255 || space < 0) return at;
  const last = line.charCodeAt(end - 1);
  if (last === 58 && !line.slice(at, end - 1).includes(':')) return at;
  for (let index = at; index < end; index++) {
    const code = line.charCodeAt(index);
    if (code === 91 || code === 123 || code === 61 || code === 34) return at;
  }
  header.host = line.slice(at, end);
  return end + 1;
}

/** `program[pid]:` at `at`; everything is message where there is no such tag. */
function readTag(line: string, at: number, header: SyslogHeader): void {
  let end = at;
  const limit = Math.min(line.length, at + 65);
  while (end < limit && isTagCode(line.charCodeAt(end))) end++;
  const stop = line.charCodeAt(end);
  let next = end;
  if (end > at && stop === 91) {
    const close = line.indexOf(']', end);
    if (close > 0 && close - end <= 64) {
      header.processId = line.slice(end + 1, close);
      next = close + 1;
      if (line.charCodeAt(next) === 58) next++;
      else if (line.charCodeAt(next) !== 32 && next < line.length) next = -1;
    } else next = -1;
  } else if (end > at && stop === 58) {
    next = end + 1;
    if (line.charCodeAt(next) === 47 || line.charCodeAt(next) === 92) next = -1;
  } else {
    next = -1;
  }
  if (next < 0) {
    header.processId = '';
    header.message = line.slice(at);
    return;
  }
  header.program = line.slice(at, end);
  if (line.charCodeAt(next) === 32) next++;
  header.message = line.slice(next);
}

/** Letters, digits and `_ - . / ( ) @ +`: what programs put into tags. */
function isTagCode(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 45 && code <= 57) ||
    code === 95 ||
    code === 40 ||
    code === 41 ||
    code === 64 ||
    code === 43
  );
}

/**
 * Whether a message is itself a line of the traditional form, with an RFC 3164 or an RFC 3339 time: what `logger -f`,
 * relays and shippers of log files make.
 */
export function looksRelayed(message: string): boolean {
  if (message.charCodeAt(4) === 45) return readIsoTime(message, 0) !== undefined;
  const colons = message.charCodeAt(9) === 58 && message.charCodeAt(12) === 58;
  return colons && message.charCodeAt(15) === 32 && readMonth(message, 0) !== 0;
}
