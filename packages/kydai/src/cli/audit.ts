import { readFileSync, writeFileSync } from 'node:fs';
import { AuditPage, AuditVerdictView, ConsistencyView } from '@kydai/contracts';
import { verifyCheckpoint, verifyConsistency } from '@kydai/store';
import type { Command } from 'commander';
import { ShellError } from '../error.ts';
import { ExportedCheckpoint, notProven } from '../flow/kept-checkpoint.ts';
import { addProofCommands } from './audit/prove.ts';
import type { OperatorClient } from './operator-client.ts';
import { columns, styled } from './output.ts';
import type { CommandContext } from './program.ts';

export function addAuditCommands(program: Command, context: CommandContext): void {
  const { output, operator } = context;
  const audit = program.command('audit').description('the audit log: a Merkle log with signed checkpoints');

  addProofCommands(audit, context);

  audit
    .command('verify')
    .description('read the whole log again and check its chain and every checkpoint')
    .option('--against <file>', 'a checkpoint that `kydai audit checkpoint --out` kept elsewhere')
    .action(async ({ against }: { against?: string }) => {
      const verdict = await operator().call('POST', '/api/v1/audit/verify', AuditVerdictView, {});
      const faults = [...verdict.faults];
      if (against !== undefined) {
        const fault = await faultAgainst(operator(), readExported(against), verdict.size);
        if (fault !== undefined) faults.push(fault);
      }
      const unproven = faults.length > 0 && faults.every((fault) => fault.startsWith(notProven));
      const word =
        faults.length === 0
          ? styled(output, 'green', 'intact')
          : styled(output, 'red', unproven ? 'NOT PROVEN' : 'BROKEN');
      output.write(`Audit log ${word}: ${verdict.size} entries, ${verdict.checkpoints} signed checkpoints\n`);
      output.write(`root ${verdict.root}\n`);
      for (const fault of faults) output.write(`  ${fault}\n`);
      if (faults.length > 0) context.exit(1);
    });

  audit
    .command('checkpoint')
    .description('sign the log of now, to be kept where the server cannot change it')
    .option('--out <file>', 'write it to a file')
    .action(async ({ out }: { out?: string }) => {
      const made = await operator().call('POST', '/api/v1/audit/checkpoint', ExportedCheckpoint, {});
      const text = `${JSON.stringify(made, null, 2)}\n`;
      if (out === undefined) output.write(text);
      else writeFileSync(out, text);
    });

  audit
    .command('list')
    .description('print the newest entries')
    .option('--limit <n>', 'how many', '20')
    .option('--json', 'print one JSON document a line')
    .action(async ({ limit, json }: { limit: string; json?: boolean }) => {
      const page = await operator().call(
        'GET',
        `/api/v1/audit?limit=${encodeURIComponent(limit)}`,
        AuditPage,
      );
      if (json) {
        for (const item of page.items) output.write(`${JSON.stringify(item)}\n`);
        return;
      }
      output.write(
        columns(
          page.items.map(({ index, entry }) => [
            String(index),
            new Date(entry.at).toISOString(),
            entry.actor,
            entry.action,
            entry.target,
          ]),
        ),
      );
    });
}

/** What speaks against today's log, by a checkpoint and a key that were kept elsewhere; the server's key is not believed. */
async function faultAgainst(
  client: OperatorClient,
  { checkpoint: kept, publicKeyPem }: ExportedCheckpoint,
  size: number,
): Promise<string | undefined> {
  const what = `the checkpoint of ${kept.size} entries made at ${new Date(kept.at).toISOString()}`;
  if (!verifyCheckpoint(kept, publicKeyPem)) return `${what} is not signed by the key that it came with`;
  if (kept.size > size) return `the log has ${size} entries and is shorter than ${what}`;
  const path = `/api/v1/audit/consistency?from=${kept.size}`;
  const { checkpoint, from, to, proof } = await client.call('GET', path, ConsistencyView);
  const holds =
    from === kept.size &&
    to === checkpoint.size &&
    verifyCheckpoint(checkpoint, publicKeyPem) &&
    verifyConsistency(kept.size, to, proof, kept.root, checkpoint.root);
  return holds ? undefined : `the log does not begin with that of ${what}`;
}

function readExported(file: string): ExportedCheckpoint {
  try {
    return ExportedCheckpoint.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    throw new ShellError('usage', `\`${file}\` does not hold a checkpoint`, { cause });
  }
}
