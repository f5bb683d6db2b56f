import { decimal, isAddress } from '../address.ts';
import type { Draft } from '../fields.ts';
import { civilTime, readMonth, two } from '../syslog/time.ts';

/**
 * Reads the combined (or common) access log of nginx and Apache: `address - user [time] "request" status bytes
 * "referrer" "agent"`, with `name:port` before it or anything after it. False where the line is none, and nothing is changed then.
 *
 * The request is what the client wrote: it may be empty, binary (`\x16\x03`), or without a protocol.
 */
export function readAccessLine(draft: Draft, line: string, dataset: string): boolean {
  const virtual = virtualHost(line);
  const begin = virtual === undefined ? 0 : virtual.length + 1;
  const first = line.indexOf(' ', begin);
  const open = line.indexOf(' [', first);
  const close = open + 28;
  if (first <= begin || first - begin > 255 || open < 0 || open > 1024 || line.charCodeAt(close) !== 93)
    return false;
  if (line.charCodeAt(close + 1) !== 32 || line.charCodeAt(close + 2) !== 34) return false;
  const time = readAccessTime(line, open + 2);
  if (Number.isNaN(time)) return false;
  const requestEnd = closingQuote(line, close + 3);
  if (requestEnd < 0 || line.charCodeAt(requestEnd + 1) !== 32) return false;
  const status = decimal(line.slice(requestEnd + 2, requestEnd + 5));
  if (status < 0 || line.charCodeAt(requestEnd + 5) !== 32) return false;
  const { fields } = draft;
  const address = line.slice(begin, first);
  fields.set(isAddress(address) ? 'source.ip' : 'source.domain', address);
  const middle = line.slice(first + 1, open);
  const user = middle.slice(middle.indexOf(' ') + 1);
  if (user !== '-' && user !== '') fields.set('user.name', user);
  if (virtual !== undefined) {
    const colon = virtual.lastIndexOf(':');
    fields.set('url.domain', virtual.slice(0, colon));
    fields.set('url.port', decimal(virtual.slice(colon + 1)));
  }
  readRequest(draft, line.slice(close + 3, requestEnd));
  fields.set('http.response.status_code', status);
  let at = requestEnd + 6;
  let end = line.indexOf(' ', at);
  if (end < 0) end = line.length;
  const bytes = decimal(line.slice(at, end));
  if (bytes >= 0) fields.set('http.response.body.bytes', bytes);
  at = end + 1;
  if (line.charCodeAt(at) === 34) {
    end = closingQuote(line, at + 1);
    if (end > at + 1 && line.slice(at + 1, end) !== '-') {
      fields.set('http.request.referrer', line.slice(at + 1, end));
    }
    at = end < 0 ? line.length : end + 2;
    if (line.charCodeAt(at) === 34) {
      end = closingQuote(line, at + 1);
      if (end > at + 1 && line.slice(at + 1, end) !== '-') {
        fields.set('user_agent.original', line.slice(at + 1, end));
      }
    }
  }
  fields.offer('event.category', ['web']);
  fields.offer('event.outcome', status < 400 ? 'success' : 'failure');
  draft.happened(time);
  draft.dataset = dataset;
  draft.parsed = true;
  return true;
}

/** `name:port` before the address, as Debian's Apache writes it (`vhost_combined`); an IPv6 address is none. */
function virtualHost(line: string): string | undefined {
  const space = line.indexOf(' ');
  const colon = line.lastIndexOf(':', space);
  if (colon < 1 || space > 261 || line.indexOf(':') !== colon) return undefined;
  const port = decimal(line.slice(colon + 1, space));
  return port > 0 && port < 65_536 ? line.slice(0, space) : undefined;
}

/** `METHOD target HTTP/x`; kept as `url.original` alone where it is something else. */
function readRequest(draft: Draft, request: string): void {
  const { fields } = draft;
  const first = request.indexOf(' ');
  const last = request.lastIndexOf(' ');
  const proper = first > 0 && last > first && request.startsWith('HTTP/', last + 1);
  if (!proper) {
    if (request !== '-' && request !== '') fields.set('url.original', request);
    return;
  }
  fields.set('http.request.method', request.slice(0, first));
  fields.set('http.version', request.slice(last + 6));
  const target = request.slice(first + 1, last);
  fields.set('url.original', target);
  const question = target.indexOf('?');
  fields.set('url.path', question < 0 ? target : target.slice(0, question));
  if (question >= 0) fields.set('url.query', target.slice(question + 1));
}

/** `10/Oct/2000:13:55:36 -0700` at `at`. */
function readAccessTime(line: string, at: number): number {
  const wall = civilTime(
    two(line, at + 7) * 100 + two(line, at + 9),
    readMonth(line, at + 3),
    two(line, at),
    two(line, at + 12),
    two(line, at + 15),
    two(line, at + 18),
  );
  const sign = line.charCodeAt(at + 21);
  if (sign !== 43 && sign !== 45) return Number.NaN;
  const offset = two(line, at + 22) * 60 + two(line, at + 24);
  return wall - (sign === 43 ? offset : -offset) * 60_000;
}

/** The quote that ends a string; servers escape a quote of the client's as `\"` or `\x22`. */
function closingQuote(line: string, from: number): number {
  for (let at = from; at < line.length; at++) {
    const code = line.charCodeAt(at);
    if (code === 92) at++;
    else if (code === 34) return at;
  }
  return -1;
}
