import { readFileSync } from 'node:fs';
import { runSign, runWaive } from '@kydai/sbom';
import type { Command } from 'commander';
import { ShellError } from '../../error.ts';
import type { SbomContext } from '../sbom.ts';

interface WaiveOptions {
  readonly component?: string;
  readonly owner: string;
  readonly reason: string;
  readonly until: string;
  readonly waivers: string;
  readonly db?: string;
}

interface SignOptions {
  readonly component?: string;
  readonly waivers: string;
  readonly name: string;
  readonly key: string;
  readonly cert?: string;
}

/** Accepting a finding for a time: one person writes it down, two sign it. */
export function addWaiveCommands(sbom: Command, context: SbomContext): void {
  const { io } = context;

  sbom
    .command('waive')
    .description(
      'write down that a finding is to be accepted for a time; it holds once two people have signed',
    )
    .argument('<advisory>', 'id or alias of the advisory')
    .argument('[path]', 'SBOM, lockfile or folder that has the finding', '.')
    .requiredOption('--owner <name>', 'who answers for it')
    .requiredOption('--reason <text>', 'why it may be accepted')
    .requiredOption('--until <day>', 'last day on which it holds, such as 2027-01-31')
    .option('--component <purl>', 'which component, where the advisory is about several')
    .option('--waivers <file>', 'file of waivers', 'waivers.yaml')
    .option('--db <file>', 'advisory database; the data folder’s without it')
    .action(async (advisory: string, path: string, { db, until: expires, ...rest }: WaiveOptions) => {
      const clock = { now: Date.now };
      const database = context.advisories(db);
      context.exit(await runWaive({ advisory, path, database, expires, clock, ...rest }, io));
    });

  sbom
    .command('sign')
    .description('sign a waiver: with a key that the file of signers declares, or with one’s certificate')
    .argument('<advisory>', 'id of the advisory, as the waiver names it')
    .requiredOption('--name <name>', 'who signs, as declared or certified')
    .requiredOption('--key <file>', 'private key, PEM')
    .option('--cert <file>', 'certificate of the key and those above it, PEM')
    .option('--component <purl>', 'which waiver, where the advisory has several')
    .option('--waivers <file>', 'file of waivers', 'waivers.yaml')
    .action(async (advisory: string, { key, cert, ...rest }: SignOptions) => {
      const chain = cert === undefined ? {} : { chainPem: read(cert) };
      context.exit(await runSign({ advisory, keyPem: read(key), ...chain, ...rest }, io));
    });
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new ShellError('usage', `cannot read \`${file}\``);
  }
}
