import type { Draft } from '../fields.ts';
import type { ZoneOffset } from '../syslog/time.ts';
import { addKeyed, type KeyTable, outcomeOf, readDeviceTime } from './extension.ts';

/** CEF's extension keys (ArcSight Common Event Format, revision 25, chapter 2) by ECS name. */
const keys: KeyTable = {
  src: 'source.ip',
  spt: 'source.port',
  shost: 'source.domain',
  smac: 'source.mac',
  suser: 'user.name',
  duser: 'user.target.name',
  dst: 'destination.ip',
  dpt: 'destination.port',
  dhost: 'destination.domain',
  dmac: 'destination.mac',
  proto: 'network.transport',
  app: 'network.protocol',
  in: 'source.bytes',
  out: 'destination.bytes',
  act: 'event.action',
  reason: 'event.reason',
  outcome: 'event.outcome',
  request: 'url.original',
  requestMethod: 'http.request.method',
  requestClientApplication: 'user_agent.original',
  fname: 'file.name',
  filePath: 'file.path',
  fileHash: 'file.hash.sha256',
  sproc: 'process.name',
  dvc: 'observer.ip',
  dvchost: 'observer.hostname',
  deviceExternalId: 'device.id',
};

/**
 * Reads `CEF:0|vendor|product|version|id|name|severity|extension`. False, with nothing changed, where it is none.
 * Values of the extension hold spaces and run to the next ` key=`; `\=`, `\|`, `\\`, `\n` are escapes.
 */
export function readCef(draft: Draft, text: string, zone: ZoneOffset): boolean {
  const header: string[] = [];
  let at = 4;
  let part = '';
  while (header.length < 7 && at < text.length) {
    const character = text[at]!;
    if (character === '\\' && at + 1 < text.length) {
      part += text[at + 1];
      at += 2;
    } else if (character === '|') {
      header.push(part);
      part = '';
      at++;
    } else {
      part += character;
      at++;
    }
    if (part.length > 1024) return false;
  }
  if (header.length === 6) header.push(part);
  const [version = '', vendor = '', product = '', release = '', id = '', name = '', severity = ''] = header;
  if (header.length < 7 || !/^[01](?:\.\d)?$/.test(version)) return false;
  const { fields } = draft;
  draft.dataset = 'cef';
  fields.set('observer.vendor', vendor);
  fields.set('observer.product', product);
  fields.set('observer.version', release);
  fields.set('event.code', id);
  fields.set('message', name);
  fields.set('event.severity', severity);
  const labels = new Map<string, string>();
  const customs: [string, string][] = [];
  let time = Number.NaN;
  for (const [key, value] of extension(text, at)) {
    if (key.endsWith('Label')) labels.set(key.slice(0, -5), value);
    else if (/^(?:c6a|cfp|cn|cs|deviceCustomDate|flexString)\d$/.test(key)) customs.push([key, value]);
    else if (key === 'rt') time = readDeviceTime(value, zone, draft.time);
    else if (key === 'outcome') fields.offer('event.outcome', outcomeOf(value) ?? value);
    else addKeyed(fields, keys, 'cef', key, value);
  }
  if (!Number.isNaN(time)) draft.happened(time);
  for (const [key, value] of customs) {
    const label = labels
      .get(key)
      ?.slice(0, 64)
      .replaceAll(/[^\w.-]+/g, '_');
    fields.offer(`cef.${label || key}`, value);
  }
  return true;
}

function* extension(text: string, from: number): Generator<[string, string]> {
  let at = from;
  let count = 0;
  while (at < text.length && count++ < 128) {
    while (text[at] === ' ') at++;
    const equals = text.indexOf('=', at);
    if (equals < 0 || equals === at || equals - at > 64) return;
    const key = text.slice(at, equals);
    const next = nextKey(text, equals + 1);
    const value = text.slice(equals + 1, next).trimEnd();
    if (/^[\w.[\]-]+$/.test(key)) {
      yield [key, value.includes('\\') ? value.replace(/\\([=|\\nr])/g, unescaped) : value];
    }
    at = next;
  }
}

function unescaped(_: string, character: string): string {
  return character === 'n' ? '\n' : character === 'r' ? '\r' : character;
}

/** Where the next ` key=` begins, or the end of the text. */
function nextKey(text: string, from: number): number {
  for (let equals = text.indexOf('=', from); equals >= 0; equals = text.indexOf('=', equals + 1)) {
    if (text[equals - 1] === '\\') continue;
    let start = equals;
    while (start > from && isKeyCode(text.charCodeAt(start - 1))) start--;
    if (start < equals && start > from && text[start - 1] === ' ') return start - 1;
  }
  return text.length;
}

function isKeyCode(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 48 && code <= 57) ||
    code === 95 ||
    code === 46
  );
}
