import type { backups as vi } from '../vi/backups.ts';
import type { English } from './english.ts';

/** Backups and the proof that they restore. */
export const backups: English<typeof vi> = {
  'nav.backups': 'Backups',

  'backups.title': 'Backups',
  'backups.lead':
    'A backup counts once it was restored on trial: opened, the whole audit log read again, each key made to sign.',
  'backups.standing': 'How backups stand',
  'backups.standing.none': 'There is no backup yet',
  'backups.standing.failed': 'The newest backup does not restore',
  'backups.standing.overdue': 'The backup that restores is too old',
  'backups.standing.unproven': 'There is a backup, but nobody tried to restore it',
  'backups.standing.due': 'Time for the next backup',
  'backups.standing.proven': 'Restores',
  'backups.why.none': 'With this disk the city would lose its keys, certificates, audit log and incidents.',
  'backups.why.failed': 'The last trial restore failed. Make another one and try it now.',
  'backups.why.overdue': 'For more than 35 days no backup was proven to restore.',
  'backups.why.unproven': 'Try a restore to be sure: it does not touch the running system.',
  'backups.why.due': 'More than 7 days of work would be lost by a restore now.',
  'backups.why.proven': 'The newest one was opened, and the audit log in it is intact.',
  'backups.covers': 'Restorable as of',
  'backups.proven': 'Last trial restore',
  'backups.created': 'Last backup',
  'backups.never': 'never',

  'backups.next': 'What to do',
  'backups.where': 'Run on the server, as the account that runs Kỳ Đài.',
  'backups.next.create': 'Back up',
  'backups.next.verify': 'Try a restore',
  'backups.next.nightly': 'Every night',
  'backups.hint.create':
    'Works while the system runs. Take the file to another machine, and keep the passphrase apart from it: without the passphrase nothing restores.',
  'backups.hint.verify':
    'Restores into a temporary folder that is deleted. Where KYDAI_PASSPHRASE protects the keys, set it so that the keys are tried, too.',
  'backups.hint.nightly': 'Add this line to a crontab: a backup and its trial restore at 2:15 every night.',

  'backups.empty': 'No backup was made here yet',
  'backups.emptyHint': 'Copy the commands above and run them on the server; what comes of it shows here.',
  'backups.col.made': 'Made',
  'backups.col.state': 'Trial restore',
  'backups.col.holds': 'Holds',
  'backups.col.file': 'File',
  'backups.col.bytes': 'Size',
  'backups.state.proven': 'Restores',
  'backups.state.failed': 'Failed',
  'backups.state.unproven': 'Not tried',
  'backups.notOpened': 'not opened yet',
  'backups.holds': '{entries} audit entries · {events} events',
  'backups.keys': '{n} {n:key signs|keys sign}',
  'backups.keysNotTried': 'keys not tried',
  'backups.place.beside': 'on the disk of the data: take it elsewhere',
  'backups.place.elsewhere': 'on another disk',
  'backups.place.away': 'not seen there any more',
  'backups.notInIt': 'Not in the backup',
  'backups.notInIt.keys-in-token':
    'Keys in the PKCS#11 token {name}: back the token up by its manufacturer’s means.',
  'backups.notInIt.events-in-elasticsearch':
    'Events in Elasticsearch ({name}): take a snapshot in Elasticsearch.',
};
