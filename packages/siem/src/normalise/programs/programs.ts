import type { Draft } from '../fields.ts';
import { readAccessLine } from './access.ts';
import { cityPrograms, readCityMessage } from './city.ts';
import { readLinuxAuthMessage } from './linux-auth.ts';
import { readSshdMessage } from './sshd.ts';

export type MessageReader = (draft: Draft, message: string) => void;

const readers = new Map<string, MessageReader>();

for (const name of ['sshd', 'sshd-session', 'sshd-auth']) {
  readers.set(name, (draft, message) => {
    draft.fields.set('process.name', 'sshd');
    readSshdMessage(draft, message);
  });
}
const signIn =
  'sudo su login systemd-logind useradd userdel usermod groupadd groupdel groupmod gpasswd passwd chpasswd chage ' +
  'CRON cron crond crontab polkitd pkexec gdm gdm-password lightdm ftpd vsftpd klogind rlogind telnetd sssd ' +
  'unix_chkpwd dovecot';
for (const name of signIn.split(' ')) {
  readers.set(name, (draft, message) => readLinuxAuthMessage(draft, message, name));
}
for (const name of ['nginx', 'nginx_access']) {
  readers.set(name, (draft, message) => void readAccessLine(draft, message, 'nginx.access'));
}
for (const name of ['apache', 'apache2', 'httpd']) {
  readers.set(name, (draft, message) => void readAccessLine(draft, message, 'apache.access'));
}
for (const [name, dataset] of cityPrograms) {
  readers.set(name, (draft, message) => readCityMessage(draft, message, dataset));
}

/** The reader of a program's messages; undefined for the programs that only have a message. */
export function programReader(program: string): MessageReader | undefined {
  return readers.get(program);
}
