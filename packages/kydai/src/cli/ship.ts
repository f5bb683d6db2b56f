import { X509Certificate } from 'node:crypto';
import { readFileSync, realpathSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { createSecureContext, getCACertificates, setDefaultCACertificates } from 'node:tls';
import type { Command } from 'commander';
import { Positions } from '../collect/ship/positions.ts';
import { createSender, type Send } from '../collect/ship/send.ts';
import { createSyslogSender } from '../collect/ship/send-syslog.ts';
import { ship } from '../collect/ship/ship.ts';
import { ShellError } from '../error.ts';
import type { CommandContext } from './program.ts';
import { createProgress } from './progress.ts';

interface Options {
  readonly to?: string;
  readonly ca?: string;
  readonly identity?: string;
  readonly state: string;
  readonly journal?: boolean;
  readonly journalFolder?: string;
  readonly once?: boolean;
}

export function addShipCommand(program: Command, { output, operator, exit }: CommandContext): void {
  program
    .command('ship')
    .description('follow log files and the journal, and send them to a collector; token in KYDAI_TOKEN')
    .argument('[files...]', 'log files; rotation is followed')
    .option(
      '--to <url>',
      'address of the collector, or syslog-tls://host:6514; the program on this machine without it',
    )
    .option('--ca <file>', 'authority of its certificate, PEM')
    .option('--identity <file>', 'key and certificate of this device for syslog-tls, PEM: its `identity.pem`')
    .option('--state <file>', 'where the positions are kept', 'kydai-ship.json')
    .option('--journal', 'the journal of systemd too')
    .option('--journal-folder <folder>', 'journal files to read, instead of the system’s journal')
    .option('--once', 'end when everything that is there is shipped')
    .addHelpText(
      'after',
      '\nOver HTTP nothing is lost and nothing comes twice, whatever is killed. Over syslog-tls nothing is lost where the' +
        '\ncollector is one of ours, and a line that is syslog already may come twice where a connection breaks.',
    )
    .action(async (files: string[], options: Options) => {
      if (files.length === 0 && !options.journal)
        throw new ShellError('usage', 'name a file to ship, or `--journal`');
      const paths = named(files);
      const stopping = new AbortController();
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
      const progress = createProgress(output);
      const tell = (words: string) => {
        progress.clear();
        process.stderr.write(`kydai: ${words}\n`);
      };
      const send = openSender(options, stopping.signal, tell);
      const positions = await Positions.open(options.state);
      const { kept, refused } = await ship({
        files: paths,
        journal: options.journal === true,
        journalFolder: options.journalFolder,
        once: options.once === true,
        positions,
        signal: stopping.signal,
        send,
        onProgress: (total, read, size) =>
          progress.show(size === 0 ? 1 : read / size, `${total.kept} lines shipped`),
        onNote: tell,
        onUnread(path, code) {
          if (options.once) exit(1);
          tell(
            `cannot read \`${path}\` (${code})${options.once ? '' : '; it is shipped once that is possible'}`,
          );
        },
      }).finally(async () => {
        progress.clear();
        await positions.close();
      });
      output.write(`${kept} lines shipped${refused > 0 ? `, ${refused} refused by the collector` : ''}\n`);
    });

  function openSender(options: Options, signal: AbortSignal, tell: (reason: string) => void): Send {
    let told = '';
    const onWait = (reason: string) => {
      if (reason !== told) tell(`${reason}; trying again`);
      told = reason;
    };
    if (options.to?.startsWith('syslog-tls:')) {
      const address = URL.parse(options.to);
      if (!address?.hostname) throw new ShellError('usage', `\`${options.to}\` is not an address`);
      if (options.identity === undefined)
        throw new ShellError('usage', 'syslog-tls needs `--identity`, the identity.pem of this device');
      const pem = read(options.identity);
      const ca = options.ca === undefined ? undefined : certificates(options.ca);
      try {
        createSecureContext({ key: pem, cert: pem });
      } catch (error) {
        const why = `the file of \`--identity\` holds no key with its certificate, PEM`;
        throw new ShellError('usage', why, { cause: error });
      }
      return createSyslogSender({
        host: address.hostname.replace(/^\[|\]$/g, ''),
        port: Number(address.port || 6514),
        key: pem,
        cert: pem,
        ca,
        onWait,
        onNote: tell,
        signal,
      });
    }
    if (options.ca !== undefined)
      setDefaultCACertificates([...getCACertificates('default'), certificates(options.ca)]);
    const url = `${(options.to ?? operator().addresses.collect).replace(/\/+$/, '').replace(/\/events$/, '')}/events`;
    if (!/^https?:$/.test(URL.parse(url)?.protocol ?? ''))
      throw new ShellError('usage', `\`${options.to}\` is not an address`);
    return createSender({ url, token: process.env['KYDAI_TOKEN'], signal, onWait });
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ShellError('usage', `cannot read \`${file}\``, { cause: error });
  }
}

/** The text of a file with certificates. */
function certificates(file: string): string {
  const pem = read(file);
  try {
    new X509Certificate(pem);
  } catch (error) {
    throw new ShellError('usage', 'the file of `--ca` holds no certificate, PEM', { cause: error });
  }
  return pem;
}

/** Each file once, whatever its names. One that is not there yet may come; a folder never becomes a file. */
function named(files: readonly string[]): readonly string[] {
  const paths = new Map<string, string>();
  for (const file of files) {
    const path = resolve(file);
    const found = looked(path);
    if (found?.isDirectory())
      throw new ShellError('usage', `\`${file}\` is a folder; name its files: ${file}/*.log`);
    const real = found === undefined ? path : realpathSync(path);
    if (!paths.has(real)) paths.set(real, path);
  }
  return [...paths.values()];
}

/** Undefined where it is not there, or not for us to see. */
function looked(path: string) {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
