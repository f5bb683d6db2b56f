import { ApplicationsView, ApplicationView, DeviceKind } from '@kydai/contracts';
import { type Command, Option } from 'commander';
import { columns, styled } from '../output.ts';
import type { CommandContext } from '../program.ts';

/** Requests without proof: what waits, and a person's answer. */
export function addApplicationCommands(pki: Command, { output, operator }: CommandContext): void {
  pki
    .command('applications')
    .description('list requests for certificates that wait for a person')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const { items } = await operator().call('GET', '/api/v1/pki/applications', ApplicationsView);
      if (json) return output.write(`${JSON.stringify(items, null, 2)}\n`);
      if (items.length === 0) return output.write('Nothing waits for approval.\n');
      output.write(
        columns(
          items.map(({ id, device, keyType, address, applied, registered }) => [
            id.slice(0, 12),
            device,
            keyType,
            address,
            new Date(applied).toISOString(),
            registered ? 'registered' : 'new: approve with --kind and --zone',
          ]),
        ),
      );
    });

  const decide = (name: 'approve' | 'deny', description: string) =>
    pki
      .command(name)
      .description(description)
      .argument(
        '<request>',
        'digest of the request, or its first 12 hex digits; compare it with the device’s',
      )
      .option('--comment <text>', 'why', '');

  decide('approve', 'let a waiting request have its certificate')
    .addOption(new Option('--kind <kind>', 'of a new device').choices(DeviceKind.options))
    .option('--zone <zone>', 'of a new device')
    .action(async (id: string, options: { comment: string; kind?: string; zone?: string }) => {
      const body = { approved: true, ...options };
      const path = `/api/v1/pki/applications/${encodeURIComponent(id)}`;
      const { device } = await operator().call('POST', path, ApplicationView, body);
      output.write(
        `Approved: ${styled(output, 'bold', device)} gets its certificate when it sends the same request again.\n`,
      );
    });

  decide('deny', 'refuse a waiting request').action(async (id: string, { comment }: { comment: string }) => {
    const path = `/api/v1/pki/applications/${encodeURIComponent(id)}`;
    const { device } = await operator().call('POST', path, ApplicationView, { approved: false, comment });
    output.write(`Denied: ${device} gets no certificate for this request.\n`);
  });
}
