import type { BackupsView } from '@kydai/contracts';
import type { Backup } from './state.ts';

/**
 * Commands that run as they stand, in a shell of who runs the program on its machine: to make and prove a backup, to prove
 * the newest one, and to do both each night by `crontab`.
 */
export function backupCommands(city: {
  /** Where the program runs, absolute. */
  readonly workingFolder: string;
  /** The data folder as the configuration names it. */
  readonly data: string;
  readonly newest: Backup | undefined;
}): BackupsView['commands'] {
  const { workingFolder, data, newest } = city;
  const there = `cd ${quoted(workingFolder)}`;
  const kydai = `${data === 'kydai-data' ? '' : `KYDAI_DATA=${quoted(data)} `}npx kydai backup`;
  const secret =
    newest?.passphraseFile === undefined ? '~/kydai-backup.passphrase' : quoted(newest.passphraseFile);
  const given = `--passphrase-file ${secret}`;
  const night = [
    there,
    'umask 077',
    'mkdir -p ~/kydai-backups',
    'file=~/kydai-backups/kydai-$(date +%F).backup',
    `${kydai} create "$file" ${given}`,
    `${kydai} verify "$file" ${given}`,
  ].join(' && ');
  return {
    create: [
      there,
      'umask 077 && mkdir -p ~/kydai-backups',
      `test -s ${secret} || openssl rand -base64 32 > ${secret}`,
      'file=~/kydai-backups/kydai-$(date +%F-%H%M).backup',
      `${kydai} create "$file" ${given}`,
      `${kydai} verify "$file" ${given}`,
    ].join('\n'),
    verify:
      newest === undefined ? null : [there, `${kydai} verify ${quoted(newest.file)} ${given}`].join('\n'),
    // A per cent sign ends the command of a crontab.
    nightly: `15 2 * * * ${night.replaceAll('%', '\\%')}`,
  };
}

/** A word of a shell: as it is where no shell reads anything into it, else between single quotes. */
function quoted(word: string): string {
  return /^[\w./:@%+=,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
