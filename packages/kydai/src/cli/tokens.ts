import { ApiTokenPage, ApiTokenView } from '@kydai/contracts';
import type { Command } from 'commander';
import { columns } from './output.ts';
import type { CommandContext } from './program.ts';

export function addTokenCommands(program: Command, { output, operator }: CommandContext): void {
  const token = program.command('token').description('API tokens for pipelines and log shippers');

  // `kydai token NAME --scope ...` makes one as well.
  token
    .command('create', { isDefault: true })
    .description('make an API token; it is shown once')
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

  token
    .command('list')
    .description('list the API tokens: id, name, scopes, until when')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const { items } = await operator().call('GET', '/api/v1/api-tokens', ApiTokenPage);
      if (json) return output.write(`${JSON.stringify(items, null, 2)}\n`);
      if (items.length === 0) return output.write('No API tokens. Make one with: kydai token create NAME\n');
      const now = Date.now();
      output.write(
        columns(
          items.map(({ id, name, scopes, expires, revoked, createdBy }) => [
            id,
            name,
            scopes.join(','),
            revoked ? `revoked by ${revoked.by}` : expires <= now ? 'expired' : 'valid',
            `until ${new Date(expires).toISOString().slice(0, 10)}`,
            `by ${createdBy}`,
          ]),
        ),
      );
    });

  token
    .command('revoke')
    .description('end an API token at once')
    .argument('<id>', 'its id, as `list` shows it')
    .action(async (id: string) => {
      const path = `/api/v1/api-tokens/${encodeURIComponent(id)}/revoke`;
      const { items } = await operator().call('POST', path, ApiTokenPage, {});
      output.write(`Revoked ${items[0]?.name ?? id}: it opens nothing from now on.\n`);
    });
}
