import type { Draft } from '../fields.ts';
import { type PatternRow, PatternTable } from '../pattern.ts';
import { readPamMessage } from './pam.ts';

const login = { 'event.action': 'ssh_login', 'event.category': ['authentication'] } as const;
const success = { ...login, 'event.outcome': 'success' } as const;
const failure = { ...login, 'event.outcome': 'failure' } as const;
const act = (action: string) => ({ 'event.action': action });
const method = '{system.auth.ssh.method}';
const from = 'from {source.ip:ip} port {source.port:int}';

/**
 * What OpenSSH's server says, as data (auth.c, auth2.c, packet.c, sshd.c of OpenSSH 5 to 10).
 *
 * INVARIANT: a failed attempt has `event.outcome` `failure` on exactly one of the several lines that sshd and PAM write
 * about it: `Failed <method> for`. The method `none` is the client asking which methods there are, not an attempt.
 */
const rows: readonly PatternRow[] = [
  { match: `Accepted ${method} for {user.name} ${from} {_:text}`, set: success },
  { match: `Failed none for invalid user {user.name:rest} ${from} {_}`, set: act('ssh_method_probe') },
  { match: `Failed none for {user.name:rest} ${from} {_}`, set: act('ssh_method_probe') },
  { match: `Failed ${method} for invalid user {user.name:rest} ${from} {_}`, set: failure },
  { match: `Failed ${method} for invalid user {user.name:rest} ${from} ssh2: {_} {_}`, set: failure },
  { match: `Failed ${method} for {user.name:rest} ${from} {_}`, set: failure },
  { match: `Failed ${method} for {user.name:rest} ${from} ssh2: {_} {_}`, set: failure },
  { match: `Postponed ${method} for {user.name:rest} ${from} {_}`, set: act('ssh_postponed') },
  { match: `Partial ${method} for {user.name:rest} ${from} {_}`, set: act('ssh_partial') },
  { match: `Invalid user {user.name:rest} ${from}`, set: act('ssh_invalid_user') },
  { match: 'Invalid user {user.name:rest} from {source.ip:ip}', set: act('ssh_invalid_user') },
  { match: 'input_userauth_request: invalid user {user.name:rest}', set: act('ssh_user_request') },
  {
    match: 'User {user.name:rest} from {source.ip:host} not allowed because {event.reason:text}',
    set: act('ssh_user_not_allowed'),
  },
  {
    match: 'reverse mapping checking getaddrinfo for {source.domain} [{source.ip:ip}] failed{_:text}',
    set: act('ssh_reverse_mapping_failed'),
  },
  {
    match:
      'Address {source.ip:ip} maps to {source.domain}, but this does not map back to the address{_:text}',
    set: act('ssh_reverse_mapping_failed'),
  },
  {
    match: 'Nasty PTR record "{source.domain:text}" is set up for {source.ip:ip}, ignoring',
    set: act('ssh_reverse_mapping_failed'),
  },
  {
    match: 'Received disconnect from {source.ip:ip} port {source.port:int}:{_}: {event.reason:text}',
    set: act('ssh_disconnect'),
  },
  { match: 'Received disconnect from {source.ip:ip}: {_}: {event.reason:text}', set: act('ssh_disconnect') },
  {
    match: 'Disconnected from authenticating user {user.name:rest} {source.ip:ip} port {source.port:int}',
    set: act('ssh_disconnect'),
  },
  {
    match: 'Disconnected from invalid user {user.name:rest} {source.ip:ip} port {source.port:int}',
    set: act('ssh_disconnect'),
  },
  {
    match: 'Disconnected from user {user.name:rest} {source.ip:ip} port {source.port:int}',
    set: act('ssh_disconnect'),
  },
  { match: 'Disconnected from {source.ip:ip} port {source.port:int}', set: act('ssh_disconnect') },
  { match: 'Disconnected from {source.ip:ip}', set: act('ssh_disconnect') },
  {
    match:
      'Disconnecting authenticating user {user.name:rest} {source.ip:ip} port {source.port:int}: {event.reason}',
    set: act('ssh_disconnecting'),
  },
  {
    match: 'Disconnecting: Too many authentication failures for {user.name:rest}',
    set: act('ssh_too_many_failures'),
  },
  { match: 'Disconnecting {_:text}: Too many authentication failures', set: act('ssh_too_many_failures') },
  { match: 'Disconnecting: {event.reason:text}', set: act('ssh_disconnecting') },
  {
    match: `maximum authentication attempts exceeded for invalid user {user.name:rest} ${from} {_}`,
    set: act('ssh_too_many_failures'),
  },
  {
    match: `maximum authentication attempts exceeded for {user.name:rest} ${from} {_}`,
    set: act('ssh_too_many_failures'),
  },
  {
    match: 'Connection closed by authenticating user {user.name:rest} {source.ip:ip} port {source.port:int}',
    set: act('ssh_connection_closed'),
  },
  {
    match: 'Connection closed by invalid user {user.name:rest} {source.ip:ip} port {source.port:int}',
    set: act('ssh_connection_closed'),
  },
  { match: 'Connection closed by {source.ip:ip} port {source.port:int}', set: act('ssh_connection_closed') },
  { match: 'Connection closed by {source.ip:ip}', set: act('ssh_connection_closed') },
  {
    match: 'Connection reset by authenticating user {user.name:rest} {source.ip:ip} port {source.port:int}',
    set: act('ssh_connection_closed'),
  },
  {
    match: 'Connection reset by invalid user {user.name:rest} {source.ip:ip} port {source.port:int}',
    set: act('ssh_connection_closed'),
  },
  { match: 'Connection reset by {source.ip:ip} port {source.port:int}', set: act('ssh_connection_closed') },
  {
    match:
      'Connection from {source.ip:ip} port {source.port:int} on {destination.ip:ip} port {destination.port:int}',
    set: act('ssh_connection'),
  },
  {
    match:
      'Connection from {source.ip:ip} port {source.port:int} on {destination.ip:ip} port {destination.port:int} {_:text}',
    set: act('ssh_connection'),
  },
  { match: `Connection from {source.ip:ip} port {source.port:int}`, set: act('ssh_connection') },
  {
    match: 'Did not receive identification string from {source.ip:ip} port {source.port:int}',
    set: act('ssh_no_identification'),
  },
  { match: 'Did not receive identification string from {source.ip:ip}', set: act('ssh_no_identification') },
  { match: `Bad protocol version identification '{_:rest}' ${from}`, set: act('ssh_bad_protocol') },
  {
    match: 'banner exchange: Connection from {source.ip:ip} port {source.port:int}: {event.reason:text}',
    set: act('ssh_bad_protocol'),
  },
  {
    match: 'Unable to negotiate with {source.ip:ip} port {source.port:int}: {event.reason:text}',
    set: act('ssh_negotiation_failed'),
  },
  {
    match: 'Timeout before authentication for {source.ip:ip} port {source.port:int}',
    set: act('ssh_timeout'),
  },
  { match: 'Timeout before authentication for {source.ip:ip}', set: act('ssh_timeout') },
  { match: 'PAM service(sshd) ignoring max retries; {_:text}', set: act('ssh_too_many_failures') },
  {
    match:
      'Starting session: {_:text} for {user.name:rest} from {source.ip:ip} port {source.port:int} id {_:int}',
    set: act('ssh_session'),
  },
  { match: 'Server listening on {source.ip:ip} port {source.port:int}.', set: act('ssh_server_started') },
  { match: 'Received signal {_}; terminating.', set: act('ssh_server_stopped') },
  { match: 'Write failed: {event.reason:text}', set: act('ssh_connection_closed') },
  {
    match: 'Read error from remote host {source.ip:ip}: {event.reason:text}',
    set: act('ssh_connection_closed'),
  },
  {
    match: 'Read error from remote host {source.ip:ip} port {source.port:int}: {event.reason:text}',
    set: act('ssh_connection_closed'),
  },
];

const table = new PatternTable(rows);
const maximumRepeats = 100;

/** Reads one message of sshd into fields; sets `draft.count` for `message repeated N times`. */
export function readSshdMessage(draft: Draft, message: string): void {
  draft.dataset = 'sshd.auth';
  let text = message;
  if (text.startsWith('message repeated ')) {
    const end = text.indexOf(' times: [ ', 17);
    const times = end < 0 ? Number.NaN : Number(text.slice(17, end));
    if (Number.isInteger(times) && times > 0 && text.endsWith(']')) {
      text = text.slice(end + 10, -1);
      draft.fields.add('kydai.repeated', times);
      draft.count = Math.min(times, maximumRepeats);
    }
  }
  if (text.endsWith(' [preauth]')) text = text.slice(0, -10);
  if (text.startsWith('error: ')) text = text.slice(7);
  else if (text.startsWith('fatal: ')) text = text.slice(7);
  if (!table.match(text, draft.fields)) readPamMessage(draft.fields, text, 'sshd');
}
