import { randomUUID } from 'node:crypto';
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { KydaiError } from '@kydai/contracts';
import { isEmptyPostgres, type PostgresPlace, restorePostgresRecords } from '@kydai/store';
import type { Command } from 'commander';
import { z } from 'zod';
import { pack, unpack } from '../backup/archive.ts';
import { openStream, sealStream } from '../backup/cipher.ts';
import { elsewhereLines } from '../backup/elsewhere.ts';
import { type Proof, proveRestore } from '../backup/prove.ts';
import { snapshotDataFolder } from '../backup/snapshot.ts';
import { backupsView } from '../backup/standing.ts';
import { type Backup, noteBackup, noteFailure, readBackups } from '../backup/state.ts';
import { dataPaths, hasAuditKey } from '../boot/data-folder.ts';
import { ShellError } from '../error.ts';
import { auditKeyOf } from '../pki/audit-key.ts';
import { readEventsKey } from '../store/keeper.ts';
import { postgresPlace } from '../store/records.ts';
import { columns } from './output.ts';
import type { CommandContext } from './program.ts';

/** Backups: one encrypted file of everything, made while the program runs; and the proof that it can be restored. */
export function addBackupCommands(program: Command, context: CommandContext): void {
  const { output } = context;
  const backup = program
    .command('backup')
    .description('one encrypted file of keys, records, audit log and events');
  const secret = '--passphrase-file <file>';
  const hint = 'file with the passphrase (default: KYDAI_BACKUP_PASSPHRASE)';

  backup
    .command('create')
    .description('back the data folder up, also while the program runs')
    .argument('<file>', 'where the backup goes')
    .option(secret, hint)
    .action(async (file: string, { passphraseFile }: Secret) => {
      const passphrase = readPassphrase(passphraseFile);
      const { data, records } = context.config();
      if (!hasAuditKey(dataPaths(data).keys))
        throw new ShellError('usage', `there is nothing to back up in \`${dataPaths(data).path}\``);
      if (existsSync(file))
        throw new ShellError('usage', `\`${file}\` is there already; choose another name`);
      const made: Backup = {
        id: randomUUID(),
        made: Date.now(),
        file: resolve(file),
        bytes: 0,
        ...(passphraseFile !== undefined && { passphraseFile: resolve(passphraseFile) }),
      };
      // Beside the data, so that the event files can be linked instead of copied.
      const snapshot = mkdtempSync(join(dataPaths(data).path, '.backup-'));
      try {
        await snapshotDataFolder(data, snapshot, postgresPlace(records));
        noteBackup(snapshot, made);
        const partial = `${file}.partial`;
        await pipeline(
          Readable.from(sealStream(passphrase, pack(snapshot))),
          createWriteStream(partial, { mode: 0o600, flush: true }),
        );
        await rename(partial, file);
      } finally {
        await rm(snapshot, { recursive: true, force: true });
      }
      const bytes = statSync(file).size;
      noteBackup(data, { ...made, bytes });
      await tell(context, { action: 'create', id: made.id, bytes });
      output.write(`${file}: ${bytes} bytes. Prove it with: kydai backup verify ${file}\n`);
      output.write(elsewhere(context, data));
    });

  backup
    .command('status')
    .description(
      'say which backups were made, which of them are proven to restore, and how old the newest such is',
    )
    .option('--json', 'print JSON')
    .action(({ json }: { json?: boolean }) => {
      const view = backupsView(context.config(), Date.now());
      if (json) return output.write(`${JSON.stringify(view)}\n`);
      output.write(`Last backup: ${age(view.created)}\nLast proven restore: ${age(view.proven)}\n`);
      output.write(`Restorable as of: ${age(view.covers)}\n`);
      const rows = view.items.map(({ made, bytes, proven, failed, file }) => [
        new Date(made).toISOString(),
        `${bytes} bytes`,
        failed !== null
          ? `FAILED: ${failed.why}`
          : proven === null
            ? 'not proven'
            : `proven ${new Date(proven.at).toISOString()}`,
        file,
      ]);
      if (rows.length > 0) output.write(`\n${columns(rows.slice(0, 20))}`);
      if (view.standing !== 'proven') output.write(`\nNext:\n${next(view)}\n`);
    });

  backup
    .command('verify')
    .description('restore a backup into a folder that is thrown away, open it and read the whole audit log')
    .argument('<file>', 'the backup')
    .option(secret, hint)
    .action(async (file: string, { passphraseFile }: Secret) => {
      const passphrase = readPassphrase(passphraseFile);
      const { data } = context.config();
      const own = hasAuditKey(dataPaths(data).keys);
      const folder = mkdtempSync(join(tmpdir(), 'kydai-restore-'));
      try {
        await restore(file, passphrase, folder);
        const proof = await prove(context, folder);
        output.write(`The backup restores: ${inWords(context, folder, proof)}`);
        if (!own) return;
        if (auditKeyOf(dataPaths(folder).keys) !== auditKeyOf(dataPaths(data).keys)) {
          output.write(`It is of another city than \`${dataPaths(data).path}\`, where it does not count.\n`);
          return;
        }
        const backup = noteProof(data, folder, file, proof);
        await tell(context, {
          action: 'verify',
          ...(backup && { id: backup.id }),
          bytes: statSync(file).size,
        });
      } catch (error) {
        if (own && error instanceof KydaiError && !mistakes.has(error.code)) {
          noteFailure(data, resolve(file), { at: Date.now(), why: error.message });
          await tell(context, { action: 'fail', bytes: statSync(file).size });
        }
        throw error;
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    });

  backup
    .command('restore')
    .description('restore a backup into an empty folder and check it')
    .argument('<file>', 'the backup')
    .argument('<folder>', 'the new data folder; empty, or not there yet')
    .option(secret, hint)
    .action(async (file: string, folder: string, { passphraseFile }: Secret) => {
      if (existsSync(folder) && readdirSync(folder).length > 0)
        throw new ShellError('usage', `\`${folder}\` is not empty; choose another folder`);
      const passphrase = readPassphrase(passphraseFile);
      const place = postgresPlace(context.config().records);
      if (place !== undefined && !(await isEmptyPostgres(place)))
        throw new ShellError(
          'usage',
          'the database holds records already; name an empty one, or another schema',
        );
      await restore(file, passphrase, resolve(folder));
      const proof = await prove(context, folder);
      if (place !== undefined) await moveToPostgres(dataPaths(folder).recordsFile, place);
      noteProof(folder, folder, file, proof);
      output.write(`Restored: ${inWords(context, folder, proof)}`);
      output.write(`Start with: KYDAI_DATA=${folder} npm start\n`);
    });
}

/** What says nothing of the backup: a wrong call, a setting, no room. */
const mistakes = new Set(['usage', 'setting', 'busy', 'data-folder']);

function age(time: number | null): string {
  if (time === null) return 'never';
  return `${new Date(time).toISOString()}, ${Math.floor((Date.now() - time) / 86_400_000)} days ago`;
}

function next({ standing, commands }: ReturnType<typeof backupsView>): string {
  return standing === 'unproven' && commands.verify !== null ? commands.verify : commands.create;
}

/** Remembers in `data` what was proven of the backup that was restored to `folder`. */
function noteProof(data: string, folder: string, file: string, proof: Proof): Backup | undefined {
  const [carried] = readBackups(folder);
  if (carried === undefined) return undefined;
  const { keys, ...counts } = proof;
  const { failed, ...known } = readBackups(data).find(({ id }) => id === carried.id) ?? carried;
  const proven = { at: Date.now(), ...counts, ...(keys !== undefined && { keys }) };
  const backup = { ...known, file: resolve(file), bytes: statSync(file).size, proven };
  noteBackup(data, backup);
  return backup;
}

/** The records of a backup are a file; here they go on in the database of the configuration. */
async function moveToPostgres(file: string, place: PostgresPlace): Promise<void> {
  await restorePostgresRecords(file, place);
  for (const end of ['', '-wal', '-shm']) rmSync(`${file}${end}`, { force: true });
}

/** Opens and reads what was restored. */
function prove(context: CommandContext, folder: string): Promise<Proof> {
  return proveRestore(folder, process.env, readEventsKey(context.config().events.keyFile));
}

function inWords(context: CommandContext, folder: string, proof: Proof): string {
  const { entries, checkpoints, events, keys } = proof;
  const signs =
    keys === undefined ? 'Keys were not tried: give KYDAI_PASSPHRASE.' : `Keys of ${keys} authorities sign.`;
  return `audit log intact (${entries} entries, ${checkpoints} checkpoints), ${events} events.\n${signs}\n${elsewhere(context, folder)}`;
}

/** What no backup of files holds: keys in tokens, events in a cluster. */
function elsewhere(context: CommandContext, folder: string): string {
  const { store, elasticsearch } = context.config().events;
  const events =
    store === 'elasticsearch'
      ? `Not in it, but in Elasticsearch: the events of \`${elasticsearch.stream}\`; take a snapshot there.\n`
      : '';
  return elsewhereLines(dataPaths(folder).keys) + events;
}

interface Secret {
  readonly passphraseFile?: string;
}

async function restore(file: string, passphrase: string, folder: string): Promise<void> {
  if (!existsSync(file)) throw new ShellError('usage', `there is no \`${file}\``);
  const octets = createReadStream(file) as AsyncIterable<Buffer>;
  await unpack(openStream(passphrase, octets), folder);
}

function readPassphrase(file: string | undefined): string {
  const given =
    file === undefined ? process.env['KYDAI_BACKUP_PASSPHRASE'] : readFileSync(file, 'utf8').trim();
  if (given === undefined || given.length < 12)
    throw new ShellError(
      'usage',
      'a passphrase of at least 12 characters is needed: KYDAI_BACKUP_PASSPHRASE or --passphrase-file',
    );
  return given;
}

/** An entry in the audit log of the running program; a stopped one has none to write to. */
async function tell(
  context: CommandContext,
  note: { action: string; id?: string; bytes: number },
): Promise<void> {
  try {
    await context.operator().call('POST', '/api/v1/backups', z.unknown(), note);
  } catch (error) {
    if (!(error instanceof ShellError) || error.code !== 'not-running') throw error;
  }
}
