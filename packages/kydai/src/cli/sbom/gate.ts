import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type GateFormat, type GateResult, gateFormats, runGate, runOpinion } from '@kydai/sbom';
import { type Command, Option } from 'commander';
import { builtInContent, readPolicies } from '../../boot/content.ts';
import type { SbomContext } from '../sbom.ts';

interface GateOptions {
  readonly db?: string;
  readonly waivers?: string;
  readonly signers?: string;
  readonly vex?: readonly string[];
  readonly base?: string;
  readonly format: GateFormat;
  readonly output?: string;
  readonly platform?: string;
  readonly build?: string;
  readonly zone?: string;
  readonly publish?: string | true;
  readonly pipeline?: string;
}

/** The gate of a pipeline. */
export function addGateCommands(sbom: Command, context: SbomContext): void {
  sbom
    .command('gate')
    .description('decide whether a build may ship: exit 0 pass, 1 fail, 2 could not check')
    .argument('[path]', 'SBOM, lockfile or folder', '.')
    .option('--db <file>', 'advisory database; the data folder’s without it')
    .option('--waivers <file>', 'accepted findings, signed by two people')
    .option('--signers <file>', 'who may sign waivers; `policies/release/signers.yaml` without it')
    .option('--vex <file...>', 'OpenVEX or CycloneDX VEX; the later ones replace the earlier ones')
    .option('--base <path>', 'SBOM, lockfile or folder as it was before: tells what came in with the change')
    .addOption(
      new Option('--format <format>', 'form of the report').choices([...gateFormats]).default('table'),
    )
    .option('-o, --output <file>', 'file for the report; standard output without it')
    .option(
      '--platform <platform>',
      'one of an image for several, such as linux/arm64; all of them without it',
    )
    .option('--build <id>', 'what the build is called in the policies')
    .option('--zone <zone>', 'part of the city’s network that the build is for')
    .option(
      '--publish [url]',
      'tell the server at URL of the verdict, with the token in KYDAI_TOKEN; the one on this machine without URL',
    )
    .option(
      '--pipeline <name>',
      'what the pipeline is called in the history; the build server’s own name for it',
    )
    .action(async (path: string, { db, publish: to, pipeline, ...options }: GateOptions) => {
      const { decide, principal } = await pipelinePolicies(context);
      const database = context.advisories(db);
      const clock = { now: Date.now };
      context.exit(
        await runGate(
          {
            ...{ path, database, decide, principal, clock },
            ...(options.waivers === undefined ? {} : await waiverTrust(context, options.signers)),
            ...options,
            ...(to === undefined ? {} : { onResult: publishing(context, to, pipeline, options.zone) }),
          },
          context.io,
        ),
      );
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

function publishing(context: SbomContext, to: string | true, named: string | undefined, zone = '') {
  return async (result: GateResult) => {
    const { pipelineName, publish } = await import('./publish.ts');
    const pipeline = named ?? pipelineName(result.build, process.env);
    await publish(result, { to, pipeline, zone }, context);
  };
}

/** Who may sign waivers: the file that was named, or the one beside the release policies. */
export async function waiverTrust(context: SbomContext, named: string | undefined) {
  const beside = join(context.config().content || builtInContent, 'policies/release/signers.yaml');
  const signers = named ?? (existsSync(beside) ? beside : undefined);
  if (signers === undefined) return {};
  // The whole of the PKI: only those who have waivers pay for loading it.
  const { certificatesOf } = await import('@kydai/sbom');
  const { trustPeopleBy } = await import('../../sbom/trust.ts');
  const certifiedBy = (roots: readonly string[]) =>
    trustPeopleBy({ roots: roots.flatMap(certificatesOf), clock: { now: Date.now } });
  return { signers, certifiedBy };
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
