import { isAddress } from '../address.ts';
import type { FieldList } from '../fields.ts';
import { readPairs } from '../key-value.ts';
import { type PatternRow, PatternTable } from '../pattern.ts';

const act = (action: string) => ({ 'event.action': action });

const rows: readonly PatternRow[] = [
  { match: 'check pass; user unknown', set: act('pam_user_unknown') },
  { match: 'session opened for user {user.name:rest} by (uid={_})', set: act('session_opened') },
  { match: 'session opened for user {user.name}(uid={user.id}) by (uid={_})', set: act('session_opened') },
  {
    match: 'session opened for user {user.name}(uid={user.id}) by {_:text}(uid={_})',
    set: act('session_opened'),
  },
  { match: 'session opened for user {user.name:rest} by {_:text}(uid={_})', set: act('session_opened') },
  { match: 'session closed for user {user.name:rest}', set: act('session_closed') },
  { match: 'password changed for {user.name:rest}', set: act('password_changed') },
  { match: 'account {user.name} has expired{_:text}', set: act('account_expired') },
  { match: 'conversation failed', set: act('pam_conversation_failed') },
  { match: 'auth could not identify password for [{user.name:rest}]', set: act('pam_no_password') },
  { match: 'user unknown', set: act('pam_user_unknown') },
];
const table = new PatternTable(rows);

/** Programs that report a failed sign-in in words of their own, so that PAM's line about it is not another failure. */
const speaksForItself: ReadonlySet<string> = new Set(['sshd', 'su', 'sudo']);

/**
 * Reads a message of Linux-PAM: with its prefix `pam_unix(service:type): `, with the old tag `service(pam_unix)`, or
 * the `PAM N more authentication failures` of the library. Returns false where it is none.
 */
export function readPamMessage(fields: FieldList, message: string, program: string): boolean {
  let text = message;
  let service = program;
  if (text.startsWith('pam_')) {
    const open = text.indexOf('(');
    const close = text.indexOf('): ', open);
    if (open < 0 || close < 0) return false;
    service = text.slice(open + 1, close).split(':', 1)[0]!;
    text = text.slice(close + 3);
  }
  if (text.startsWith('authentication failure; ')) {
    fields.offer('event.action', 'pam_authentication_failure');
    if (!speaksForItself.has(service)) fields.offer('event.outcome', 'failure');
    readFailure(fields, text, 24);
    return true;
  }
  if (text.startsWith('PAM ') && text.includes(' more authentication failure')) {
    fields.offer('event.action', 'pam_more_failures');
    const semicolon = text.indexOf(';');
    if (semicolon > 0) readFailure(fields, text, semicolon + 1);
    return true;
  }
  return table.match(text, fields);
}

function readFailure(fields: FieldList, text: string, from: number): void {
  readPairs(text, from, (key, value) => {
    if (value === '') return;
    if (key === 'user') fields.offer('user.name', value);
    else if (key === 'rhost') fields.offer(isAddress(value) ? 'source.ip' : 'source.domain', value);
  });
}
