import { ApiTokenView } from '@kydai/contracts';
import type { Command } from 'commander';
import type { CommandContext } from './program.ts';

export function addTokenCommands(program: Command, { output, operator }: CommandContext): void {
  program
    .command('token')
    .description('make an API token for a pipeline or a log shipper')
    .argument('<name>', 'what it is for')
    .requiredOption('--scope <scope...>', 'ingest-events, push-sbom, read-api, ask-decision, report-risk')
    .option('--days <n>', 'how long it is valid', Number, 90)
    .action(async (name: string, { scope, days }: { scope: string[]; days: number }) => {
      const made = await operator().call('POST', '/api/v1/api-tokens', ApiTokenView, {
        name,
        scopes: scope,
        days,
      });
      output.write(`${made.token}\n`);
    });
}
