import { Draft, type FieldList } from '../fields.ts';
import type { SyslogHeader } from '../syslog/header.ts';
import type { ZoneOffset } from '../syslog/time.ts';
import { columnsOf } from './columns.ts';
import { isHeaderLine, longestHeader } from './file-header.ts';
import type { FileHeaders } from './file-headers.ts';

/** What is known of the files of all senders, and who sends now: empty where senders cannot be told apart. */
export interface FileContext {
  readonly files: FileHeaders;
  readonly origin: string;
  readonly zone: ZoneOffset;
}

export const unknownHeader =
  'the header of the file was not seen; ship its first lines too, and say the file with each line';

/** A line of a file's header says nothing by itself. */
export function readHeaderLine(draft: Draft, line: string): boolean {
  if (!isHeaderLine(line)) return false;
  draft.dataset = 'log.header';
  draft.parsed = true;
  return true;
}

/**
 * A line that fits neither its header nor any other form is raw. It is read otherwise first: somebody who can write one
 * line into a file, and makes it look like a header, shall not keep the others from being read.
 */
export function refuseUnread(draft: Draft): void {
  draft.dataset = 'raw';
  draft.parsed = false;
}

/** A line under a header; what is wrong with it, or an empty string. Nothing is changed where anything is. */
function readColumns(draft: Draft, line: string, header: string, zone: ZoneOffset): string {
  if (header.length > longestHeader) return 'the header of the file is too long';
  const columns = columnsOf(header);
  return typeof columns === 'string' ? columns : columns.read(draft, line, zone);
}

/**
 * A line of a file with a header, as the message of a syslog line. Its file is that of the host and the program; a header
 * is remembered only of a sender whose name nobody else can use.
 */
export function readFileLine(
  draft: Draft,
  header: Pick<SyslogHeader, 'columns' | 'host' | 'program'>,
  message: string,
  context: FileContext,
): boolean {
  const { files, origin, zone } = context;
  const { columns, host, program } = header;
  if (message.charCodeAt(0) === 35 && isHeaderLine(message)) {
    if (origin !== '') files.take(origin, `${host}\0${program}`, message, Number.NaN);
    return readHeaderLine(draft, message);
  }
  if (columns !== '') {
    const fault = readColumns(draft, message, columns, zone);
    if (fault !== '') draft.fields.set('error.message', fault);
    return fault === '';
  }
  if (!files.has(origin)) return false;
  const known = files.columns(origin, `${host}\0${program}`, Number.NaN);
  const fault = known === '' ? undefined : readColumns(draft, message, known, zone);
  // Programs write other things than the lines of one file.
  if (fault) draft.fields.offer('error.message', fault);
  return fault === '';
}

/** Where shippers say which file a line is of, which machine's, and where in the file it begins. */
const fileNames = ['log.file.path', 'file', 'filename', 'file_path', 'path', 'log.file.name'] as const;
const machineNames = ['agent.id', 'host.id', 'host.name', 'hostname', 'host'] as const;
const offsetNames = ['log.offset', 'offset', 'log.file.offset'] as const;

/**
 * A line of a file with a header, in a document. `kydai ship` sends with each line how it is read; of other shippers'
 * files the headers are remembered, where they say the file. The draft of the line, to be filled into that of the
 * document, or that of the document where the line says nothing more; `misfit`, with the reason in `error.message`, where
 * it does not fit its header; undefined where there is no such line.
 */
export function readShippedLine(
  draft: Draft,
  value: object,
  context: FileContext,
): Draft | 'misfit' | undefined {
  const { fields } = draft;
  const { files, origin, zone } = context;
  const line = fields.get('message') ?? fields.get('log') ?? fields.get('event.original');
  if (typeof line !== 'string' || line === '') return undefined;
  const text = line.replace(/\r?\n?$/, '');
  const given = (value as { readonly 'kydai.columns'?: unknown })['kydai.columns'];
  const firstOf = (names: readonly string[]) =>
    names.map((name) => fields.get(name)).find((each) => typeof each === 'string' && each !== '');
  if (isHeaderLine(text)) {
    const file = firstOf(fileNames);
    if (origin !== '' && given === undefined && file !== undefined)
      files.take(origin, `${firstOf(machineNames) ?? ''}\0${file}`, text, offsetOf(fields));
    readHeaderLine(draft, text);
    return draft;
  }
  let columns = typeof given === 'string' ? given : '';
  if (columns === '' && files.has(origin)) {
    const file = `${firstOf(machineNames) ?? ''}\0${firstOf(fileNames) ?? ''}`;
    columns = files.columns(origin, file, offsetOf(fields));
  }
  if (columns === '') return undefined;
  const inner = new Draft(draft.time);
  const fault = readColumns(inner, text, columns, zone);
  if (fault === '') return inner;
  draft.fields.set('error.message', fault);
  return 'misfit';
}

function offsetOf(fields: FieldList): number {
  const offset = offsetNames.map((name) => fields.get(name)).find((each) => typeof each === 'number');
  return typeof offset === 'number' ? offset : Number.NaN;
}
