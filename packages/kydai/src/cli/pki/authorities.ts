import {
  AuthoritiesView,
  ImpactView,
  ImportedAuthorityView,
  NextRequestView,
  RolloverView,
} from '@kydai/contracts';
import { Argument, type Command } from 'commander';
import { z } from 'zod';
import { columns, styled } from '../output.ts';
import type { CommandContext } from '../program.ts';
import { readOctets, readText, writeNew } from './files.ts';

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
            each.offline ? 'key offline' : 'key online',
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
      'make the next generation of an authority, which issues from now on; both generations vouch for each other',
    )
    .addArgument(new Argument('<role>', 'which').choices(['root', 'device-ca', 'service-ca']))
    .option('--request <file>', 'where the root’s key is elsewhere: write the request that it is to sign')
    .option('--certificate <file>', 'and then take in what was signed, PEM')
    .option('--chain <file>', 'certificates between it and the root, PEM')
    .action(async (role: string, { request, certificate, chain }: Elsewhere) => {
      if (request !== undefined) {
        const next = await operator().call('POST', '/api/v1/pki/rollover/request', NextRequestView, { role });
        writeNew(request, next.request);
        return output.write(`The request of ${next.id} is in ${request}: have the root sign it.\n`);
      }
      if (certificate !== undefined) {
        const body = { role, certificate: readText(certificate), chain: chain ? readText(chain) : '' };
        const path = '/api/v1/pki/rollover/certificate';
        const next = await operator().call('POST', path, ImportedAuthorityView, body);
        return output.write(
          `${next.id} issues from now on, until ${new Date(next.notAfter).toISOString().slice(0, 10)}:\n  ${next.path.join('\n  below ')}\n`,
        );
      }
      const { id } = await operator().call('POST', '/api/v1/pki/rollover', RolloverView, { role });
      output.write(`${id} issues from now on; the one before answers for what it issued.\n`);
      if (role === 'root')
        output.write(
          'Give the new root to devices and services: it comes with EST cacerts and /pki/ca/root.pem.\n',
        );
    });

  pki
    .command('import-crl')
    .description('take in the CRL of a root whose key is elsewhere (kydai pki ceremony crl)')
    .argument('<file>', 'the CRL, DER or PEM')
    .action(async (file: string) => {
      const body = { crl: crlOf(file).toString('base64') };
      await operator().call('POST', '/api/v1/pki/root-crl', z.object({}), body);
      output.write('The CRL of the root is published from now on.\n');
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

interface Elsewhere {
  readonly request?: string;
  readonly certificate?: string;
  readonly chain?: string;
}

function crlOf(file: string): Buffer {
  const octets = readOctets(file);
  const pem = /-----BEGIN X509 CRL-----([\s\S]*?)-----END X509 CRL-----/.exec(octets.toString('latin1'));
  return pem === null ? octets : Buffer.from(pem[1]!, 'base64');
}
