import { RevocationReason } from '@kydai/contracts';
import {
  type Ceremony,
  createOfflineRoot,
  type IssuingRole,
  importCeremony,
  requestForRoot,
  requestsForIssuing,
  signIssuing,
  signRootCrl,
} from '@kydai/pki';
import { Argument, type Command } from 'commander';
import { pino } from 'pino';
import { keyPassphrase, openDataFolder } from '../../boot/data-folder.ts';
import { ShellError } from '../../error.ts';
import { openKeepers } from '../../flow/keep.ts';
import { openKeys } from '../../pki/keys.ts';
import type { CommandContext } from '../program.ts';
import { readText, writeNew } from './files.ts';

const clock = { now: Date.now };

/**
 * The offline root: a machine without a network makes the root and signs; the server brings requests and takes in
 * certificates before its first start. What travels is text in files.
 */
export function addCeremonyCommands(pki: Command, context: CommandContext): void {
  const { output } = context;
  const ceremony = pki
    .command('ceremony')
    .description('an offline root: sign on a machine without a network, import on the server');

  const offline = (name: string, description: string) =>
    ceremony
      .command(name)
      .description(description)
      .requiredOption('--keys <folder>', 'folder of the root’s key (KYDAI_PASSPHRASE locks it)')
      .option('--organization <name>', 'as on the server (default: from the configuration)')
      .option('--url <url>', 'base address of CRLs and OCSP, as on the server (default: status.url)');

  offline('root', 'make the root’s key and certificate')
    .option('--out <file>', 'where the certificate goes', 'root.pem')
    .action(async (options: Offline & { out: string }) => {
      await atCeremony(context, options, async (opened) =>
        writeNew(options.out, await createOfflineRoot(opened)),
      );
      output.write(`The root’s certificate is in ${options.out}. Its key never leaves ${options.keys}.\n`);
    });

  offline('request-root', 'make a request for the root’s key, for a national root to sign')
    .option('--out <file>', 'where the request goes', 'root.csr')
    .action(async (options: Offline & { out: string }) => {
      await atCeremony(context, options, async (opened) =>
        writeNew(options.out, await requestForRoot(opened)),
      );
      output.write(`The request is in ${options.out}: have the national root sign it.\n`);
    });

  offline('sign', 'sign the request of an issuing authority')
    .addArgument(new Argument('<role>', 'whose request').choices(['device-ca', 'service-ca']))
    .argument('<request>', 'file that `kydai pki ceremony requests` wrote on the server')
    .option('--root <file>', 'the root’s certificate', 'root.pem')
    .option('--out <file>', 'where the certificate goes (default: <role>.pem)')
    .action(async (role: IssuingRole, request: string, options: Offline & { root: string; out?: string }) => {
      const out = options.out ?? `${role}.pem`;
      await atCeremony(context, options, async (opened) =>
        writeNew(out, await signIssuing(opened, readText(options.root), role, readText(request))),
      );
      output.write(`The certificate of ${role} is in ${out}.\n`);
    });

  offline('crl', 'sign a CRL of the root')
    .requiredOption('--number <n>', 'above that of the CRL before', Number)
    .option('--revoked <serial:reason...>', 'authorities that are revoked, all of them each time')
    .option('--root <file>', 'the root’s certificate', 'root.pem')
    .option('--out <file>', 'where the CRL goes', 'root.crl')
    .action(async (options: Offline & { number: number; revoked?: string[]; root: string; out: string }) => {
      if (!Number.isSafeInteger(options.number) || options.number < 1)
        throw new ShellError('usage', '--number must be a whole number from 1');
      const revoked = (options.revoked ?? []).map(revocation);
      await atCeremony(context, options, async (opened) =>
        writeNew(
          options.out,
          await signRootCrl(opened, readText(options.root), { number: options.number, revoked }),
        ),
      );
      output.write(`CRL ${options.number} with ${revoked.length} entries is in ${options.out}.\n`);
    });

  ceremony
    .command('requests')
    .description(
      'on the server, before its first start: make the keys of the issuing authorities and their requests',
    )
    .action(async () => {
      const { data, organization } = context.config();
      const folder = openDataFolder(data, true, context.config().records.store === 'postgres');
      try {
        const keys = await openKeys({
          folder: folder.keys,
          passphrase: keyPassphrase(folder, process.env),
          settings: context.config().pki.keys,
          clock,
        });
        try {
          const requests = await requestsForIssuing({ keys, organization });
          for (const [role, pem] of Object.entries(requests)) {
            writeNew(`${role}.csr`, pem);
            output.write(`${role}.csr: carry it to the ceremony.\n`);
          }
        } finally {
          await keys.close();
        }
      } finally {
        folder.release();
      }
    });

  ceremony
    .command('import')
    .description('on the server, before its first start: take in the root and the issuing authorities')
    .option('--root <file>', 'the root’s certificate', 'root.pem')
    .option('--chain <file>', 'certificates between the root and ours, where another signed them')
    .option('--device-ca <file>', 'certificate of the device authority', 'device-ca.pem')
    .option('--service-ca <file>', 'certificate of the service authority', 'service-ca.pem')
    .action(async (files: { root: string; chain?: string; deviceCa: string; serviceCa: string }) => {
      let imported: Awaited<ReturnType<typeof importCeremony>> = [];
      const { data, records: recordSettings } = context.config();
      const folder = openDataFolder(data, true, recordSettings.store === 'postgres');
      try {
        const passphrase = keyPassphrase(folder, process.env);
        const keySettings = context.config().pki.keys;
        const log = pino({ level: 'silent' });
        const keepers = await openKeepers({ folder, passphrase, keySettings, recordSettings, clock, log });
        try {
          const issuingPem = {
            'device-ca': readText(files.deviceCa),
            'service-ca': readText(files.serviceCa),
          };
          const { records, keys } = keepers;
          imported = await importCeremony({
            records,
            keys,
            clock,
            rootPem: readText(files.root),
            ...(files.chain === undefined ? {} : { chainPem: readText(files.chain) }),
            issuingPem,
            by: 'user:ceremony',
          });
        } finally {
          await keepers.close();
        }
      } finally {
        folder.release();
      }
      for (const { id, path, notAfter } of imported)
        output.write(
          `${id}, until ${new Date(notAfter).toISOString().slice(0, 10)}:\n  ${path.join('\n  below ')}\n`,
        );
      output.write(
        'Root and issuing authorities are in place. Start with `npm start`; the root’s key stays offline.\n',
      );
    });
}

interface Offline {
  readonly keys: string;
  readonly organization?: string;
  readonly url?: string;
}

async function atCeremony(
  context: CommandContext,
  options: Offline,
  act: (ceremony: Ceremony) => Promise<void>,
): Promise<void> {
  const passphrase = process.env['KYDAI_PASSPHRASE'];
  if (passphrase === undefined || passphrase.length < 12)
    throw new ShellError(
      'setting',
      'KYDAI_PASSPHRASE: needed, at least 12 characters; it locks the root’s key',
    );
  const config = context.config();
  const publicUrl = options.url ?? config.status.url;
  if (publicUrl === '')
    throw new ShellError(
      'usage',
      'say where CRLs and OCSP will be: --url, or `status.url` in the configuration',
    );
  const keys = await openKeys({ folder: options.keys, passphrase, settings: config.pki.keys, clock });
  try {
    await act({ keys, clock, organization: options.organization ?? config.organization, publicUrl });
  } finally {
    await keys.close();
  }
}

function revocation(text: string): { serial: string; at: number; reason: RevocationReason } {
  const [found = '', reason = 'unspecified'] = text.split(':');
  const serial = found.toLowerCase();
  const parsed = RevocationReason.safeParse(reason);
  if (!/^[0-9a-f]{2,40}$/.test(serial) || !parsed.success)
    throw new ShellError('usage', `\`${text.slice(0, 100)}\` is not <serial in hex>:<reason>`);
  return { serial, at: clock.now(), reason: parsed.data };
}
