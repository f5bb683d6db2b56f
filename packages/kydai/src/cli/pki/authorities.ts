import { AuthoritiesView, ImpactView, RolloverView } from '@kydai/contracts';
import { Argument, type Command } from 'commander';
import { columns, styled } from '../output.ts';
import type { CommandContext } from '../program.ts';

/** The authorities themselves, what hangs on a certificate, and the whole inventory. */
export function addAuthorityCommands(pki: Command, { output, operator }: CommandContext): void {
  pki
    .command('authorities')
    .description('list our certificate authorities: keys, validity, CRLs')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const { items } = await operator().call('GET', '/api/v1/pki/authorities', AuthoritiesView);
      if (json) return output.write(`${JSON.stringify(items, null, 2)}\n`);
      output.write(
        columns(
          items.map((each) => [
            each.id,
            each.issuing ? 'issues' : 'answers for what it issued',
            each.offline ? 'key offline' : 'key here',
            `until ${new Date(each.notAfter).toISOString().slice(0, 10)}`,
            `${each.issued} issued, ${each.revoked} revoked`,
            each.crl === null ? 'no CRL yet' : `CRL ${each.crl.number}`,
          ]),
        ),
      );
    });

  pki
    .command('rollover')
    .description(
      'make the next generation of an authority, which issues from now on; roots are cross-certified',
    )
    .addArgument(new Argument('<role>', 'which').choices(['root', 'device-ca', 'service-ca']))
    .action(async (role: string) => {
      const { id } = await operator().call('POST', '/api/v1/pki/rollover', RolloverView, { role });
      output.write(`${id} issues from now on; the one before answers for what it issued.\n`);
      if (role === 'root')
        output.write(
          'Give the new root to devices and services: it comes with EST cacerts and /pki/ca/root.pem.\n',
        );
    });

  pki
    .command('impact')
    .description('say what would break if a certificate was revoked')
    .argument('<serial>', 'serial number in hex')
    .option('--json', 'print JSON')
    .action(async (serial: string, { json }: { json?: boolean }) => {
      const path = `/api/v1/certificates/${encodeURIComponent(serial)}/impact`;
      const impact = await operator().call('GET', path, ImpactView);
      if (json) return output.write(`${JSON.stringify(impact, null, 2)}\n`);
      const { certificate, consequences } = impact;
      output.write(`Revoking ${certificate.serial} of ${styled(output, 'bold', certificate.subject)}:\n`);
      for (const sentence of consequences) output.write(`  ${sentence}\n`);
    });

  pki
    .command('export')
    .description('print every certificate that was ever issued, one JSON document a line')
    .action(async () => {
      const response = await operator().open('/api/v1/pki/export', AbortSignal.timeout(3600_000));
      const decoder = new TextDecoder();
      for await (const chunk of response.body ?? []) output.write(decoder.decode(chunk, { stream: true }));
    });
}
