import { createPrivateKey, type KeyObject } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { parseArgs } from 'node:util';
import { createReplayGuard, DeviceError, openSealed } from '@kydai/device';
import { linesOf, sealedIn } from '../sealed/lines.ts';
import { keptGuard } from '../sealed/seen.ts';
import { fileSource, onlineSource, pemOf, textOf } from '../sealed/source.ts';
import { trustDevices } from '../sealed/trust.ts';
import type { Output } from './output.ts';
import { span } from './span.ts';

const help = `Usage: kydai device open [file] --key <file> --ca <file> (--status <url> | --certificates <file>)

open sealed readings, as the service that they were sealed for: one a line, from a file or what is piped in; also events
as kydai search --json prints them. One JSON line for each that opens goes to the output, the others are told of apart.

  --key <file>           private key of the service, PEM
  --ca <file>            root certificate to trust, PEM; also a national root, or an earlier generation of ours
  --status <url>         status listener of the authority, http://host:port: certificates, OCSP and CRLs come from there
  --certificates <file>  without a network: certificates of devices and authorities, PEM (may be given again)
  --crl <file>           a revocation list that is known already, DER or PEM (may be given again)
  --seen <file>          remember here what was opened, so that it is refused also after a restart
  --oldest <span>        how old a reading may be: 90s, 15m, 24h, 30d (default: 5m)
  --recheck <span>       how long a device counts as not revoked until asked about again (default: 10s)

Exit code: 0 all opened; 1 some were refused; 2 wrong call.
`;

/** `kydai device open`: resolves to the exit code. @throws DeviceError `input-invalid` for a wrong call */
export async function openReadings(
  args: readonly string[],
  output: Pick<Output, 'write'>,
  complain: (line: string) => void,
): Promise<number> {
  const { values, positionals } = read(args);
  if (values.help === true) {
    output.write(help);
    return 0;
  }
  if (positionals.length > 1) throw wrong('this takes one file at most');
  const key = keyIn(needed(values.key, 'key'));
  const anchors = pemOf(needed(values.ca, 'ca'));
  const files = values.certificates ?? [];
  if (values.status === undefined && files.length === 0)
    throw wrong('say where certificates come from: --status, or --certificates');
  const clock = { now: Date.now };
  const window = { oldest: span(values.oldest ?? '5m') };
  const started = clock.now();
  const kept = values.seen === undefined ? undefined : keptGuard(values.seen, window, started);
  const guard = kept ?? createReplayGuard(0, window);
  const certificateOf = trustDevices({
    anchors,
    source: values.status === undefined ? fileSource([]) : onlineSource(values.status),
    certificates: files.flatMap((file) => pemOf(file)),
    crls: (values.crl ?? []).flatMap(crlsIn),
    recheck: span(values.recheck ?? '10s'),
    clock,
  });
  const [file] = positionals;
  const input = file === undefined ? process.stdin : createReadStream(file);
  let number = 0;
  let refused = 0;
  try {
    for await (const line of linesOf(input)) {
      number++;
      try {
        if (line === undefined)
          throw new DeviceError('seal-invalid', 'the line is too long to be a sealed reading');
        const opened = await openSealed(sealedIn(line), { key, certificateOf, guard, now: clock.now() });
        const { deviceId: device, id, time, reading } = opened;
        output.write(`${JSON.stringify({ device, id, time: new Date(time).toISOString(), reading })}\n`);
      } catch (error) {
        if (!(error instanceof DeviceError)) throw error;
        refused++;
        complain(`reading ${number}: ${error.code}: ${why(error)}\n`);
      }
    }
  } catch (cause) {
    if (!/^E[A-Z]+$/.test((cause as NodeJS.ErrnoException).code ?? '')) throw cause;
    throw new DeviceError('input-invalid', `cannot read \`${file ?? 'the input'}\``, { cause });
  } finally {
    kept?.close();
  }
  return refused === 0 ? 0 : 1;
}

/** Here the operator reads it, not the sender: the reason may be told. */
function why({ message, cause, code }: DeviceError): string {
  if (code === 'seal-replayed') return message.replace('; seal it again', '; see --oldest');
  if (code !== 'seal-invalid' || !(cause instanceof Error)) return message;
  return cause.message === 'decryption operation failed' ? 'changed on the way' : cause.message;
}

function read(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        key: { type: 'string' },
        ca: { type: 'string' },
        status: { type: 'string' },
        certificates: { type: 'string', multiple: true },
        crl: { type: 'string', multiple: true },
        seen: { type: 'string' },
        oldest: { type: 'string' },
        recheck: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (cause) {
    const [first = ''] = (cause as Error).message.split('. ');
    throw wrong(`${first.charAt(0).toLowerCase()}${first.slice(1)}`);
  }
}

function needed(value: string | undefined, name: string): string {
  if (value !== undefined) return value;
  throw wrong(`--${name} is missing`);
}

function wrong(what: string): DeviceError {
  return new DeviceError('input-invalid', `${what}; see kydai device open --help`);
}

function keyIn(file: string): KeyObject {
  const text = textOf(file);
  let key: KeyObject;
  try {
    key = createPrivateKey(text);
  } catch (cause) {
    throw new DeviceError(
      'input-invalid',
      `\`${file}\` holds no private key in PEM that needs no passphrase`,
      { cause },
    );
  }
  if (key.asymmetricKeyType !== 'ec')
    throw new DeviceError(
      'input-invalid',
      `\`${file}\` holds no elliptic-curve key; readings are sealed for those alone`,
    );
  return key;
}

function crlsIn(file: string): Uint8Array[] {
  return textOf(file).includes('-----BEGIN X509 CRL-----') ? pemOf(file, 'X509 CRL') : [textOf(file)];
}
