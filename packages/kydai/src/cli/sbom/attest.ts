import { readFileSync } from 'node:fs';
import { certificatesOf, runAttest, runVerify } from '@kydai/sbom';
import type { Command } from 'commander';
import { z } from 'zod';
import { ShellError } from '../../error.ts';
import type { SbomContext } from '../sbom.ts';
import { pipelinePolicies, waiverTrust } from './gate.ts';

const clock = { now: Date.now };

/** Signing what the gate found, and refusing what nobody has signed for. */
export function addAttestCommands(sbom: Command, context: SbomContext): void {
  const { io } = context;

  sbom
    .command('signer')
    .description('have the running program certify the key of a pipeline, for signing')
    .argument('<name>', 'name of the pipeline; the request must be made with /CN=NAME')
    .argument('<request>', 'certificate request, PEM')
    .action(async (subject: string, file: string) => {
      const body = { subject, request: read(file).toString('utf8') };
      const view = z.object({ chainPem: z.string() });
      const { chainPem } = await context.operator().call('POST', '/api/v1/signing-certificates', view, body);
      context.output.write(chainPem);
    });

  sbom
    .command('attest')
    .description('run the gate and sign the SBOM, the scan and the verdict: exit codes of the gate')
    .argument('[path]', 'SBOM, lockfile or folder', '.')
    .requiredOption('--artifact <file>', 'what is to be deployed; the attestations name its digest')
    .requiredOption('--key <file>', 'private key, PEM')
    .requiredOption('--cert <file>', 'certificate of the key and those above it, PEM')
    .option('-o, --output <file>', 'file for the envelopes, one a line', 'attestations.jsonl')
    .option('--db <file>', 'advisory database; the data folder’s without it')
    .option('--waivers <file>', 'accepted findings')
    .option('--signers <file>', 'who may sign waivers; `policies/release/signers.yaml` without it')
    .option('--vex <file...>', 'OpenVEX or CycloneDX VEX')
    .option('--build <id>', 'what the build is called in the policies')
    .option('--zone <zone>', 'part of the city’s network that the build is for')
    .action(async (path: string, options: AttestOptions) => {
      const { key, cert, db, ...rest } = options;
      const signer = { keyPem: read(key).toString('utf8'), chainPem: read(cert).toString('utf8') };
      const command = {
        path,
        signer,
        database: context.advisories(db),
        clock,
        ...(await pipelinePolicies(context)),
        ...(rest.waivers === undefined ? {} : await waiverTrust(context, rest.signers)),
      };
      context.exit(await runAttest({ ...command, ...rest }, io));
    });

  sbom
    .command('verify')
    .description(
      'exit 0 only where a trusted signer attests a verdict on this file that passed and still holds',
    )
    .argument('<artifact>', 'what is to be deployed')
    .requiredOption('--attestations <file>', 'envelopes, one a line')
    .requiredOption('--root <file...>', 'certificates to trust, PEM')
    .requiredOption('--signer <name...>', 'who may sign for this deployment')
    .option('--crl <file...>', 'revocation lists, DER or PEM; with them, what they do not cover is refused')
    .option('--build <id>', 'the build that the verdict must be about')
    .action(async (artifact: string, options: VerifyOptions) => {
      const { root, crl = [], signer: signers, ...rest } = options;
      const roots = root.flatMap((file) => certificatesOf(read(file).toString('utf8')));
      if (roots.length === 0) throw new ShellError('usage', 'no certificate in the files of `--root`');
      // The whole of the PKI: only those who verify pay for loading it.
      const { trustBy } = await import('../../sbom/trust.ts');
      const trust = trustBy({ roots, crls: crl.map((file) => crlOf(read(file))), clock });
      const command = { artifact, trust, signers, clock, ...(await pipelinePolicies(context)), ...rest };
      context.exit(await runVerify(command, io));
    });
}

interface AttestOptions {
  readonly artifact: string;
  readonly key: string;
  readonly cert: string;
  readonly output: string;
  readonly db?: string;
  readonly waivers?: string;
  readonly signers?: string;
  readonly vex?: readonly string[];
  readonly build?: string;
  readonly zone?: string;
}

interface VerifyOptions {
  readonly attestations: string;
  readonly root: readonly string[];
  readonly signer: readonly string[];
  readonly crl?: readonly string[];
  readonly build?: string;
}

function crlOf(bytes: Buffer): Uint8Array {
  const body = /-----BEGIN X509 CRL-----([A-Za-z0-9+/=\s]+)-----END X509 CRL-----/.exec(
    bytes.toString('latin1'),
  );
  return body === null ? bytes : Buffer.from(body[1]!, 'base64');
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch {
    throw new ShellError('usage', `cannot read \`${file}\``);
  }
}
