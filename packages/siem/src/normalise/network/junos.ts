import type { Draft } from '../fields.ts';
import { type PatternRow, PatternTable } from '../pattern.ts';

const act = (action: string) => ({ 'event.action': action });
const md5 = { ...act('routing_authentication'), 'event.outcome': 'failure' } as const;

/** What Junos's routing, management and kernel processes say, as data. */
const rows: readonly PatternRow[] = [
  ...['missing', 'wrong'].map((word) => ({
    match: `tcp_auth_ok: Packet from {source.ip:ip}:{source.port:int} ${word} MD5 digest`,
    set: md5,
  })),
  {
    match: "UI_CMDLINE_READ_LINE: User '{user.name:rest}', command '{process.command_line:text}'",
    set: act('command'),
  },
  {
    match: "UI_COMMIT: User '{user.name:rest}' requested 'commit' operation{_:text}",
    set: act('configuration_changed'),
  },
  {
    match:
      "UI_LOGIN_EVENT: User '{user.name:rest}' login, class '{group.name}' [{_}], ssh-connection '{source.ip:ip} {_:text}",
    set: act('login'),
  },
  { match: 'UI_LOGIN_EVENT: User {_:text}', set: act('login') },
  {
    match:
      '{rule.name}: bgp_read_v4_message:{_}: NOTIFICATION received from {source.ip:ip} {event.reason:text}',
    set: act('neighbour_state'),
  },
];
const table = new PatternTable(rows);

/** Reads a message of `rpd`, `mgd` or `/kernel`, which are Juniper's names. */
export function readJunosMessage(draft: Draft, message: string): void {
  draft.dataset = 'juniper.syslog';
  draft.fields.offer('observer.vendor', 'Juniper');
  const colon = message.indexOf(': ');
  const code = message.slice(0, Math.max(colon, 0));
  if (/^[A-Z][A-Z0-9_]{2,63}$/.test(code)) draft.fields.offer('event.code', code);
  table.match(message, draft.fields);
}
