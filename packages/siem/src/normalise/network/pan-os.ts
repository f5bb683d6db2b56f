import type { Draft } from '../fields.ts';
import { addNamed, outcomeOf } from '../formats/extension.ts';
import { civilTime, two, type ZoneOffset } from '../syslog/time.ts';

/** Columns of traffic and threat logs that are the same, from the 8th on; `-` is left out. */
const session =
  'source.ip destination.ip source.nat.ip destination.nat.ip rule.name user.name user.target.name network.application ' +
  'virtual_system observer.ingress.zone observer.egress.zone observer.ingress.interface.name ' +
  'observer.egress.interface.name log_action - flow_id repeat source.port destination.port source.nat.port ' +
  'destination.nat.port flags network.transport action';
const traffic = `${session} network.bytes source.bytes destination.bytes network.packets start_time elapsed url_category - sequence action_flags source.geo.country_name destination.geo.country_name - source.packets destination.packets event.reason - - - - - observer.name`;
const threat = `${session} url_or_file threat_id url_category severity direction sequence action_flags source.geo.country_name destination.geo.country_name - content_type pcap_id file.hash.sha256 cloud url_index user_agent.original file_type forwarded_for http.request.referrer email.from.address email.subject email.to.address report_id - - - - - observer.name - - - http.request.method`;

/**
 * What stands in each column after the generated time, by the log's type: PAN-OS 9.1 to 11, "Syslog Field
 * Descriptions". Names with a dot are ECS; others are kept as `panw.panos.<name>`. Later versions add at the end.
 */
const columns: Readonly<Record<string, readonly string[]>> = {
  TRAFFIC: traffic.split(' '),
  THREAT: threat.split(' '),
  SYSTEM:
    'virtual_system event.code object - - module severity event.reason sequence action_flags - - - - - observer.name'.split(
      ' ',
    ),
  CONFIG:
    'source.ip virtual_system command user.name client result configuration_path sequence action_flags - - - - - observer.name'.split(
      ' ',
    ),
  GLOBALPROTECT:
    'virtual_system event.code stage auth_method tunnel_type user.name source.geo.region_name source.domain source.ip source_ip6 source.nat.ip - host_id serial client_version user_agent.os.name user_agent.os.version repeat event.reason error description status location login_duration connect_method error_code portal sequence'.split(
      ' ',
    ),
};

const datasets: Readonly<Record<string, string>> = {
  TRAFFIC: 'paloalto.traffic',
  THREAT: 'paloalto.threat',
  SYSTEM: 'paloalto.system',
  CONFIG: 'paloalto.config',
  GLOBALPROTECT: 'paloalto.globalprotect',
};

const mostColumns = 160;

/** Whether a message begins as logs of PAN-OS do: `1,2026/11/21 20:26:00,serial,TYPE,subtype,`. */
export function isPanOs(message: string): boolean {
  return /^[\w.-]{0,32},\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d,[A-Za-z0-9]{1,32},[A-Z]{3,16},/.test(message);
}

/**
 * Reads a log of PAN-OS in its own order (a custom format is not known). Types without a table here (USERID, HIPMATCH,
 * DECRYPTION) are kept with their type and time.
 */
export function readPanOs(draft: Draft, message: string, zone: ZoneOffset): void {
  const { fields } = draft;
  const cells = readCells(message);
  const [, receipt = '', serial = '', type = '', subtype = '', , generated = ''] = cells;
  draft.dataset = Object.hasOwn(datasets, type) ? datasets[type]! : 'paloalto.log';
  draft.parsed = true;
  fields.offer('observer.vendor', 'Palo Alto Networks');
  fields.offer('observer.product', 'PAN-OS');
  fields.offer('observer.serial_number', serial);
  fields.offer('panw.panos.type', type);
  fields.offer('panw.panos.sub_type', subtype);
  const names = Object.hasOwn(columns, type) ? columns[type]! : [];
  for (let index = 0; index < names.length; index++) {
    const value = cells[index + 7];
    const name = names[index]!;
    if (value === undefined || value === '' || name === '-') continue;
    if (name.includes('.')) addNamed(fields, name, value);
    else if (name === 'action') addAction(draft, value);
    else if (name === 'url_or_file') fields.offer(subtype === 'url' ? 'url.original' : 'file.name', value);
    else fields.offer(`panw.panos.${name}`, value);
  }
  if (type === 'GLOBALPROTECT') {
    fields.offer('event.action', fields.get('event.code') ?? 'globalprotect');
    const outcome = outcomeOf(String(fields.get('panw.panos.status') ?? ''));
    if (outcome) fields.offer('event.outcome', outcome);
  }
  const name = fields.get('observer.name');
  if (typeof name === 'string') fields.offer('host.name', name);
  const wall = readStamp(generated) || readStamp(receipt);
  if (wall > 0) draft.happened(wall - zone(wall));
}

/** The words of the product stay in `panw.panos.action`; `event.action` says it as the other firewalls do. */
function addAction({ fields }: Draft, action: string): void {
  fields.offer('panw.panos.action', action);
  const accepted = action === 'allow' || action === 'alert' || action === 'continue';
  fields.offer('event.action', accepted ? 'accept' : 'deny');
  fields.offer('event.outcome', accepted ? 'success' : 'failure');
}

/** Comma-separated, with double quotes around what holds commas, doubled inside. */
function readCells(text: string): readonly string[] {
  const cells: string[] = [];
  let at = 0;
  while (at <= text.length && cells.length < mostColumns) {
    if (text.charCodeAt(at) !== 34) {
      const comma = text.indexOf(',', at);
      const end = comma < 0 ? text.length : comma;
      cells.push(text.slice(at, end));
      at = end + 1;
      continue;
    }
    let close = text.indexOf('"', at + 1);
    while (close >= 0 && text.charCodeAt(close + 1) === 34) close = text.indexOf('"', close + 2);
    const end = close < 0 ? text.length : close;
    cells.push(text.slice(at + 1, end).replaceAll('""', '"'));
    const comma = text.indexOf(',', end);
    at = (comma < 0 ? text.length : comma) + 1;
  }
  return cells;
}

/** `2026/11/21 20:26:00` as if it were UTC; NaN where it is none. */
function readStamp(text: string): number {
  if (text.length !== 19 || text.charCodeAt(4) !== 47) return Number.NaN;
  return civilTime(
    two(text, 0) * 100 + two(text, 2),
    two(text, 5),
    two(text, 8),
    two(text, 11),
    two(text, 14),
    two(text, 17),
  );
}
