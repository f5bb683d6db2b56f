import { runImport } from '@kydai/sbom';
import type { Command } from 'commander';
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
}
