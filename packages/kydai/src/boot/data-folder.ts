import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { ShellError } from '../error.ts';

/** Where everything is kept. All of it is readable by the owner alone. */
export interface DataFolder {
  readonly path: string;
  readonly keys: string;
  readonly events: string;
  readonly recordsFile: string;
  readonly advisoriesFile: string;
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
    operatorFile: join(at, 'operator.json'),
    lockFile: join(at, 'lock'),
  };
}

/**
 * Makes or opens the data folder and takes its lock, so that two programs never write the same stores.
 *
 * @throws ShellError `data-folder` where it cannot be written or another program holds it.
 */
export function openDataFolder(path: string): DataFolder {
  const paths = dataPaths(path);
  const created = !existsSync(paths.recordsFile);
  try {
    for (const folder of [paths.path, paths.keys, paths.events])
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(paths.path, 0o700);
  } catch (error) {
    throw new ShellError('data-folder', `cannot write the data folder \`${paths.path}\`; check who owns it`, {
      cause: error,
    });
  }
  takeLock(paths.lockFile, paths.path);
  return { ...paths, created, release: () => rmSync(paths.lockFile, { force: true }) };
}

function takeLock(file: string, folder: string): void {
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      const handle = openSync(file, 'wx', 0o600);
      writeSync(handle, String(process.pid));
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      const holder = Number(readFileSync(file, 'utf8'));
      if (holder !== process.pid && isRunning(holder)) {
        throw new ShellError('data-folder', `process ${holder} already runs on \`${folder}\`; stop it first`);
      }
      rmSync(file, { force: true });
    }
  }
}

function isRunning(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
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
  if (!existsSync(file)) {
    if (!folder.created) {
      throw new ShellError(
        'setting',
        'KYDAI_PASSPHRASE: needed, the keys in the data folder were locked with it',
      );
    }
    writeFileSync(file, randomBytes(32).toString('base64url'), { mode: 0o600, flag: 'wx' });
  }
  return readFileSync(file, 'utf8').trim();
}
