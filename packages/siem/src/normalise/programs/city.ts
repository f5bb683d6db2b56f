import type { FieldValue } from '@kydai/contracts';
import { decimal } from '../address.ts';
import type { Draft } from '../fields.ts';
import { readPairs } from '../key-value.ts';
import { markDrill } from '../syslog/structured-data.ts';

/**
 * The city's own log lines: cameras, controllers, the TLS front and flow meters write `key=value` pairs after a syslog
 * header, such as
 *
 *     <134>Nov 21 20:26:00 cam-017 camera: action=login_failed user=admin src=203.0.113.9 sport=40122
 *     <134>Nov 21 20:26:00 tls-001 controller: device=tls-001 action=phase_change value=4 scheduled=no user=ops src=10.9.0.4
 *     <134>Nov 21 20:26:00 edge-2 tls: device=cam-017 src=198.51.100.7 cert_sha256=ab12... serial=0f3c site=north
 *     <134>Nov 21 20:26:00 gw-1 flow: device=cam-017 src=10.1.0.17 dst=203.0.113.80 dport=23 proto=tcp bytes=120
 *
 * The keys are data. A key that is not listed is kept as `<dataset's first word>.<key>`.
 */
const keys: Readonly<Record<string, string>> = {
  action: 'event.action',
  event: 'event.action',
  outcome: 'event.outcome',
  result: 'event.outcome',
  reason: 'event.reason',
  device: 'device.id',
  user: 'user.name',
  src: 'source.ip',
  sport: 'source.port',
  dst: 'destination.ip',
  dport: 'destination.port',
  proto: 'network.transport',
  bytes: 'network.bytes',
  packets: 'network.packets',
  value: 'controller.value',
  command_id: 'controller.command_id',
  cmd: 'controller.command_id',
  scheduled: 'controller.scheduled',
  serial: 'tls.client.x509.serial_number',
  cert_sha256: 'tls.client.hash.sha256',
  site: 'observer.site',
  firmware: 'device.firmware',
  msg: 'event.reason',
};

const numbers: ReadonlySet<string> = new Set([
  'source.port',
  'destination.port',
  'network.bytes',
  'network.packets',
]);

const outcomes: ReadonlyMap<string, string> = new Map([
  ['ok', 'success'],
  ['success', 'success'],
  ['allowed', 'success'],
  ['fail', 'failure'],
  ['failed', 'failure'],
  ['failure', 'failure'],
  ['denied', 'failure'],
]);

/** The dataset of each program name that the city's own equipment uses. */
export const cityPrograms: ReadonlyMap<string, string> = new Map([
  ['camera', 'camera.log'],
  ['ipcam', 'camera.log'],
  ['nvr', 'camera.log'],
  ['controller', 'controller.log'],
  ['plc', 'controller.log'],
  ['siren', 'controller.log'],
  ['tls', 'pki.tls'],
  ['flow', 'flow.log'],
]);

/** Reads one message of the city's equipment. The device is the host of the header unless the line names it. */
export function readCityMessage(draft: Draft, message: string, dataset: string): void {
  const { fields } = draft;
  draft.dataset = dataset;
  const own = dataset.slice(0, dataset.indexOf('.'));
  readPairs(message, 0, (key, value) => {
    if (value === '') return;
    if (key === 'drill') {
      markDrill(fields, value);
      return;
    }
    const name = Object.hasOwn(keys, key) ? keys[key]! : `${own}.${key}`;
    fields.offer(name, cityValue(name, value));
  });
  finishCity(draft);
}

function cityValue(name: string, value: string): FieldValue {
  if (name === 'controller.scheduled') return value === 'yes' || value === 'true' || value === '1';
  if (name === 'event.outcome') return outcomes.get(value.toLowerCase()) ?? value;
  if (name === 'network.transport') return value.toLowerCase();
  if (name === 'tls.client.hash.sha256' || name === 'tls.client.x509.serial_number') {
    return value.replaceAll(':', '').toLowerCase();
  }
  if (numbers.has(name) || name === 'controller.value') {
    const number = decimal(value);
    if (number >= 0) return number;
    const signed = value === '' ? Number.NaN : Number(value);
    return name === 'controller.value' && Number.isFinite(signed) ? signed : value;
  }
  return value;
}

/** What every event of the city's equipment has, however it was written. */
export function finishCity(draft: Draft): void {
  const { fields } = draft;
  const host = fields.get('host.name');
  if (typeof host === 'string' && (draft.dataset === 'camera.log' || draft.dataset === 'controller.log')) {
    fields.offer('device.id', host);
  }
  const action = fields.get('event.action');
  if (action === 'login_failed') fields.offer('event.outcome', 'failure');
  else if (action === 'login') fields.offer('event.outcome', 'success');
}
