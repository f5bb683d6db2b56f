import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  enrol,
  type Identity,
  identityPath,
  keepRenewed,
  loadIdentity,
  renew,
  sendReading,
} from '@kydai/device';
import type { Command } from 'commander';
import { ShellError } from '../error.ts';
import type { CommandContext } from './program.ts';

interface ServerOptions {
  readonly ca: string;
  readonly folder: string;
}

/** What runs on a device: these commands need no running program on the same machine, only its address. */
export function addDeviceCommands(program: Command, { output }: CommandContext): void {
  const device = program.command('device').description('be a device: enrol, renew, send sealed readings');
  const tell = (identity: Identity) =>
    output.write(`${identity.deviceId} holds a certificate until ${identity.certificate.validTo}\n`);

  device
    .command('enrol')
    .description('make a key and get a certificate for it')
    .argument('<id>', 'id of the device')
    .requiredOption('--server <url>', 'EST server, https://host:port')
    .requiredOption(
      '--token <token>',
      'one-time token; better in the environment',
      process.env['KYDAI_ENROLMENT_TOKEN'],
    )
    .requiredOption('--ca <file>', 'root certificate to trust, PEM')
    .option('--folder <folder>', 'where key and certificate are kept', 'device')
    .action(async (deviceId: string, options: ServerOptions & { server: string; token: string }) => {
      const { server, token, folder } = options;
      tell(await enrol({ estUrl: server, deviceId, token, ca: readText(options.ca), folder }));
      output.write(`Key and certificate are in ${identityPath(folder)}\n`);
    });

  device
    .command('renew')
    .description('get the next certificate, or keep it fresh for ever')
    .requiredOption('--server <url>', 'EST server, https://host:port')
    .requiredOption('--ca <file>', 'root certificate to trust, PEM')
    .option('--folder <folder>', 'where key and certificate are kept', 'device')
    .option('--watch', 'stay and renew in the window of each certificate')
    .action(async (options: ServerOptions & { server: string; watch?: boolean }) => {
      const asked = { estUrl: options.server, ca: readText(options.ca), folder: options.folder };
      if (!options.watch) return tell(await renew(asked));
      const stop = new AbortController();
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
      await keepRenewed({
        ...asked,
        now: Date.now,
        random: Math.random,
        sleep: (milliseconds, signal) => sleep(milliseconds, undefined, { signal }),
        signal: stop.signal,
        onRenewed: tell,
        onFailure: (error, next) =>
          output.write(`not renewed: ${(error as Error).message}; again in ${Math.round(next / 1000)} s\n`),
      });
    });

  device
    .command('send')
    .description('seal a reading for a receiving service and publish it')
    .argument('<reading>', 'JSON')
    .requiredOption('--server <url>', 'device listener, https://host:port')
    .requiredOption('--recipient <file>', 'certificate of the service that may open it, PEM')
    .requiredOption('--ca <file>', 'root certificate to trust, PEM')
    .option('--dataset <name>', 'what to publish to', 'readings')
    .option('--folder <folder>', 'where key and certificate are kept', 'device')
    .action(
      async (
        text: string,
        options: ServerOptions & { server: string; recipient: string; dataset: string },
      ) => {
        const identity = await loadIdentity(options.folder);
        if (identity === undefined)
          throw new ShellError('usage', `\`${options.folder}\` holds no identity; enrol first`);
        let reading: unknown;
        try {
          reading = JSON.parse(text);
        } catch {
          throw new ShellError('usage', 'the reading is not JSON; write it like \'{"value": 21.4}\'');
        }
        const url = `${options.server}/publish/${options.dataset}`;
        const sealed = {
          url,
          ca: readText(options.ca),
          identity,
          recipient: readText(options.recipient),
          now: Date.now(),
        };
        output.write(`published: ${await sendReading(reading, sealed)}\n`);
      },
    );
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new ShellError('usage', `cannot read \`${file}\``);
  }
}
