import type { CommandIo } from '@kydai/sbom';
import type { Command } from 'commander';
import { dataPaths } from '../boot/data-folder.ts';
import type { CommandContext } from './program.ts';
import { addAttestCommands } from './sbom/attest.ts';
import { addDatabaseCommands } from './sbom/database.ts';
import { addDocumentCommands } from './sbom/document.ts';
import { addGateCommands } from './sbom/gate.ts';
import { addKeepCommands } from './sbom/keep.ts';
import { addWaiveCommands } from './sbom/waive.ts';

/** What every SBOM command gets. */
export interface SbomContext extends CommandContext {
  readonly io: CommandIo;
  /** The advisory database: the one that was named, or the data folder's. */
  advisories(file: string | undefined): string;
}

/** SBOM commands work alone: a pipeline has no running program, only the database file and the policies. */
export function addSbomCommands(program: Command, context: CommandContext): void {
  const { output, config } = context;
  const sbom = program
    .command('sbom')
    .description('software bills of materials: make them, judge them, keep them');
  const io: CommandIo = {
    out: (text) => (output.exact ?? output.write)(text),
    err: (text) => void process.stderr.write(text),
    ...(output.terminal ? { terminal: { columns: process.stdout.columns } } : {}),
  };
  const own = {
    ...context,
    io,
    advisories: (file?: string) => file ?? dataPaths(config().data).advisoriesFile,
  };
  addDocumentCommands(sbom, own);
  addGateCommands(sbom, own);
  addWaiveCommands(sbom, own);
  addAttestCommands(sbom, own);
  addKeepCommands(sbom, own);
  addDatabaseCommands(sbom, own);
}
