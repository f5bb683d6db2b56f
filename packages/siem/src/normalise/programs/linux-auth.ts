import type { Draft } from '../fields.ts';
import { type PatternRow, PatternTable } from '../pattern.ts';
import { readPamMessage } from './pam.ts';

const act = (action: string) => ({ 'event.action': action });
const outcome = (action: string, value: 'success' | 'failure') => ({
  'event.action': action,
  'event.outcome': value,
  'event.category': ['authentication'],
});
const sudoTail = 'TTY={_} ; PWD={process.working_directory:text} ; USER={user.target.name}';

/** sudo, su, login, systemd-logind, shadow's useradd family, cron: what they say, as data. */
const rows: readonly PatternRow[] = [
  // sudo: `who : [complaint ;] TTY=... ; PWD=... ; USER=... ; COMMAND=...`
  {
    match: `{user.name} : ${sudoTail} ; COMMAND={process.command_line:text}`,
    set: outcome('sudo_command', 'success'),
  },
  {
    match: `{user.name} : {_:int} incorrect password attempts ; ${sudoTail} ; COMMAND={process.command_line:text}`,
    set: outcome('sudo_command', 'failure'),
  },
  {
    match: `{user.name} : {_:int} incorrect password attempt ; ${sudoTail} ; COMMAND={process.command_line:text}`,
    set: outcome('sudo_command', 'failure'),
  },
  {
    match: `{user.name} : {event.reason:text} ; ${sudoTail} ; COMMAND={process.command_line:text}`,
    set: outcome('sudo_command', 'failure'),
  },
  // su
  { match: '(to {user.target.name}) {user.name} on {_}', set: outcome('su', 'success') },
  { match: 'Successful su for {user.target.name} by {user.name}', set: outcome('su', 'success') },
  { match: 'FAILED su for {user.target.name} by {user.name}', set: outcome('su', 'failure') },
  { match: 'FAILED SU (to {user.target.name}) {user.name} on {_}', set: outcome('su', 'failure') },
  {
    match: 'FAILED LOGIN ({_}) on {_} FOR {user.name:rest}, {event.reason:text}',
    set: outcome('login', 'failure'),
  },
  {
    match: 'FAILED LOGIN {_:int} FROM {source.ip:host} FOR {user.name:rest}, {event.reason:text}',
    set: outcome('login', 'failure'),
  },
  { match: 'ROOT LOGIN ON {_}', set: { ...outcome('login', 'success'), 'user.name': 'root' } },
  { match: 'LOGIN ON {_} BY {user.name:rest}', set: outcome('login', 'success') },
  // systemd-logind
  { match: 'New session {_} of user {user.name}.', set: act('session_started') },
  { match: 'Removed session {_}.', set: act('session_removed') },
  { match: 'Session {_} logged out. Waiting for processes to exit.', set: act('session_logout') },
  { match: 'New seat {_}.', set: act('seat_added') },
  { match: 'Watching system buttons on {_:text}', set: act('seat_watched') },
  { match: 'Power key pressed.', set: act('power_key') },
  { match: 'System is powering down.', set: act('shutdown') },
  { match: 'System is rebooting.', set: act('reboot') },
  // shadow
  {
    match: 'new user: name={user.name}, UID={user.id}, GID={_}, home={_:text}, shell={_:text}',
    set: act('user_created'),
  },
  { match: 'new group: name={group.name}, GID={group.id}', set: act('group_created') },
  { match: "delete user '{user.name}'", set: act('user_deleted') },
  { match: "removed group '{group.name}' owned by '{_}'", set: act('group_deleted') },
  { match: "add '{user.name}' to group '{group.name}'", set: act('group_member_added') },
  { match: "add '{user.name}' to shadow group '{group.name}'", set: act('group_member_added') },
  { match: "remove '{user.name}' from group '{group.name}'", set: act('group_member_removed') },
  { match: "change user '{user.name}' {event.reason:text}", set: act('user_changed') },
  { match: "lock user '{user.name}' password", set: act('user_locked') },
  {
    match: "failed adding user '{user.name}', {event.reason:text}",
    set: { ...act('user_created'), 'event.outcome': 'failure' },
  },
  { match: 'password for {user.name} changed by {_}', set: act('password_changed') },
  { match: "password for '{user.name}' changed by '{_}'", set: act('password_changed') },
  // cron
  { match: '({user.name}) CMD ({process.command_line:text})', set: act('cron_command') },
  { match: '({user.name}) {_} ({event.reason:text})', set: act('crontab') },
  // the daemons of older systems
  { match: 'connection from {source.ip:ip} ({_:text}) at {_:text}', set: act('ftp_connection') },
  {
    match: 'ANONYMOUS FTP LOGIN FROM {source.ip:ip}, {_:text}',
    set: { ...outcome('ftp_login', 'success'), 'user.name': 'anonymous' },
  },
  { match: 'Authentication failed from {source.ip:ip} {_:text}', set: outcome('kerberos_login', 'failure') },
  { match: 'Kerberos authentication failed{_:text}', set: outcome('kerberos_login', 'failure') },
];
const table = new PatternTable(rows);

/** Reads a message of one of the programs that sign people in or change accounts. */
export function readLinuxAuthMessage(draft: Draft, message: string, program: string): void {
  draft.dataset = 'linux.auth';
  const text = message.trimStart();
  if (!table.match(text, draft.fields)) readPamMessage(draft.fields, text, program);
}
