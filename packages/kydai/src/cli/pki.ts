import { Certificate, CertificatePage, EnrolmentTokenView, RevocationReason } from '@kydai/contracts';
import { type Command, Option } from 'commander';
import type { z } from 'zod';
import { columns, styled } from './output.ts';
import { addApplicationCommands } from './pki/applications.ts';
import { addAuthorityCommands } from './pki/authorities.ts';
import { addBundleCommand } from './pki/bundle.ts';
import { addCeremonyCommands } from './pki/ceremony.ts';
import { addDeviceRegisterCommands } from './pki/devices.ts';
import { addExperimentCommand } from './pki/experiment.ts';
import { addKeyCommands } from './pki/keys.ts';
import { addWeatherCommands } from './pki/weather.ts';
import type { CommandContext } from './program.ts';

type Recipes = z.infer<typeof EnrolmentTokenView>['recipes'];

/** Everything about certificates: tokens and applications, certificates, devices, authorities. */
export function addPkiCommands(program: Command, context: CommandContext): void {
  const pki = program.command('pki').description('enrolment, certificates, devices and authorities');
  addCertificateCommands(pki, context);
  addApplicationCommands(pki, context);
  addDeviceRegisterCommands(pki, context);
  addAuthorityCommands(pki, context);
  addKeyCommands(pki, context);
  addBundleCommand(pki, context);
  addExperimentCommand(pki, context);
  addWeatherCommands(pki, context);
  addCeremonyCommands(pki, context);
}

function addCertificateCommands(pki: Command, { output, operator }: CommandContext): void {
  pki
    .command('token')
    .description('make a one-time token by which one device enrols')
    .argument('<device>', 'id of the device: lower-case letters, digits, dots and hyphens')
    .option(
      '--kind <kind>',
      'camera, sensor, traffic-controller, siren, water-controller, gateway, other',
      'other',
    )
    .option('--zone <zone>', 'part of the city’s network', 'default')
    .option('--minutes <n>', 'how long it may be used', Number, 60)
    .addOption(
      new Option('--with <program>', 'what the device has')
        .choices(['kydai', 'openssl', 'strongswan'])
        .default('openssl'),
    )
    .option('--quiet', 'print the token alone')
    .action(
      async (
        deviceId: string,
        options: { kind: string; zone: string; minutes: number; with: keyof Recipes; quiet?: boolean },
      ) => {
        const { kind, zone, minutes } = options;
        const body = { deviceId, kind, zone, minutes };
        const made = await operator().call('POST', '/api/v1/enrolment-tokens', EnrolmentTokenView, body);
        if (options.quiet) return output.write(`${made.token}\n`);
        output.write(
          `Token for ${styled(output, 'bold', deviceId)}, once, until ${new Date(made.expires).toISOString()}:\n\n`,
        );
        output.write(`  ${styled(output, 'bold', made.token)}\n\nOn the device:\n\n`);
        output.write(`${made.recipes[options.with].replace(/^/gm, '  ')}\n`);
      },
    );

  pki
    .command('list')
    .description('list certificates, newest first')
    .option('--device <id>', 'those of one device')
    .addOption(
      new Option('--status <status>', 'which').choices(['valid', 'revoked', 'expired', 'all']).default('all'),
    )
    .option('--json', 'print JSON')
    .action(async ({ device = '', status, json }: { device?: string; status: string; json?: boolean }) => {
      const query = new URLSearchParams({ status, subject: device });
      const page = await operator().call('GET', `/api/v1/certificates?${query}`, CertificatePage);
      if (json) return output.write(`${JSON.stringify(page.items, null, 2)}\n`);
      if (page.items.length === 0)
        return output.write('No certificates. Make a token with: kydai pki token DEVICE\n');
      output.write(
        columns(
          page.items.map((each) => [
            each.subject,
            each.serial,
            each.revoked
              ? `revoked (${each.revoked.reason})`
              : each.notAfter < Date.now()
                ? 'expired'
                : 'valid',
            `until ${new Date(each.notAfter).toISOString().slice(0, 16)}`,
            each.keyType,
          ]),
        ),
      );
    });

  pki
    .command('revoke')
    .description('revoke a certificate')
    .argument('<serial>', 'serial number in hex')
    .addOption(
      new Option('--reason <reason>', 'why (RFC 5280 section 5.3.1)')
        .choices(RevocationReason.options)
        .default('unspecified'),
    )
    .action(async (serial: string, { reason }: { reason: string }) => {
      const path = `/api/v1/certificates/${encodeURIComponent(serial)}/revoke`;
      const revoked = await operator().call('POST', path, Certificate, { reason });
      output.write(`Revoked ${revoked.serial} of ${revoked.subject}: OCSP and CRL say so from now on.\n`);
    });
}
