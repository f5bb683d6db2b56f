import { isAddress } from '../address.ts';
import type { Draft } from '../fields.ts';
import { addKeyed, type KeyTable } from '../formats/extension.ts';

const mostParts = 64;

const iseKeys: KeyTable = {
  'Device IP Address': 'observer.ip',
  NetworkDeviceName: 'observer.name',
  UserName: 'user.name',
  User: 'user.name',
  'Remote-Address': 'source.ip',
  'Privilege-Level': 'cisco.aaa.privilege',
};

/**
 * Accounting of commands by tac_plus and tac_plus-ng: `device, user, port, address, start|stop|update`, then
 * `key=value`, between tabs (which some relays write as `#011`). False, with nothing changed, where it is none.
 */
export function readTacacsAccounting(draft: Draft, message: string): boolean {
  const parts = message.replaceAll('#011', '\t').split('\t', mostParts);
  const [device = '', user = '', , address = '', kind = ''] = parts;
  if (parts.length < 6 || !/^(?:start|stop|update)$/.test(kind)) return false;
  const { fields } = draft;
  draft.dataset = 'cisco.aaa';
  fields.offer(isAddress(device) ? 'observer.ip' : 'observer.name', device);
  if (user !== '') fields.offer('user.name', user);
  if (address !== '') fields.offer(isAddress(address) ? 'source.ip' : 'source.domain', address);
  for (const part of parts.slice(5)) {
    const equals = part.indexOf('=');
    if (equals <= 0 || equals > 64) continue;
    const key = part.slice(0, equals);
    const value = part.slice(equals + 1);
    if (key === 'cmd') addCommand(draft, value);
    else if (value !== '') fields.offer(`cisco.aaa.${key}`, value);
  }
  return true;
}

/**
 * A message of Cisco ISE: `CISE_TACACS_Accounting id segments segment date time zone sequence code severity class: text,
 * Key=value, ...`, with `\,` for a comma inside. False, with nothing changed, where it is none.
 */
export function readIseMessage(draft: Draft, message: string): boolean {
  const match = /^(CISE_[A-Za-z_]{1,40}) \d{1,12} \d{1,4} \d{1,4} /.exec(message);
  if (!match) return false;
  const { fields } = draft;
  const [whole, category = ''] = match;
  draft.dataset = category.startsWith('CISE_TACACS') ? 'cisco.aaa' : 'cisco.ise';
  fields.offer('event.code', category);
  fields.offer('observer.product', 'ISE');
  for (const part of message.slice(whole.length).split(/(?<!\\), /, mostParts)) {
    const equals = part.indexOf('=');
    if (equals <= 0 || equals > 64) continue;
    const key = part.slice(0, equals);
    const value = part.slice(equals + 1).replaceAll('\\,', ',');
    if (key === 'CmdSet')
      addCommand(draft, value.replace(/^\[ ?| ?\]$/g, '').replaceAll(/Cmd(?:Arg)?AV=/g, ''));
    else addKeyed(fields, iseKeys, 'cisco.aaa', key.replaceAll(/[^\w ()-]/g, '_'), value);
  }
  return true;
}

function addCommand({ fields }: Draft, value: string): void {
  const command = value.replace(/ ?<cr>$/, '').trim();
  if (command === '') return;
  fields.offer('process.command_line', command);
  fields.offer('event.action', 'command');
}
