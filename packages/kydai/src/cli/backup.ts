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
import type { Command } from 'commander';
import { z } from 'zod';
import { pack, unpack } from '../backup/archive.ts';
import { openStream, sealStream } from '../backup/cipher.ts';
import { elsewhereLines } from '../backup/elsewhere.ts';
import { proveRestore } from '../backup/prove.ts';
import { snapshotDataFolder } from '../backup/snapshot.ts';
import { noteBackup, readBackupState } from '../backup/state.ts';
import { dataPaths } from '../boot/data-folder.ts';
import { ShellError } from '../error.ts';
import { readEventsKey } from '../store/keeper.ts';
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
      const { data } = context.config();
      if (!existsSync(dataPaths(data).recordsFile))
        throw new ShellError('usage', `there is nothing to back up in \`${dataPaths(data).path}\``);
      if (existsSync(file))
        throw new ShellError('usage', `\`${file}\` is there already; choose another name`);
      // Beside the data, so that the event files can be linked instead of copied.
      const at = Date.now();
      const snapshot = mkdtempSync(join(dataPaths(data).path, '.backup-'));
      try {
        await snapshotDataFolder(data, snapshot);
        const partial = `${file}.partial`;
        await pipeline(
          Readable.from(sealStream(passphrase, pack(snapshot))),
          createWriteStream(partial, { mode: 0o600, flush: true }),
        );
        await rename(partial, file);
      } finally {
        await rm(snapshot, { recursive: true, force: true });
      }
      noteBackup(data, { created: at });
      await tell(context, { action: 'create', bytes: statSync(file).size });
      output.write(`${file}: ${statSync(file).size} bytes. Prove it with: kydai backup verify ${file}\n`);
      output.write(elsewhere(context, data));
    });

  backup
    .command('status')
    .description('say when the last backup was made, and when a restore was last proven')
    .option('--json', 'print JSON')
    .action(({ json }: { json?: boolean }) => {
      const { created, proven: at } = readBackupState(context.config().data);
      if (json) return output.write(`${JSON.stringify({ created: created ?? null, proven: at ?? null })}\n`);
      const age = (time: number | undefined): string =>
        time === undefined
          ? 'never'
          : `${new Date(time).toISOString()}, ${Math.floor((Date.now() - time) / 86_400_000)} days ago`;
      output.write(`Last backup: ${age(created)}\nLast proven restore: ${age(at)}\n`);
    });

  backup
    .command('verify')
    .description('restore a backup into a folder that is thrown away, open it and read the whole audit log')
    .argument('<file>', 'the backup')
    .option(secret, hint)
    .action(async (file: string, { passphraseFile }: Secret) => {
      const folder = mkdtempSync(join(tmpdir(), 'kydai-restore-'));
      try {
        await restore(file, readPassphrase(passphraseFile), folder);
        output.write(`The backup restores: ${await proven(context, folder)}`);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
      const { data } = context.config();
      if (existsSync(dataPaths(data).path)) noteBackup(data, { proven: Date.now() });
      await tell(context, { action: 'verify', bytes: statSync(file).size });
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
      await restore(file, readPassphrase(passphraseFile), resolve(folder));
      const told = await proven(context, folder);
      noteBackup(folder, { proven: Date.now() });
      output.write(`Restored: ${told}`);
      output.write(`Start with: KYDAI_DATA=${folder} npm start\n`);
    });
}

/** Opens and reads what was restored; what it found, in sentences. */
async function proven(context: CommandContext, folder: string): Promise<string> {
  const eventsKey = readEventsKey(context.config().events.keyFile);
  const { entries, checkpoints, events, keys } = await proveRestore(folder, process.env, eventsKey);
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
async function tell(context: CommandContext, note: { action: string; bytes: number }): Promise<void> {
  try {
    await context.operator().call('POST', '/api/v1/backups', z.unknown(), note);
  } catch (error) {
    if (!(error instanceof ShellError) || error.code !== 'not-running') throw error;
  }
}
