import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';
import type { EstServer } from '../enrol/est.ts';
import { DeviceError } from '../error.ts';
import { type Identity, identityPath, loadIdentity } from '../folder/identity.ts';
import { help } from './help.ts';

/** Where a command writes. */
export interface DeviceOutput {
  write(text: string): void;
}

type Values = Readonly<Record<string, string | boolean | undefined>>;

const common: ParseArgsOptionsConfig = {
  server: { type: 'string' },
  ca: { type: 'string' },
  folder: { type: 'string', default: 'device' },
  help: { type: 'boolean', short: 'h' },
};

/**
 * `kydai device …`, what runs on a device. It loads what one command needs and no library for command lines, because it
 * stays in a small memory for years. Resolves to the exit code; throws `DeviceError`, `input-invalid` for a wrong call.
 */
export async function runDevice(args: readonly string[], output: DeviceOutput): Promise<number> {
  const [name = '', ...rest] = args;
  if (name === '' || name === 'help' || name.startsWith('-')) {
    output.write(help(rest[0]));
    return name === '' ? 2 : 0;
  }
  if (rest.some((each) => each === '--help' || each === '-h')) {
    output.write(help(name));
    return 0;
  }
  switch (name) {
    case 'enrol':
      return enrolCommand(rest, output);
    case 'renew':
      return renewCommand(rest, output);
    case 'send':
      return sendCommand(rest, output);
    default:
      throw new DeviceError(
        'input-invalid',
        `there is no command \`device ${name.slice(0, 40)}\`; see kydai device --help`,
      );
  }
}

async function enrolCommand(args: readonly string[], output: DeviceOutput): Promise<number> {
  const { values, words } = parse(args, { token: { type: 'string' } }, 1);
  const token = values['token'] ?? process.env['KYDAI_ENROLMENT_TOKEN'];
  if (typeof token !== 'string')
    throw new DeviceError('input-invalid', 'give the one-time token: --token, or KYDAI_ENROLMENT_TOKEN');
  const { enrol } = await import('../enrol/enrol.ts');
  const server = serverOf(values);
  tell(await enrol({ ...server, deviceId: words[0]!, token }), output);
  output.write(`Key and certificate are in ${identityPath(server.folder)}\n`);
  return 0;
}

async function renewCommand(args: readonly string[], output: DeviceOutput): Promise<number> {
  const { values } = parse(args, { watch: { type: 'boolean' } }, 0);
  const server = serverOf(values);
  const { keepRenewed, renew } = await import('../renew/renew.ts');
  if (values['watch'] !== true) {
    tell(await renew(server), output);
    return 0;
  }
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  await keepRenewed({
    ...server,
    now: Date.now,
    random: Math.random,
    sleep: (milliseconds, signal) => sleep(milliseconds, undefined, { signal }),
    signal: stop.signal,
    onRenewed: (identity) => tell(identity, output),
    onFailure: (error, next) =>
      output.write(`not renewed: ${(error as Error).message}; again in ${Math.round(next / 1000)} s\n`),
  });
  return 0;
}

async function sendCommand(args: readonly string[], output: DeviceOutput): Promise<number> {
  const own: ParseArgsOptionsConfig = {
    recipient: { type: 'string' },
    dataset: { type: 'string', default: 'readings' },
  };
  const { values, words } = parse(args, own, 1);
  const { estUrl, ca, folder } = serverOf(values);
  const identity = await loadIdentity(folder);
  if (identity === undefined)
    throw new DeviceError('not-enrolled', `\`${folder}\` holds no identity; enrol first`);
  let reading: unknown;
  try {
    reading = JSON.parse(words[0]!);
  } catch {
    throw new DeviceError('input-invalid', 'the reading is not JSON; write it like \'{"value": 21.4}\'');
  }
  const { sendReading } = await import('../send/send.ts');
  const recipient = readText(required(values, 'recipient'));
  const url = `${estUrl}/publish/${String(values['dataset'])}`;
  const status = await sendReading(reading, { url, ca, identity, recipient, now: Date.now() });
  output.write(`published: ${status}\n`);
  return 0;
}

function parse(
  args: readonly string[],
  own: ParseArgsOptionsConfig,
  wanted: number,
): { values: Values; words: string[] } {
  let parsed: { values: object; positionals: string[] };
  try {
    parsed = parseArgs({ args: [...args], options: { ...common, ...own }, allowPositionals: true });
  } catch (cause) {
    const [first = ''] = (cause as Error).message.split('. ');
    throw new DeviceError('input-invalid', `${lower(first)}; see kydai device --help`, { cause });
  }
  const { values, positionals: words } = parsed;
  if (words.length !== wanted) {
    const what = wanted === 0 ? 'no argument' : 'one argument';
    throw new DeviceError(
      'input-invalid',
      `this takes ${what} and was given ${words.length}; see kydai device --help`,
    );
  }
  return { values: values as Values, words };
}

function serverOf(values: Values): EstServer & { readonly folder: string } {
  const estUrl = required(values, 'server');
  return { estUrl, ca: readText(required(values, 'ca')), folder: String(values['folder']) };
}

function required(values: Values, name: string): string {
  const value = values[name];
  if (typeof value === 'string') return value;
  throw new DeviceError('input-invalid', `--${name} is missing; see kydai device --help`);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new DeviceError('input-invalid', `cannot read \`${file}\``, { cause });
  }
}

function tell({ deviceId, certificate }: Identity, output: DeviceOutput): void {
  output.write(`${deviceId} holds a certificate until ${certificate.validTo}\n`);
}

const lower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
