import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { openBundle, readBundleKeys } from '@kydai/policy';
import type { Command } from 'commander';
import { z } from 'zod';
import { ShellError } from '../../error.ts';
import { orPlaced } from '../../policies/candidate.ts';
import { type Output, styled } from '../output.ts';
import type { CommandContext } from '../program.ts';

const Issued = z.object({ version: z.number(), at: z.number(), bundle: z.string() });
const Keys = z.object({ keys: z.array(z.looseObject({ kid: z.string() })) });
const Status = z.object({
  issued: z.object({ version: z.number(), at: z.number(), keys: z.array(z.string()) }).optional(),
  edge: z
    .object({
      source: z.string(),
      version: z.number().optional(),
      accepted: z.number().optional(),
      checked: z.number().optional(),
      problem: z.string().optional(),
      trusted: z.array(z.string()),
    })
    .optional(),
});
const root = '/api/v1/policies/bundle';

/** `kydai policy bundle`: signed policies for edge sites. */
export function addBundleCommands(policy: Command, context: CommandContext): void {
  const { output, operator } = context;
  const bundle = policy.command('bundle').description('signed policies for edge sites');

  bundle
    .command('sign')
    .description(
      'sign the content folder’s policies as the next version; edge sites that poll this one get it',
    )
    .argument('[file]', 'where to write it, to carry it to a site by hand')
    .action(async (file: string | undefined) => {
      const made = await operator().call('POST', root, Issued);
      if (file !== undefined) writeFileSync(file, `${made.bundle}\n`);
      output.write(`version ${made.version}${file === undefined ? '' : ` in ${file}`}\n`);
    });

  bundle
    .command('keys')
    .description(
      'the public keys that bundles are signed by, a JWK set for `policyBundle.key` of an edge site',
    )
    .argument('[file]', 'where to write it; else it is printed')
    .action(async (file: string | undefined) => {
      const text = `${JSON.stringify(await operator().call('GET', `${root}/keys`, Keys), undefined, 2)}\n`;
      if (file === undefined) output.write(text);
      else writeFileSync(file, text);
    });

  bundle
    .command('rotate')
    .description('announce the next signing key to the sites; with --finish, sign by it and drop the old one')
    .option(
      '--finish',
      'once every site has taken a bundle that announces it (see: kydai policy bundle status)',
    )
    .action(async ({ finish = false }: { finish?: boolean }) => {
      const step = finish ? 'finish' : 'announce';
      const { version } = await operator().call('POST', `${root}/rotate`, Issued, { step });
      output.write(
        finish
          ? `version ${version} is signed by the new key; the old one is trusted no more\n`
          : `version ${version} announces the next key; once every site has it: kydai policy bundle rotate --finish\n`,
      );
    });

  bundle
    .command('status')
    .description('what was signed here last, and which bundle this site decides by')
    .action(async () => {
      const { issued, edge } = await operator().call('GET', `${root}/status`, Status);
      const when = (at: number | undefined) => (at === undefined ? 'never' : new Date(at).toISOString());
      if (issued !== undefined)
        output.write(
          `signed here  version ${issued.version}, ${when(issued.at)}, keys ${issued.keys.join(' ')}\n`,
        );
      if (edge !== undefined) {
        const version = edge.version === undefined ? 'none yet' : `version ${edge.version}`;
        output.write(`in force     ${version}, accepted ${when(edge.accepted)}\n`);
        output.write(`source       ${edge.source}, asked ${when(edge.checked)}\n`);
        output.write(`trusted keys ${edge.trusted.join(' ')}\n`);
        if (edge.problem !== undefined)
          output.write(`${styled(output, 'red', 'problem')}      ${edge.problem}\n`);
      }
      if (issued === undefined && edge === undefined)
        output.write('no bundle was signed here, and this site follows none\n');
    });

  bundle
    .command('inspect')
    .description('verify a bundle and show what is in it, without a running program')
    .argument('<file>')
    .requiredOption('--key <file>', 'the public keys to verify it with: PEM, JWK or JWK set')
    .action(async (file: string, { key }: { key: string }) => {
      await inspect(output, textOf(file).trim(), textOf(key));
    });
}

async function inspect(output: Output, text: string, keys: string): Promise<void> {
  const opened = await readBundleKeys(keys)
    .then((trusted) => openBundle(text, trusted, 0))
    .catch((error: unknown) =>
      orPlaced(() => {
        throw error;
      }),
    );
  const { version, issued, kid, policySet, content, keys: next } = opened;
  output.write(`version ${version}, signed ${new Date(issued).toISOString()} by ${kid}\n`);
  output.write(
    `set ${policySet.digest}: ${policySet.policies.length} policies in ${content.policies.length} files` +
      `, ${policySet.templates.length} templates, ${content.links?.length ?? 0} links\n`,
  );
  if (next !== undefined) output.write(`from now on signed by ${next.map((one) => one.kid).join(' or ')}\n`);
}

/** @throws ShellError `invalid` */
function textOf(file: string): string {
  if (!existsSync(file)) throw new ShellError('invalid', `there is no file \`${file}\``);
  return readFileSync(file, 'utf8');
}
