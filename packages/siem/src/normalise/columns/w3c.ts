import { decimal, isAddress } from '../address.ts';
import type { Draft } from '../fields.ts';
import { addKeyed, type KeyTable, outcomeOf } from '../formats/extension.ts';
import { readIsoTime } from '../syslog/time.ts';
import { type Columns, isColumnName, mostColumns } from './kind.ts';

/** Columns of the W3C's working draft "Extended Log File Format", of IIS, and of the products that borrowed it, by ECS name. */
const keys: KeyTable = {
  'c-ip': 'source.ip',
  'c-port': 'source.port',
  's-ip': 'destination.ip',
  's-port': 'destination.port',
  'cs-method': 'http.request.method',
  'cs-uri-stem': 'url.path',
  'cs-uri-query': 'url.query',
  'cs-uri-scheme': 'url.scheme',
  'cs-uri-port': 'url.port',
  'cs-uri-extension': 'url.extension',
  'cs-username': 'user.name',
  'cs-host': 'url.domain',
  'cs(Host)': 'url.domain',
  'cs(User-Agent)': 'user_agent.original',
  'cs(Referer)': 'http.request.referrer',
  'cs(Cookie)': 'http.request.cookie',
  'cs(X-Forwarded-For)': 'http.request.forwarded_for',
  'sc-status': 'http.response.status_code',
  'sc-bytes': 'http.response.body.bytes',
  'cs-bytes': 'http.request.body.bytes',
  's-computername': 'host.name',
  's-sitename': 'iis.access.site_name',
  'sc-substatus': 'iis.access.sub_status',
  'sc-win32-status': 'iis.access.win32_status',
  'r-ip': 'server.ip',
  'r-dns': 'server.domain',
  action: 'event.action',
  protocol: 'network.transport',
  'src-ip': 'source.ip',
  'src-port': 'source.port',
  'dst-ip': 'destination.ip',
  'dst-port': 'destination.port',
  size: 'network.bytes',
};

interface Product {
  readonly dataset: string;
  /** Where columns without an ECS name are kept. */
  readonly prefix: string;
  /** Texts that clients sent have `+` for a blank. */
  readonly plus?: boolean;
  /** Texts that clients sent are percent-encoded. */
  readonly percent?: boolean;
}

const iis: Product = { dataset: 'iis.access', prefix: 'iis.access', plus: true };

function productOf(software: string, names: readonly string[]): Product {
  if (software.includes('Internet Information Services')) return iis;
  if (software.includes('Microsoft HTTP API'))
    return { dataset: 'iis.error', prefix: 'iis.error', plus: true };
  if (software.includes('Windows Firewall')) return { dataset: 'firewall.log', prefix: 'firewall' };
  if (/\bSGOS\b|Blue ?Coat/i.test(software)) return { dataset: 'proxy.log', prefix: 'proxy' };
  if (names.includes('x-edge-location'))
    return { dataset: 'aws.cloudfront', prefix: 'aws.cloudfront', percent: true };
  if (names.includes('s-sitename') || names.includes('sc-win32-status')) return iis;
  return { dataset: names.includes('cs-method') ? 'w3c.access' : 'w3c.log', prefix: 'w3c' };
}

/** Client's own words; a blank in them is written otherwise. */
const spoken: ReadonlySet<string> = new Set(['user_agent.original', 'http.request.cookie']);

/** Compiles the header of a W3C extended log: `#Fields:`, and before it `#Software:` and `#Time Format:`. */
export function compileW3c(header: string): Columns | string {
  const lines = header.split('\n');
  const directive = (name: string) =>
    lines.findLast((line) => line.startsWith(`#${name}:`))?.slice(name.length + 2);
  const names = (directive('Fields') ?? '').trim().split(/[\s,]+/);
  if (names.length > mostColumns) return `the header of the file names more than ${mostColumns} columns`;
  if (!names.every(isColumnName) || new Set(names).size !== names.length)
    return 'the header of the file names a column twice, or as no column is called';
  const local = /\bLocal\b/i.test(directive('Time Format') ?? '');
  return columnsFor(names, productOf(directive('Software') ?? '', names), local);
}

function columnsFor(names: readonly string[], product: Product, local: boolean): Columns {
  const date = names.indexOf('date');
  const time = names.indexOf('time');
  const checks = names.flatMap((name, index) =>
    name === 'sc-status' || name === 'c-ip' || name === 's-ip' ? [{ name, index }] : [],
  );
  return {
    read(draft, line, zone) {
      const cells = readCells(line);
      if (cells.length !== names.length)
        return `the line has ${cells.length} columns, the header of the file ${names.length}`;
      const stamp = date < 0 || time < 0 ? undefined : readIsoTime(`${cells[date]}T${cells[time]}`, 0);
      if (date >= 0 && time >= 0 && !stamp) return 'the columns `date` and `time` are no time';
      for (const { name, index } of checks) {
        const cell = cells[index]!;
        const fits =
          cell === '-' || (name === 'sc-status' ? decimal(cell) >= 0 : isAddress(cell.replace(/%\w+$/, '')));
        if (!fits) return `the column \`${name}\` is no ${name === 'sc-status' ? 'number' : 'address'}`;
      }
      draft.dataset = product.dataset;
      draft.parsed = true;
      for (let index = 0; index < names.length; index++) {
        if (index !== date && index !== time) addCell(draft, names[index]!, cells[index]!, product);
      }
      finish(draft, cells, names);
      if (stamp) draft.happened(local ? stamp.ms - zone(stamp.ms) : stamp.ms);
      else draft.timeFlag = 'none';
      return '';
    },
  };
}

function addCell({ fields }: Draft, column: string, cell: string, { prefix, plus, percent }: Product): void {
  if (cell === '-' || cell === '') return;
  const name = Object.hasOwn(keys, column) ? keys[column]! : undefined;
  if (name === undefined) fields.offer(`${prefix}.${column.replaceAll(/[()]/g, '_')}`, cell);
  else if (name === 'http.response.status_code') fields.offer(name, decimal(cell));
  else if (!spoken.has(name)) addKeyed(fields, keys, prefix, column, cell);
  else fields.offer(name, plus ? cell.replaceAll('+', ' ') : percent ? decoded(cell) : cell);
}

/** What several columns say together. */
function finish(draft: Draft, cells: readonly string[], names: readonly string[]): void {
  const { fields } = draft;
  const cell = (name: string) => {
    const value = cells[names.indexOf(name)];
    return value === '-' ? undefined : value;
  };
  const stem = cell('cs-uri-stem');
  const query = cell('cs-uri-query');
  const uri = cell('cs-uri');
  if (stem !== undefined) fields.offer('url.original', query === undefined ? stem : `${stem}?${query}`);
  else if (uri !== undefined) fields.offer('url.original', uri);
  const status = fields.get('http.response.status_code');
  const action = fields.get('event.action');
  if (typeof status === 'number') {
    fields.offer('event.category', ['web']);
    fields.offer('event.outcome', status < 400 ? 'success' : 'failure');
  } else if (typeof action === 'string') {
    // Windows' firewall says ALLOW and DROP.
    const outcome = outcomeOf(action);
    if (!outcome) return;
    fields.set('event.action', outcome === 'success' ? 'accept' : 'deny');
    fields.offer('event.outcome', outcome);
    fields.offer('event.category', ['network']);
  }
}

function decoded(text: string): string {
  try {
    // CloudFront encodes twice.
    return decodeURIComponent(decodeURIComponent(text));
  } catch {
    return text;
  }
}

/** Between tabs where there are any, else between blanks, with double quotes around what holds blanks. */
function readCells(line: string): readonly string[] {
  if (line.includes('\t')) return line.split('\t', mostColumns + 1);
  const text = line.trimEnd();
  if (!text.includes('"')) return text.split(' ', mostColumns + 1);
  const cells: string[] = [];
  for (let at = 0; at <= text.length && cells.length <= mostColumns; ) {
    const quoted = text.charCodeAt(at) === 34;
    const close = quoted ? text.indexOf('"', at + 1) : -1;
    const space = text.indexOf(' ', close < 0 ? at : close);
    const end = space < 0 ? text.length : space;
    cells.push(close === end - 1 && quoted ? text.slice(at + 1, close) : text.slice(at, end));
    at = end + 1;
  }
  return cells;
}

const usual =
  'date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken'.split(
    ' ',
  );
const assumed = new Map(
  [usual, usual.filter((name) => name !== 'cs(Referer)')].map((names) => [
    names.length,
    columnsFor(names, iis, false),
  ]),
);
const likeIis = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [\da-fA-F.:%]{3,45} [A-Z_]{3,20} \//;

/**
 * A line of IIS whose header is not known: read by the columns that IIS 7 to 10 write unless told otherwise, where their
 * number and kinds fit, and marked `kydai.columns: assumed`. False, with nothing changed, where they do not.
 */
export function readAssumedIis(draft: Draft, line: string): boolean {
  if (line.charCodeAt(10) !== 32 || line.charCodeAt(4) !== 45 || !likeIis.test(line)) return false;
  const cells = line.trimEnd().split(' ', mostColumns);
  const numbers = cells.slice(-4).every((cell) => decimal(cell) >= 0);
  if (!numbers || assumed.get(cells.length)?.read(draft, line, () => 0) !== '') return false;
  draft.fields.offer('kydai.columns', 'assumed');
  return true;
}
