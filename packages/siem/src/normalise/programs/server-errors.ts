import { isAddress } from '../address.ts';
import type { Draft } from '../fields.ts';
import { type PatternRow, PatternTable } from '../pattern.ts';
import { civilTime, readBsdTime, type ZoneOffset } from '../syslog/time.ts';

const clientRows: readonly PatternRow[] = [
  { match: 'File does not exist: {file.path:rest}', set: { 'event.action': 'file_not_found' } },
  {
    match: 'Directory index forbidden by rule: {file.path:rest}',
    set: { 'event.action': 'index_forbidden' },
  },
  {
    match: 'client denied by server configuration: {file.path:rest}',
    set: { 'event.action': 'client_denied' },
  },
  {
    match: 'script not found or unable to stat: {file.path:rest}',
    set: { 'event.action': 'script_not_found' },
  },
  {
    match: 'user {user.name:rest} not found: {url.path}',
    set: { 'event.action': 'login', 'event.outcome': 'failure' },
  },
  {
    match: 'user {user.name:rest}: authentication failure for "{url.path}": Password Mismatch',
    set: { 'event.action': 'login', 'event.outcome': 'failure' },
  },
];
const clientTable = new PatternTable(clientRows);

/**
 * Apache's error log, of 1.3 to 2.4: `[Sun Dec 04 04:47:44.5 2005] [core:error] [pid 1:tid 2] [client 10.0.0.1:99]
 * message`. False, with nothing changed, where the line is none.
 */
export function readApacheError(draft: Draft, line: string, zone: ZoneOffset, received: number): boolean {
  const first = line.indexOf('] ');
  if (line.charCodeAt(0) !== 91 || first < 20 || first > 40) return false;
  const time = readBsdTime(`${line.slice(5, first)} `, 0, received);
  if (!time?.hasYear || Number.isNaN(time.ms)) return false;
  let at = first + 2;
  const { fields } = draft;
  const found: string[] = [];
  while (line.charCodeAt(at) === 91 && found.length < 6) {
    const close = line.indexOf('] ', at);
    if (close < 0) break;
    found.push(line.slice(at + 1, close));
    at = close + 2;
  }
  const level = found.find((part) =>
    /^(?:\w+:)?(?:emerg|alert|crit|error|warn|notice|info|debug|trace\d)$/.test(part),
  );
  if (!level) return false;
  draft.dataset = 'apache.error';
  draft.parsed = true;
  draft.happened(time.ms - zone(time.ms));
  const colon = level.indexOf(':');
  fields.set('log.level', level.slice(colon + 1));
  if (colon > 0) fields.set('apache.error.module', level.slice(0, colon));
  for (const part of found) {
    if (part.startsWith('pid ')) fields.set('process.pid', Number.parseInt(part.slice(4), 10) || 0);
    else if (part.startsWith('client ')) addClient(draft, part.slice(7));
  }
  let message = line.slice(at);
  fields.set('message', message);
  const code = /^AH\d{5}: /.exec(message);
  if (code) {
    fields.set('event.code', message.slice(0, 7));
    message = message.slice(9);
  }
  clientTable.match(message, fields);
  return true;
}

/**
 * nginx's error log: `2026/11/21 20:26:00 [error] 7#7: *1 message, client: 10.0.0.1, server: x, request: "GET /"`.
 * False, with nothing changed, where the line is none.
 */
export function readNginxError(draft: Draft, line: string, zone: ZoneOffset): boolean {
  const match = /^(\d{4})\/(\d\d)\/(\d\d) (\d\d):(\d\d):(\d\d) \[(\w+)\] (\d+)#\d+: (?:\*\d+ )?/.exec(line);
  if (!match) return false;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number);
  const wall = civilTime(year!, month!, day!, hour!, minute!, second!);
  if (Number.isNaN(wall)) return false;
  const { fields } = draft;
  draft.dataset = 'nginx.error';
  draft.parsed = true;
  draft.happened(wall - zone(wall));
  fields.set('log.level', match[7]!);
  fields.set('process.pid', Number(match[8]));
  fields.set('message', line.slice(match[0].length));
  // What the client wrote may hold the same words, so the server's own part is searched from the end.
  const at = line.lastIndexOf(', client: ');
  if (at < 0) return true;
  const tail = line.slice(at);
  const client = /^, client: ([^,\s]+)/.exec(tail)?.[1];
  if (client) addClient(draft, client);
  const request = /, request: "(\S+) (\S+) HTTP\/([\d.]+)"/.exec(tail);
  if (request) {
    fields.set('http.request.method', request[1]!);
    fields.set('url.original', request[2]!);
  }
  const host = /, host: "([^"]*)"/.exec(tail)?.[1];
  if (host) fields.set('url.domain', host);
  return true;
}

function addClient(draft: Draft, client: string): void {
  const { fields } = draft;
  const colon = client.lastIndexOf(':');
  const port = colon > 0 ? Number(client.slice(colon + 1)) : Number.NaN;
  const address =
    colon > 0 && !isAddress(client) && port >= 0 ? client.slice(0, colon).replace(/^\[|\]$/g, '') : client;
  fields.set(isAddress(address) ? 'source.ip' : 'source.domain', address);
  if (address !== client && Number.isInteger(port)) fields.set('source.port', port);
}
