import type { Fields } from '@kydai/contracts';
import { FileHeaders, type KeptHeader } from './columns/file-headers.ts';
import {
  readFileLine,
  readHeaderLine,
  readShippedLine,
  refuseUnread,
  unknownHeader,
} from './columns/file-lines.ts';
import { readAssumedIis } from './columns/w3c.ts';
import { Draft } from './fields.ts';
import { readCef } from './formats/cef.ts';
import { readLeef } from './formats/leef.ts';
import { readDocument } from './json/document.ts';
import { type Relayed, readRelayed } from './json/relayed.ts';
import { readDevice, readRelayedDevice } from './network/lines.ts';
import { readDeviceMessage } from './network/network.ts';
import { compileParser } from './parser-pack.ts';
import { cityPrograms, finishCity } from './programs/city.ts';
import { type MessageReader, programReader, type ReaderContext, readBareLine } from './programs/programs.ts';
import { addPriority, ahead, applyHeader, doubt, readProcessId } from './syslog/apply.ts';
import { looksRelayed, readHeader, type SyslogHeader } from './syslog/header.ts';
import { TimeReader, type ZoneOffset, zoneOffset } from './syslog/time.ts';

/** What one line or document was understood to say. */
export interface Normalised {
  /** Epoch milliseconds, by the source's clock where it gave a usable time. */
  readonly time: number;
  readonly dataset: string;
  readonly fields: Fields;
  /** False where only the raw line could be kept; `error.message` says why. */
  readonly parsed: boolean;
  /** How many equal events the line stands for (`message repeated N times`), 1 to 100. */
  readonly count: number;
}

export interface Normaliser {
  /**
   * One line of syslog, with or without its header, or a line that is a JSON document or an access log entry. `origin`
   * names the sender, if nobody else can send in its name: the headers of its files are remembered for it.
   */
  line(text: string, received: number, origin?: string): Normalised;
  /** One JSON document. */
  document(value: object, received: number, origin?: string): Normalised;
  /** The headers of files (Zeek's, W3C's) that are new since this was called last, for `headers` of the next start. */
  newHeaders(): readonly KeptHeader[];
}

export interface NormaliserOptions {
  /** The zone of sources that name none: `Z`, `+07:00`, or an IANA name. `+07:00` unless told. */
  readonly zone?: string;
  /** Parsers of the city's own, each of the shape of `ParserDefinition`; they win over the built-in ones. */
  readonly parsers?: readonly unknown[];
  /** The headers of files of before a restart. */
  readonly headers?: readonly KeptHeader[];
}

/** Beyond this many UTF-16 units the fields of a line are copied out of it. */
const longLine = 1024;
/** Makes the normaliser: from what a source wrote to ECS fields. Throws `NormaliseError` for an unknown zone or a bad parser. */
export function createNormaliser(options: NormaliserOptions = {}): Normaliser {
  const zone = zoneOffset(options.zone ?? '+07:00');
  const own = new Map<string, MessageReader>();
  for (const definition of options.parsers ?? []) {
    const parser = compileParser(definition);
    for (const program of parser.programs) own.set(program, parser.read);
  }
  const times = new TimeReader(zone);
  const files = new FileHeaders(options.headers);
  const reader = (program: string): MessageReader | undefined => own.get(program) ?? programReader(program);
  return {
    line(given, received, origin = '') {
      // A file that Windows wrote begins with a byte order mark.
      const text = given.charCodeAt(0) === 0xfeff ? given.slice(1) : given;
      const draft = readLine(text, { received, zone, times, reader, files, origin });
      if (text.length > longLine) draft.fields.detach();
      return judged(draft, received);
    },
    document(value, received, origin = '') {
      const context = { received, zone, times, reader, files, origin };
      return judged(readWholeDocument(new Draft(received), value, context), received);
    },
    newHeaders: () => files.changes(),
  };
}

/** What reading one line needs besides the line. */
interface Context extends ReaderContext {
  readonly times: TimeReader;
  readonly files: FileHeaders;
  /** Empty where senders cannot be told apart. */
  readonly origin: string;
  reader(program: string): MessageReader | undefined;
}

function readLine(text: string, context: Context): Draft {
  const { received } = context;
  const draft = new Draft(received);
  if (text.charCodeAt(0) === 123) {
    const document = parseObject(text);
    if (document) return readWholeDocument(draft, document, context);
  }
  if (readAssumedIis(draft, text)) return draft;
  const header = readHeader(text, { received, times: context.times, fields: draft.fields });
  if (header.fault !== '') {
    if (readBareLine(draft, text, context) || readDevice(draft, text, header, context)) return draft;
    draft.fields.offer('message', text);
    draft.timeFlag = 'none';
    if (readHeaderLine(draft, text)) return draft;
    const headless = /^\d{9,10}\.\d{6}\t/.test(text);
    draft.fields.set('error.message', headless ? unknownHeader : header.fault);
    return draft;
  }
  // What begins like a tag may be a line of a file that has no header: `example.com:443 203.0.113.7 - - [...]`.
  if (header.priority < 0 && Number.isNaN(header.time) && readBareLine(draft, text, context)) return draft;
  const read = header.program === '' ? undefined : context.reader(header.program);
  if (!read && text.includes('%') && readDevice(draft, text, header, context)) return draft;
  applyHeader(draft, header, received);
  readMessage(draft, header, context, read);
  if (header.columns !== '' && draft.dataset === 'linux.syslog') refuseUnread(draft);
  return draft;
}

/** Writes down what is doubtful about the time, whichever reader it came from in the end. */
function judged(draft: Draft, received: number): Draft {
  const flag = draft.timeFlag === '' && draft.time - received > ahead ? 'future' : draft.timeFlag;
  if (flag !== '') draft.fields.set('kydai.time_flag', flag);
  return draft;
}

/** `reader`: that of the header's program. */
function readMessage(
  draft: Draft,
  header: SyslogHeader,
  context: Context,
  reader: MessageReader | undefined,
): void {
  const { fields } = draft;
  const { received, zone } = context;
  let { message, program } = header;
  if (looksRelayed(message)) {
    const inner = readHeader(message, { received, times: context.times, fields });
    if (inner.fault === '' && inner.program !== '') {
      if (header.host !== '') fields.set('observer.hostname', header.host);
      if (inner.host !== '') fields.set('host.name', inner.host);
      fields.set('process.name', inner.program);
      if (inner.processId !== '') fields.set('process.pid', readProcessId(inner.processId));
      if (!Number.isNaN(inner.time)) draft.happened(inner.time, doubt(inner, received));
      ({ message, program } = inner);
    }
  }
  const old = program.indexOf('(');
  if (old > 0) {
    program = program.slice(0, old);
    fields.set('process.name', program);
  }
  fields.add('message', message);
  if (readFileLine(draft, header, message, context)) return;
  const first = message.charCodeAt(0);
  if (first === 123 || (first === 64 && message.startsWith('@cee:'))) {
    const document = parseObject(first === 64 ? message.slice(5) : message);
    if (document) {
      readEmbedded(draft, document, program, zone);
      return;
    }
  }
  if (readSecurityFormat(draft, program, message, zone)) return;
  if (program === '' && readDeviceMessage(draft, message, context)) return;
  const read = program === header.program ? reader : context.reader(program);
  read?.(draft, message, context);
}

/** CEF and LEEF, whose own prefix looks like a syslog tag (`CEF:0|...`) or stands at the start of the message. */
function readSecurityFormat(draft: Draft, program: string, message: string, zone: ZoneOffset): boolean {
  if (program === 'CEF') return readCef(draft, `CEF:${message}`, zone);
  if (program === 'LEEF') return readLeef(draft, `LEEF:${message}`, zone);
  const first = message.charCodeAt(0);
  if (first === 67 && message.startsWith('CEF:')) return readCef(draft, message, zone);
  return first === 76 && message.startsWith('LEEF:') && readLeef(draft, message, zone);
}

/** A JSON document after a syslog header: the header's fields stand, the document's are added. */
function readEmbedded(draft: Draft, document: object, program: string, zone: ZoneOffset): void {
  readDocument(draft, document, zone);
  draft.parsed = true;
  const city = cityPrograms.get(program);
  if (draft.dataset !== 'json') return;
  if (city) {
    draft.dataset = city;
    finishCity(draft);
  }
}

/**
 * A document that is the whole event. What its `message` (or `log`) holds is read too and fills what is missing, unless
 * the shipper has read it: a log line, a document of its own, or a message whose header the shipper took off.
 */
function readWholeDocument(draft: Draft, value: object, context: Context): Draft {
  const { zone } = context;
  const { fields } = draft;
  if (!readDocument(draft, value, zone)) draft.timeFlag = 'none';
  if (draft.dataset !== 'json') finishCity(draft);
  if (draft.dataset === 'windows' || isRead(fields)) return draft;
  const shipped = readShippedLine(draft, value, context);
  if (typeof shipped === 'object') return shipped === draft ? draft : fill(draft, shipped);
  if (!readInside(draft, context) && shipped === 'misfit') refuseUnread(draft);
  return draft;
}

/** What the document's message holds. False where that is nothing that is known. */
function readInside(draft: Draft, context: Context): boolean {
  const { fields } = draft;
  const relayed = readRelayed(fields);
  if (relayed) {
    readRelayedMessage(draft, relayed, context);
    return true;
  }
  const line = fields.get('message') ?? fields.get('log') ?? fields.get('event.original');
  if (typeof line !== 'string' || line.length < 16) return false;
  const text = line.endsWith('\n') ? line.slice(0, -1) : line;
  if (text.charCodeAt(0) === 123) {
    const document = parseObject(text);
    if (document) fill(draft, readWholeDocument(new Draft(context.received), document, context));
    return document !== undefined;
  }
  const inner = readLine(text, context);
  // A text that only happens to read like a header is left alone; a priority in angle brackets is no accident.
  const framed = line.charCodeAt(0) === 60 || looksRelayed(line);
  if (!inner.parsed || (inner.dataset === 'linux.syslog' && !framed)) return false;
  fill(draft, inner);
  return true;
}

/** Names of Elastic's modules for whatever a machine logs; what the lines are is told by the lines. */
const carriers = /^(?:system\.(?:auth|syslog)|journald?\..+|syslog|[a-z_]+\.(?:generic|log)|log|filestream)$/;

/** ECS categorisation is there only where something has read the event. */
function isRead(fields: Fields): boolean {
  return fields.get('event.category') !== undefined || fields.get('event.action') !== undefined;
}

/** Adds what was read of the inner line; its own time wins over the shipper's, which is that of reading. */
function fill(draft: Draft, inner: Draft): Draft {
  if (draft.dataset === 'json' || (carriers.test(draft.dataset) && inner.dataset !== 'json')) {
    draft.dataset = inner.dataset;
  }
  draft.count = inner.count;
  const { fields } = draft;
  if (inner.timeFlag === '' || draft.timeFlag === 'none') draft.happened(inner.time, inner.timeFlag);
  for (const [name, field] of inner.fields.entries()) {
    if (name === 'message') fields.set(name, field);
    else if (name !== 'error.message') fields.offer(name, field);
  }
  return draft;
}

/** Its time is the record's: the message has none. */
function readRelayedMessage(draft: Draft, relayed: Relayed, context: Context): Draft {
  const inner = new Draft(draft.time);
  inner.parsed = true;
  inner.dataset = 'linux.syslog';
  addPriority(inner.fields, relayed.facility, relayed.severity);
  if (relayed.host !== '') inner.fields.add('host.name', relayed.host);
  inner.fields.add('process.name', relayed.program);
  if (relayed.processId !== '') inner.fields.add('process.pid', readProcessId(relayed.processId));
  inner.fields.add('message', relayed.message);
  if (!readSecurityFormat(inner, relayed.program, relayed.message, context.zone)) {
    const read = context.reader(relayed.program);
    if (read) read(inner, relayed.message, context);
    else readRelayedDevice(inner, relayed, context);
  }
  return fill(draft, inner);
}

function parseObject(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
