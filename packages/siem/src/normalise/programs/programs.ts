import type { Draft } from '../fields.ts';
import { readJunosMessage } from '../network/junos.ts';
import { readTacacsAccounting } from '../network/tacacs.ts';
import type { ZoneOffset } from '../syslog/time.ts';
import { readAccessLine } from './access.ts';
import { readAuditRecord } from './auditd.ts';
import { cityPrograms, readCityMessage } from './city.ts';
import { readFirewallMessage } from './firewall.ts';
import { readLinuxAuthMessage } from './linux-auth.ts';
import { readApacheError, readNginxError } from './server-errors.ts';
import { readSshdMessage } from './sshd.ts';

/** What a message may need to be read besides itself. */
export interface ReaderContext {
  readonly received: number;
  readonly zone: ZoneOffset;
}

export type MessageReader = (draft: Draft, message: string, context: ReaderContext) => void;

const readers = new Map<string, MessageReader>();

for (const name of ['sshd', 'sshd-session', 'sshd-auth']) {
  readers.set(name, (draft, message) => {
    draft.fields.set('process.name', 'sshd');
    readSshdMessage(draft, message);
  });
}
const signIn =
  'sudo su login systemd-logind useradd userdel usermod groupadd groupdel groupmod gpasswd passwd chpasswd chage ' +
  'polkitd pkexec gdm gdm-password lightdm ftpd klogind rlogind telnetd sssd ' +
  'unix_chkpwd dovecot';
for (const name of signIn.split(' ')) {
  readers.set(name, (draft, message) => readLinuxAuthMessage(draft, message, name));
}
// These speak of other things too, and detection rules look for them among the daemons.
for (const name of ['CRON', 'cron', 'crond', 'crontab', 'vsftpd']) {
  readers.set(name, (draft, message) => {
    readLinuxAuthMessage(draft, message, name);
    if (!message.startsWith('pam_')) draft.dataset = 'linux.syslog';
  });
}
for (const name of ['nginx', 'nginx_access']) {
  readers.set(name, (draft, message, { zone }) => {
    if (!readAccessLine(draft, message, 'nginx.access')) readNginxError(draft, message, zone);
  });
}
for (const name of ['apache', 'apache2', 'httpd']) {
  readers.set(name, (draft, message, { zone, received }) => {
    if (!readAccessLine(draft, message, 'apache.access')) readApacheError(draft, message, zone, received);
  });
}
for (const name of ['auditd', 'audispd', 'audisp-syslog', 'audit', 'tag_audit_log']) {
  readers.set(name, (draft, message) => void readAuditRecord(draft, message));
}
for (const name of ['tac_plus', 'tac_plus-ng', 'tac_plus_ng']) {
  readers.set(name, (draft, message) => void readTacacsAccounting(draft, message));
}
for (const name of ['rpd', 'mgd', '/kernel']) {
  readers.set(name, (draft, message) => readJunosMessage(draft, message));
}
readers.set('kernel', (draft, message) => void readFirewallMessage(draft, message));
for (const [name, dataset] of cityPrograms) {
  readers.set(name, (draft, message) => readCityMessage(draft, message, dataset));
}

/** The reader of a program's messages; undefined for the programs that only have a message. */
export function programReader(program: string): MessageReader | undefined {
  return readers.get(program);
}

/** Reads a line that has no syslog header, as a file that is shipped as it is has none. */
export function readBareLine(draft: Draft, line: string, { received, zone }: ReaderContext): boolean {
  return (
    readAccessLine(draft, line, 'nginx.access') ||
    readAuditRecord(draft, line) ||
    readApacheError(draft, line, zone, received) ||
    readNginxError(draft, line, zone)
  );
}
