import { AuditPage, AuditVerdictView } from '@kydai/contracts';
import type { Command } from 'commander';
import { addProofCommands } from './audit/prove.ts';
import { columns, styled } from './output.ts';
import type { CommandContext } from './program.ts';

export function addAuditCommands(program: Command, context: CommandContext): void {
  const { output, operator } = context;
  const audit = program.command('audit').description('the audit log: a Merkle log with signed checkpoints');

  addProofCommands(audit, context);

  audit
    .command('verify')
    .description('read the whole log again and check its chain and every checkpoint')
    .action(async () => {
      const verdict = await operator().call('POST', '/api/v1/audit/verify', AuditVerdictView, {});
      const word = verdict.intact ? styled(output, 'green', 'intact') : styled(output, 'red', 'BROKEN');
      output.write(`Audit log ${word}: ${verdict.size} entries, ${verdict.checkpoints} signed checkpoints\n`);
      output.write(`root ${verdict.root}\n`);
      for (const fault of verdict.faults) output.write(`  ${fault}\n`);
      if (!verdict.intact) context.exit(1);
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
