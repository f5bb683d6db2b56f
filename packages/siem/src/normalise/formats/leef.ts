import type { Draft } from '../fields.ts';
import type { ZoneOffset } from '../syslog/time.ts';
import { addKeyed, type KeyTable, readDeviceTime } from './extension.ts';

/** LEEF's predefined attributes (IBM QRadar, LEEF 2.0) by ECS name. */
const keys: KeyTable = {
  src: 'source.ip',
  dst: 'destination.ip',
  srcPort: 'source.port',
  dstPort: 'destination.port',
  srcMAC: 'source.mac',
  dstMAC: 'destination.mac',
  proto: 'network.transport',
  usrName: 'user.name',
  accountName: 'user.target.name',
  cat: 'event.action',
  sev: 'event.severity',
  srcBytes: 'source.bytes',
  dstBytes: 'destination.bytes',
  url: 'url.original',
  policy: 'rule.name',
  reason: 'event.reason',
  identHostName: 'host.name',
};

/**
 * Reads `LEEF:1.0|vendor|product|version|id|` with attributes between tabs, and LEEF 2.0, which names its delimiter
 * after the id (`^` or `x09`). False, with nothing changed, where it is none.
 */
export function readLeef(draft: Draft, text: string, zone: ZoneOffset): boolean {
  const modern = text.startsWith('LEEF:2.0|');
  if (!modern && !text.startsWith('LEEF:1.0|')) return false;
  const parts = text.slice(9).split('|', modern ? 5 : 4);
  if (parts.length < 4) return false;
  const [vendor = '', product = '', version = '', id = '', delimiter = ''] = parts;
  let at = 9 + vendor.length + product.length + version.length + id.length + 4;
  let separator = '\t';
  if (modern && parts.length === 5 && delimiter.length <= 4 && text[at + delimiter.length] === '|') {
    at += delimiter.length + 1;
    const code = /^(?:0?x)([0-9a-f]{1,4})$/i.exec(delimiter);
    if (code) separator = String.fromCharCode(Number.parseInt(code[1]!, 16));
    else if (delimiter.length === 1) separator = delimiter;
  }
  const { fields } = draft;
  draft.dataset = 'leef';
  fields.set('observer.vendor', vendor);
  fields.set('observer.product', product);
  fields.set('observer.version', version);
  fields.set('event.code', id);
  for (const pair of text.slice(at).split(separator, 128)) {
    const equals = pair.indexOf('=');
    if (equals <= 0 || equals > 64) continue;
    const key = pair.slice(0, equals).trim();
    const value = pair.slice(equals + 1);
    if (key === 'devTime') {
      const time = readDeviceTime(value, zone, draft.time);
      if (!Number.isNaN(time)) draft.happened(time);
    } else addKeyed(fields, keys, 'leef', key, value);
  }
  return true;
}
