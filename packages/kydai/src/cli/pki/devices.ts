import { Device, DevicePage, DeviceView } from '@kydai/contracts';
import type { Command } from 'commander';
import { columns } from '../output.ts';
import type { CommandContext } from '../program.ts';

/** The device register: list and search, quarantine and release, and devices that come with a manufacturer's certificate. */
export function addDeviceRegisterCommands(pki: Command, { output, operator }: CommandContext): void {
  const devices = pki.command('devices').description('the device register');

  devices
    .command('list', { isDefault: true })
    .description('list devices, by the beginning of their id or by zone')
    .argument('[id]', 'beginning of the id', '')
    .option('--zone <zone>', 'those of one zone', '')
    .option('--limit <n>', 'at most so many', '100')
    .option('--json', 'print JSON')
    .action(async (q: string, { zone, limit, json }: { zone: string; limit: string; json?: boolean }) => {
      const query = new URLSearchParams({ q, zone, limit });
      const page = await operator().call('GET', `/api/v1/devices?${query}`, DevicePage);
      if (json) return output.write(`${JSON.stringify(page.items, null, 2)}\n`);
      output.write(
        columns(
          page.items.map((each) => [
            each.id,
            each.kind,
            each.zone,
            each.quarantined ? 'quarantined' : 'trusted',
            `risk ${each.risk}`,
            each.lastSeen === undefined ? 'never seen' : new Date(each.lastSeen).toISOString(),
          ]),
        ),
      );
      output.write(`${page.items.length} of ${page.total}\n`);
    });

  const contain = (name: 'quarantine' | 'release', quarantined: boolean, description: string, done: string) =>
    devices
      .command(name)
      .description(description)
      .argument('<id>', 'the device')
      .requiredOption('--reason <text>', 'why, for the people who look at it')
      .action(async (id: string, { reason }: { reason: string }) => {
        const path = `/api/v1/devices/${encodeURIComponent(id)}/containment`;
        await operator().call('POST', path, DeviceView, { quarantined, reason });
        output.write(`${id} ${done}\n`);
      });
  contain(
    'quarantine',
    true,
    'take a device out of service',
    'is quarantined: its requests are denied from now on.',
  );
  contain('release', false, 'let a device work again', 'is released.');

  devices
    .command('expect')
    .description('say which device of a trusted manufacturer (pki.manufacturers) is which device of the city')
    .argument('<manufacturer>', 'name in the configuration')
    .argument('<hardware-serial>', 'serialNumber in the subject of its certificate')
    .argument('<id>', 'id under which the city knows it')
    .requiredOption('--kind <kind>', 'kind of device')
    .requiredOption('--zone <zone>', 'part of the city’s network')
    .action(
      async (
        manufacturer: string,
        hardwareSerial: string,
        deviceId: string,
        options: { kind: string; zone: string },
      ) => {
        const body = { manufacturer, hardwareSerial, deviceId, ...options };
        const device = await operator().call('POST', '/api/v1/pki/manufactured', Device, body);
        output.write(`${device.id} may enrol with the certificate ${hardwareSerial} of ${manufacturer}.\n`);
      },
    );
}
