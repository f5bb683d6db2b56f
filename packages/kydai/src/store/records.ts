import { existsSync, readFileSync } from 'node:fs';
import type { Clock } from '@kydai/contracts';
import {
  holdPostgres,
  isEmptyPostgres,
  openPostgresRecords,
  openRecords,
  type PostgresHold,
  type PostgresPlace,
  type Records,
  type RecordsOptions,
} from '@kydai/store';
import type { Logger } from 'pino';
import type { DataFolder } from '../boot/data-folder.ts';
import type { Config } from '../config/schema.ts';
import { ShellError } from '../error.ts';

/** Opens records and audit log where the configuration says: in a file of the data folder, or in PostgreSQL. */
export async function openRecordStore(
  settings: Config['records'],
  parts: { readonly file: string; readonly clock: Clock; readonly auditKey: RecordsOptions['auditKey'] },
): Promise<Records> {
  const place = postgresPlace(settings);
  if (place === undefined) return openRecords({ ...parts, commits: 'thread' });
  const { clock, auditKey } = parts;
  return openPostgresRecords({ ...place, clock, auditKey, connections: settings.postgres.connections });
}

/** Where the records are in PostgreSQL, with the password; undefined where they are in a file. @throws ShellError `setting` */
export function postgresPlace({ store, postgres }: Config['records']): PostgresPlace | undefined {
  if (store !== 'postgres') return undefined;
  const { url, passwordFile, schema } = postgres;
  const password = passwordFile === '' ? postgres.password : secretIn(passwordFile);
  if (password === '') return { url, schema };
  return { url: url.replace('@', `:${encodeURIComponent(password)}@`), schema };
}

/**
 * Keeps other programs away from the database while this one works with it. Where one took it nevertheless, because this
 * one could not reach it for a while, this process ends: two would contradict each other. @throws StoreError `locked`
 */
export async function holdRecords(
  settings: Config['records'],
  log: Logger,
): Promise<PostgresHold | undefined> {
  const place = postgresPlace(settings);
  if (place === undefined) return undefined;
  return holdPostgres({ schema: 'public', ...place }, () => {
    log.fatal('another program took the records of the database: this one stops');
    process.kill(process.pid, 'SIGTERM');
  });
}

/**
 * A database and a data folder belong together: keys without their records, or records without their keys, are of two
 * cities, or half of one, and to go on would sign new things under old names. @throws ShellError `data-folder`
 */
export async function refuseStrangers(
  settings: Config['records'],
  { path, checkpointFile }: DataFolder,
  hasKeys: boolean,
): Promise<void> {
  const place = postgresPlace(settings);
  if (place === undefined) return;
  const empty = await isEmptyPostgres(place);
  if (!hasKeys && !empty)
    throw new ShellError(
      'data-folder',
      `the database holds the records of a city whose keys are not in \`${path}\`; name its data folder, or another schema`,
    );
  if (hasKeys && empty && existsSync(checkpointFile))
    throw new ShellError(
      'data-folder',
      `the database is empty, and \`${path}\` belongs to records; restore a backup, or name their database`,
    );
}

function secretIn(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new ShellError('setting', `setting \`records.postgres.passwordFile\`: cannot read \`${file}\``, {
      cause,
    });
  }
}
