import { join } from 'node:path';
import { osvMirror, runImport, runUpdate } from '@kydai/sbom';
import { type Command, Option } from 'commander';
import { dataPaths } from '../../boot/data-folder.ts';
import type { SbomContext } from '../sbom.ts';

/** The advisory database. */
export function addDatabaseCommands(sbom: Command, context: SbomContext): void {
  const database = sbom.command('db').description('the advisory database');

  database
    .command('import')
    .description('build the database from OSV records, KEV lists, archives and folders of them')
    .argument('<inputs...>', 'folders, .zip, .tar.gz, .json, .json.gz, .yaml')
    .option('--db <file>', 'file to write; the data folder’s without it')
    .action(async (inputs: string[], { db }: { db?: string }) => {
      context.exit(
        await runImport({ inputs, output: context.advisories(db), clock: { now: Date.now } }, context.io),
      );
    });

  database
    .command('update')
    .description(
      'bring a mirror of OSV up to date and build the database from it; goes on where it broke off',
    )
    .addOption(
      new Option('--from <place>', 'URL, or folder such as a mounted stick, with ECOSYSTEM/all.zip')
        .env('KYDAI_ADVISORY_MIRROR')
        .default(osvMirror),
    )
    .option(
      '--ecosystems <names...>',
      'npm, PyPI, Go, Debian, ...; the usual ones, or all of a folder, without it',
    )
    .option(
      '--also <places...>',
      'KEV catalog and EPSS scores: URLs or files; those of CISA and FIRST, or of the folder, without it',
    )
    .option('--db <file>', 'file to write; the data folder’s without it')
    .action(
      async ({ db, ...options }: { db?: string; from: string; ecosystems?: string[]; also?: string[] }) => {
        const folder = join(dataPaths(context.config().data).path, 'advisory-mirror');
        const output = context.advisories(db);
        context.exit(await runUpdate({ ...options, folder, output, clock: { now: Date.now } }, context.io));
      },
    );
}
