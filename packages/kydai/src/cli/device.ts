import type { Command } from 'commander';
import type { CommandContext } from './program.ts';

/** What runs on a device. `main.ts` runs it without all else; this is its place in the help. */
export function addDeviceCommands(program: Command, { output, exit }: CommandContext): void {
  program
    .command('device')
    .description('be a device: enrol, renew, send sealed readings; or the service that opens them')
    .argument('[arguments...]')
    .allowUnknownOption()
    .helpOption(false)
    .action(async (args: string[]) => {
      if (args[0] === 'open') {
        const { openReadings } = await import('./device-open.ts');
        return exit(await openReadings(args.slice(1), output, (line) => process.stderr.write(line)));
      }
      const { runDevice } = await import('@kydai/device/command');
      exit(await runDevice(args, output));
    });
}
