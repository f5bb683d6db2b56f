import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ShellError } from '../error.ts';
import { takeLock } from './lock-file.ts';

/** Where everything is kept. All of it is readable by the owner alone. */
export interface DataFolder {
  readonly path: string;
  readonly keys: string;
  readonly events: string;
  readonly recordsFile: string;
  readonly advisoriesFile: string;
  /** The newest checkpoint of the audit log, outside of the database. */
  readonly checkpointFile: string;
  /** Written at each start: how the command line reaches the running program. */
  readonly operatorFile: string;
  /** True when this start made it. */
  readonly created: boolean;
  /** Gives up the lock. */
  release(): void;
}

/** The paths of a data folder, whether or not the program runs on it. */
export function dataPaths(path: string) {
  const at = resolve(path);
  return {
    path: at,
    keys: join(at, 'keys'),
    events: join(at, 'events'),
    recordsFile: join(at, 'records.sqlite'),
    advisoriesFile: join(at, 'advisories.kydb'),
    checkpointFile: join(at, 'audit-checkpoint.json'),
    operatorFile: join(at, 'operator.json'),
    lockFile: join(at, 'lock'),
  };
}

/**
 * Makes or opens the data folder and takes its lock, so that two programs never write the same stores.
 *
 * @throws ShellError `data-folder` where it cannot be written or another program holds it.
 */
export function openDataFolder(
  path: string,
  /** A ceremony makes the keys of authorities before there are records. */
  ceremony = false,
  /** Records are in a database: then it is the key of the audit log that tells of an earlier start. */
  recordsElsewhere = false,
): DataFolder {
  const paths = dataPaths(path);
  const created = !(recordsElsewhere ? hasAuditKey(paths.keys) : existsSync(paths.recordsFile));
  try {
    for (const folder of [paths.path, paths.keys, paths.events]) makeFolder(folder);
    chmodSync(paths.path, 0o700);
  } catch (error) {
    throw new ShellError('data-folder', `cannot write the data folder \`${paths.path}\`; check who owns it`, {
      cause: error,
    });
  }
  if (created && !ceremony) refuseHalfAFolder(paths.keys, paths.path);
  takeLock(
    paths.lockFile,
    (pid) => new ShellError('data-folder', `process ${pid} already runs on \`${paths.path}\`; stop it first`),
  );
  return { ...paths, created, release: () => rmSync(paths.lockFile, { force: true }) };
}

/** Whether a city was ever started, or restored, in a data folder. */
export function hasAuditKey(keysFolder: string): boolean {
  return ['audit.key.json', 'audit.token.json'].some((name) => existsSync(join(keysFolder, name)));
}

/**
 * Makes a folder with those above it. Not by `recursive`, which tries for ever where a folder that is there takes none
 * (`/proc`).
 */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  mkdirSync(path, { mode: 0o700 });
}

/**
 * Keys of authorities without the records that say what they signed: something went wrong with the disk or a restore.
 * Starting anew would hide it.
 */
function refuseHalfAFolder(keys: string, folder: string): void {
  const ofAuthorities = readdirSync(keys).some((name) => /^(?:root|device-ca|service-ca)/.test(name));
  if (!ofAuthorities) return;
  throw new ShellError(
    'data-folder',
    `\`${folder}\` holds keys of a certificate authority and no records; restore a backup, or move the folder away`,
  );
}

/**
 * The passphrase that unlocks the keys: `KYDAI_PASSPHRASE`, or else one made at the first start and kept beside them.
 * A file beside the keys protects copies of single files and backups without it, not against who can read the folder:
 * a city gives the variable from its own secret store.
 */
export function keyPassphrase(
  folder: DataFolder,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  const given = environment['KYDAI_PASSPHRASE'];
  if (given !== undefined) {
    if (given.length < 12) {
      throw new ShellError('setting', 'KYDAI_PASSPHRASE: must be at least 12 characters long');
    }
    return given;
  }
  const file = join(folder.keys, 'passphrase');
  // An empty file is what a full disk leaves of a first start.
  const kept = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
  if (kept !== '') return kept;
  if (!folder.created) {
    throw new ShellError(
      'setting',
      'KYDAI_PASSPHRASE: needed, the keys in the data folder were locked with it',
    );
  }
  const made = randomBytes(32).toString('base64url');
  try {
    const handle = openSync(`${file}.new`, 'w', 0o600);
    writeSync(handle, made);
    fsyncSync(handle);
    closeSync(handle);
    renameSync(`${file}.new`, file);
  } catch (error) {
    throw new ShellError('data-folder', `cannot write \`${file}\`; is the disk full?`, { cause: error });
  }
  return made;
}
