import { type GateFormat, gateFormats, runGate, runOpinion } from '@kydai/sbom';
import { type Command, Option } from 'commander';
import { readPolicies } from '../../boot/content.ts';
import type { SbomContext } from '../sbom.ts';

interface GateOptions {
  readonly db?: string;
  readonly waivers?: string;
  readonly vex?: readonly string[];
  readonly base?: string;
  readonly format: GateFormat;
  readonly output?: string;
  readonly build?: string;
  readonly zone?: string;
}

/** The gate of a pipeline. */
export function addGateCommands(sbom: Command, context: SbomContext): void {
  sbom
    .command('gate')
    .description('decide whether a build may ship: exit 0 pass, 1 fail, 2 could not check')
    .argument('[path]', 'SBOM, lockfile or folder', '.')
    .option('--db <file>', 'advisory database; the data folder’s without it')
    .option('--waivers <file>', 'accepted findings with owner, reason and expiry')
    .option('--vex <file...>', 'OpenVEX or CycloneDX VEX; the later ones replace the earlier ones')
    .option('--base <path>', 'SBOM, lockfile or folder as it was before: tells what came in with the change')
    .addOption(
      new Option('--format <format>', 'form of the report').choices([...gateFormats]).default('table'),
    )
    .option('-o, --output <file>', 'file for the report; standard output without it')
    .option('--build <id>', 'what the build is called in the policies')
    .option('--zone <zone>', 'part of the city’s network that the build is for')
    .action(async (path: string, { db, ...options }: GateOptions) => {
      const { decide, principal } = await pipelinePolicies(context);
      const database = context.advisories(db);
      const clock = { now: Date.now };
      context.exit(await runGate({ path, database, decide, principal, clock, ...options }, context.io));
    });

  sbom
    .command('second-opinion')
    .description('compare with reports of Grype, Trivy or OSV-Scanner: exit 0 where all agree, 1 where not')
    .argument('<path>', 'SBOM, lockfile or folder')
    .argument('<reports...>', 'their reports, JSON')
    .option('--db <file>', 'advisory database; the data folder’s without it')
    .addOption(new Option('--format <format>', 'form').choices(['table', 'json']).default('table'))
    .action(async (path: string, reports: string[], options: { db?: string; format: 'table' | 'json' }) => {
      const { db, format } = options;
      const command = { path, reports, format, database: context.advisories(db), clock: { now: Date.now } };
      context.exit(await runOpinion(command, context.io));
    });
}

/** The release policies and no others, asked by a pipeline: a token without scopes. */
export async function pipelinePolicies(context: SbomContext) {
  const { createEngine, EntityStore, loadPolicySet } = await import('@kydai/policy');
  const { schema, policies } = readPolicies(context.config().content, ['release']);
  const policySet = loadPolicySet({ schema, policies });
  const entities = new EntityStore();
  const principal = { type: 'Token', id: 'pipeline' };
  entities.upsert({ uid: principal, attrs: { scopes: [] }, parents: [] });
  return { decide: createEngine({ policySet, entities }).decide, principal };
}
