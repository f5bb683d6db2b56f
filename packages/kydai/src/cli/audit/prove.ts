import { readFileSync, writeFileSync } from 'node:fs';
import { ConsistencyView, InclusionsView, type InclusionView } from '@kydai/contracts';
import { auditLeafHash, verifyCheckpoint, verifyConsistency, verifyInclusion } from '@kydai/store';
import type { Command } from 'commander';
import { dataPaths } from '../../boot/data-folder.ts';
import { ShellError } from '../../error.ts';
import { auditKeyOf } from '../../pki/audit-key.ts';
import { styled } from '../output.ts';
import type { CommandContext } from '../program.ts';

/**
 * Proofs of the audit log. What the server says is not believed: each proof is checked here, from the entry's bytes up
 * to a checkpoint signed by a key that this machine (or the caller) knows.
 */
export function addProofCommands(audit: Command, context: CommandContext): void {
  const { output, operator } = context;

  audit
    .command('prove')
    .description(
      'prove that an entry, or all entries about a certificate, are in the log, and check the proof here',
    )
    .argument('<serial or index>', 'serial number of a certificate in hex, or the number of an entry')
    .option('--key <file>', 'public key of the audit log, PEM (default: that of the data folder)')
    .option('--out <file>', 'keep the proofs, for `kydai audit check` on any machine')
    .action(async (what: string, { key, out }: { key?: string; out?: string }) => {
      const query = /^\d{1,15}$/.test(what)
        ? `index=${what}`
        : `serial=${encodeURIComponent(what.toLowerCase())}`;
      const proofs = await operator().call('GET', `/api/v1/audit/inclusion?${query}`, InclusionsView);
      report(proofs.items, trustedKey(context, key));
      if (out !== undefined) writeFileSync(out, `${JSON.stringify(proofs, null, 2)}\n`);
    });

  audit
    .command('check')
    .description('check proofs that `prove --out` kept; needs no running program')
    .argument('<file>', 'the proofs')
    .requiredOption('--key <file>', 'public key of the audit log, PEM')
    .action((file: string, { key }: { key: string }) => {
      const parsed = InclusionsView.safeParse(readJson(file));
      if (!parsed.success) throw new ShellError('usage', `\`${file}\` does not hold proofs`);
      report(parsed.data.items, trustedKey(context, key));
    });

  audit
    .command('key')
    .description(
      'print the public key that checkpoints are signed with; keep it where the server cannot change it',
    )
    .action(() => output.write(trustedKey(context)));

  audit
    .command('consistency')
    .description('prove that the log of today begins with the log of an earlier checkpoint')
    .argument('<size>', 'entries of the earlier log', Number)
    .argument('<root>', 'its root, hex')
    .option('--key <file>', 'public key of the audit log, PEM (default: that of the data folder)')
    .action(async (size: number, root: string, { key }: { key?: string }) => {
      const view = await operator().call('GET', `/api/v1/audit/consistency?from=${size}`, ConsistencyView);
      const { checkpoint, proof, to } = view;
      const holds =
        view.from === size &&
        checkpoint.size === to &&
        verifyCheckpoint(checkpoint, trustedKey(context, key)) &&
        verifyConsistency(size, to, proof, root.toLowerCase(), checkpoint.root);
      verdict(holds, `the log of ${to} entries begins with that of ${size}`);
    });

  function report(proofs: readonly InclusionView[], publicKeyPem: string): void {
    if (proofs.length === 0) throw new ShellError('not-found', 'the log has no entry about it');
    for (const each of proofs) {
      const { entry, index, checkpoint } = each;
      const what = `entry ${index}: ${new Date(entry.at).toISOString()} ${entry.actor} ${entry.action} ${entry.target}`;
      verdict(holds(each, publicKeyPem), `${what}, under the checkpoint of ${checkpoint.size} entries`);
    }
  }

  function verdict(good: boolean, what: string): void {
    const word = good ? styled(output, 'green', 'proven') : styled(output, 'red', 'NOT PROVEN');
    output.write(`${word}  ${what}\n`);
    if (!good) context.exit(1);
  }
}

function holds({ index, entry, proof, checkpoint }: InclusionView, publicKeyPem: string): boolean {
  return (
    verifyCheckpoint(checkpoint, publicKeyPem) &&
    verifyInclusion(auditLeafHash(entry), index, checkpoint.size, proof, checkpoint.root)
  );
}

/** The key of the caller's file, or of this data folder: never the one that comes with a proof. */
function trustedKey(context: CommandContext, file?: string): string {
  if (file !== undefined) return readFileSync(file, 'utf8');
  return auditKeyOf(dataPaths(context.config().data).keys);
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new ShellError('usage', `\`${file}\` cannot be read`, { cause });
  }
}
