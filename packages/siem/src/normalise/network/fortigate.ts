import type { Draft } from '../fields.ts';
import { addKeyed, addNamed, type KeyTable, outcomeOf } from '../formats/extension.ts';
import { readPairs } from '../key-value.ts';
import { readIsoTime, type ZoneOffset } from '../syslog/time.ts';

/** Keys of FortiOS (Fortinet, "FortiOS Log Message Reference", 6.x and 7.x) by ECS name. */
const keys: KeyTable = {
  devname: 'observer.name',
  devid: 'observer.serial_number',
  logid: 'event.code',
  logdesc: 'rule.description',
  level: 'log.level',
  msg: 'event.reason',
  srcip: 'source.ip',
  remip: 'source.ip',
  srcport: 'source.port',
  srcmac: 'source.mac',
  dstip: 'destination.ip',
  dstport: 'destination.port',
  dstmac: 'destination.mac',
  transip: 'source.nat.ip',
  srcintf: 'observer.ingress.interface.name',
  dstintf: 'observer.egress.interface.name',
  sentbyte: 'source.bytes',
  rcvdbyte: 'destination.bytes',
  sentpkt: 'source.packets',
  rcvdpkt: 'destination.packets',
  user: 'user.name',
  unauthuser: 'user.name',
  group: 'group.name',
  service: 'network.protocol',
  app: 'network.application',
  policyid: 'rule.id',
  policyname: 'rule.name',
  attack: 'rule.name',
  virus: 'threat.software.name',
  filename: 'file.name',
  hostname: 'url.domain',
  url: 'url.original',
  qname: 'dns.question.name',
  qtype: 'dns.question.type',
  agent: 'user_agent.original',
  httpmethod: 'http.request.method',
};

const transports: Readonly<Record<string, string>> = {
  '1': 'icmp',
  '6': 'tcp',
  '17': 'udp',
  '58': 'ipv6-icmp',
};
const categories: Readonly<Record<string, readonly string[]>> = {
  traffic: ['network'],
  event: ['configuration'],
};
const mostPairs = 160;

/** Whether a message is a log of FortiGate's: `date=... time=... devname=... type=...`. */
export function isFortigate(message: string): boolean {
  const begins =
    message.startsWith('date=') || message.startsWith('logver=') || message.startsWith('devname=');
  if (!begins) return false;
  const devid = message.indexOf('devid=');
  return devid > 0 && devid < 400 && message.includes('type=') && message.includes('subtype=');
}

/**
 * Reads a log of FortiGate's: under ECS names where there is one, else as `fortinet.firewall.<key>`. What was read
 * first stands.
 */
export function readFortigate(draft: Draft, message: string, zone: ZoneOffset): void {
  const { fields } = draft;
  draft.dataset = 'fortinet.fortigate';
  draft.parsed = true;
  fields.offer('observer.vendor', 'Fortinet');
  fields.offer('observer.product', 'FortiGate');
  const stamp = { date: '', time: '', tz: '', eventtime: '' };
  readPairs(
    message,
    0,
    (key, value) => {
      if (value === '' || value === 'N/A') return;
      if (Object.hasOwn(stamp, key)) {
        stamp[key as keyof typeof stamp] ||= value;
        return;
      }
      if (key === 'action') addAction(draft, value);
      else if (key === 'status') fields.offer('event.outcome', outcomeOf(value) ?? value);
      else if (key === 'proto' && Object.hasOwn(transports, value)) {
        fields.offer('network.transport', transports[value]!);
      } else {
        if (key === 'ui') addConsole(draft, value);
        addKeyed(fields, keys, 'fortinet.firewall', key, value);
      }
    },
    mostPairs,
  );
  const type = fields.get('fortinet.firewall.type');
  if (typeof type === 'string' && Object.hasOwn(categories, type))
    fields.offer('event.category', categories[type]!);
  const name = fields.get('observer.name');
  if (typeof name === 'string') fields.offer('host.name', name);
  const at = readStamp(stamp, zone);
  if (!Number.isNaN(at)) draft.happened(at);
}

function addAction({ fields }: Draft, action: string): void {
  fields.offer('event.action', action);
  const outcome = outcomeOf(action);
  if (outcome) fields.offer('event.outcome', outcome);
  else if (action === 'close' || action === 'timeout') fields.offer('event.outcome', 'success');
}

/** `GUI(10.0.0.1)`, `ssh(10.0.0.1)`: from where an administrator works. */
function addConsole({ fields }: Draft, value: string): void {
  const address = /^[\w-]{1,16}\(([0-9a-fA-F.:]{3,45})\)$/.exec(value)?.[1];
  if (address !== undefined) addNamed(fields, 'source.ip', address);
}

/** `eventtime` counts since 1970, in seconds or, from FortiOS 6.2 on, in nanoseconds; else the clock of the device. */
function readStamp(
  { date, time, tz, eventtime }: Readonly<Record<'date' | 'time' | 'tz' | 'eventtime', string>>,
  zone: ZoneOffset,
): number {
  if (/^\d{10}$/.test(eventtime)) return Number(eventtime) * 1000;
  if (/^\d{19}$/.test(eventtime)) return Number(eventtime.slice(0, 13));
  const read = readIsoTime(`${date}T${time}${/^[+-]\d{4}$/.test(tz) ? tz : ''}`, 0);
  if (!read) return Number.NaN;
  return read.zoned ? read.ms : read.ms - zone(read.ms);
}
