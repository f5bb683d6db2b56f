import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { Command } from 'commander';
import { Positions } from '../collect/ship/positions.ts';
import { createSender } from '../collect/ship/send.ts';
import { ship } from '../collect/ship/ship.ts';
import { ShellError } from '../error.ts';
import type { CommandContext } from './program.ts';

interface Options {
  readonly to?: string;
  readonly ca?: string;
  readonly state: string;
  readonly journal?: boolean;
  readonly journalFolder?: string;
  readonly once?: boolean;
}

export function addShipCommand(program: Command, { output, operator }: CommandContext): void {
  program
    .command('ship')
    .description('follow log files and the journal, and send them to a collector; token in KYDAI_TOKEN')
    .argument('[files...]', 'log files; rotation is followed')
    .option('--to <url>', 'address of the collector; the program on this machine without it')
    .option('--ca <file>', 'authority of its certificate, PEM')
    .option('--state <file>', 'where the positions are kept', 'kydai-ship.json')
    .option('--journal', 'the journal of systemd too')
    .option('--journal-folder <folder>', 'journal files to read, instead of the system’s journal')
    .option('--once', 'end when everything that is there is shipped')
    .action(async (files: string[], options: Options) => {
      if (files.length === 0 && !options.journal)
        throw new ShellError('usage', 'name a file to ship, or `--journal`');
      if (options.ca !== undefined) trust(options.ca);
      const url = `${(options.to ?? operator().addresses.collect).replace(/\/+$/, '').replace(/\/events$/, '')}/events`;
      if (!URL.canParse(url)) throw new ShellError('usage', `\`${options.to}\` is not an address`);
      const stopping = new AbortController();
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
      let told = '';
      const positions = await Positions.open(options.state);
      const { kept, refused } = await ship({
        files: files.map((file) => resolve(file)),
        journal: options.journal === true,
        journalFolder: options.journalFolder,
        once: options.once === true,
        positions,
        signal: stopping.signal,
        send: createSender({
          url,
          token: process.env['KYDAI_TOKEN'],
          signal: stopping.signal,
          onWait(reason) {
            if (reason !== told) process.stderr.write(`kydai: ${reason}; trying again\n`);
            told = reason;
          },
        }),
      });
      output.write(`${kept} lines shipped${refused > 0 ? `, ${refused} refused by the collector` : ''}\n`);
    });
}

function trust(file: string): void {
  try {
    setDefaultCACertificates([...getCACertificates('default'), readFileSync(file, 'utf8')]);
  } catch (error) {
    throw new ShellError('usage', `cannot read a certificate from \`${file}\``, { cause: error });
  }
}
