import { readFileSync } from 'node:fs';
import { SystemView } from '@kydai/contracts';
import { createEngine, EntityStore, loadPolicySet } from '@kydai/policy';
import { type CommandIo, type GateFormat, gateFormats, runGate, runGenerate, runImport } from '@kydai/sbom';
import { type Command, Option } from 'commander';
import { readContent } from '../boot/content.ts';
import { dataPaths } from '../boot/data-folder.ts';
import { ShellError } from '../error.ts';
import type { CommandContext } from './program.ts';

const clock = { now: Date.now };

/** SBOM commands work alone: a pipeline has no running program, only the database file and the policies. */
export function addSbomCommands(program: Command, context: CommandContext): void {
  const { output, config } = context;
  const io: CommandIo = {
    out: (text) => output.write(text),
    err: (text) => void process.stderr.write(text),
    ...(output.terminal ? { terminal: { columns: process.stdout.columns } } : {}),
  };
  const advisories = (file: string | undefined) => file ?? dataPaths(config().data).advisoriesFile;
  const sbom = program
    .command('sbom')
    .description('software bills of materials: make them, judge them, keep them');

  sbom
    .command('generate')
    .description('write a CycloneDX 1.6 SBOM of a folder or lockfile')
    .argument('[path]', 'folder or lockfile', '.')
    .option('-o, --output <file>', 'file to write; standard output without it')
    .option('--name <name>', 'name of the subject')
    .action(async (path: string, options: { output?: string; name?: string }) => {
      context.exit(await runGenerate({ path, clock, ...options }, io));
    });

  sbom
    .command('gate')
    .description('decide whether a build may ship: exit 0 pass, 1 fail, 2 could not check')
    .argument('[path]', 'SBOM, lockfile or folder', '.')
    .option('--db <file>', 'advisory database; the data folder’s without it')
    .option('--waivers <file>', 'accepted findings with owner, reason and expiry')
    .addOption(
      new Option('--format <format>', 'form of the report').choices([...gateFormats]).default('table'),
    )
    .option('-o, --output <file>', 'file for the report; standard output without it')
    .option('--build <id>', 'what the build is called in the policies')
    .action(
      async (
        path: string,
        options: { db?: string; waivers?: string; format: GateFormat; output?: string; build?: string },
      ) => {
        const { db, ...rest } = options;
        const content = readContent(config().content);
        const policySet = loadPolicySet({ schema: content.schema, policies: content.policies });
        const entities = new EntityStore();
        const principal = { type: 'Token', id: 'pipeline' };
        entities.upsert({ uid: principal, attrs: { scopes: [] }, parents: [] });
        const { decide } = createEngine({ policySet, entities });
        context.exit(
          await runGate({ path, database: advisories(db), decide, principal, clock, ...rest }, io),
        );
      },
    );

  sbom
    .command('push')
    .description('keep the SBOM of a deployed system with the running program')
    .argument('<system>', 'id of the system')
    .argument('<file>', 'CycloneDX JSON')
    .option('--owner <owner>', 'who runs the system', '')
    .action(async (system: string, file: string, { owner }: { owner: string }) => {
      let text: string;
      try {
        text = readFileSync(file, 'utf8');
      } catch {
        throw new ShellError('usage', `cannot read \`${file}\``);
      }
      const query = new URLSearchParams({ owner });
      const path = `/api/v1/sboms/${encodeURIComponent(system)}?${query}`;
      const view = await context.operator().call('PUT', path, SystemView, text);
      output.write(`${view.name} ${view.version}: ${view.components} components, ${view.verdict}\n`);
    });

  sbom
    .command('db')
    .description('the advisory database')
    .command('import')
    .description('build the database from OSV records, KEV lists, archives and folders of them')
    .argument('<inputs...>', 'folders, .zip, .tar.gz, .json, .json.gz, .yaml')
    .option('--db <file>', 'file to write; the data folder’s without it')
    .action(async (inputs: string[], { db }: { db?: string }) => {
      context.exit(await runImport({ inputs, output: advisories(db), clock }, io));
    });
}
