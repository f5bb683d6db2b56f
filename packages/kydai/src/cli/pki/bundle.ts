import { randomInt } from 'node:crypto';
import { DeviceKind, IssuedView } from '@kydai/contracts';
import { makeKeyAndRequest, writePkcs12 } from '@kydai/pki';
import { type Command, Option } from 'commander';
import { ShellError } from '../../error.ts';
import type { CommandContext } from '../program.ts';
import { readText, refuseExisting, writeNew } from './files.ts';

interface Wish {
  readonly profile: 'device' | 'service' | 'staff';
  readonly key: 'RSA-2048' | 'RSA-3072' | 'EC-P256';
  readonly kind: string;
  readonly zone: string;
  readonly name: string[];
  readonly email: string[];
  readonly out?: string;
  readonly passphraseFile?: string;
  readonly legacy?: boolean;
}

/** PKCS #12 bundles for what cannot make a key or ask for a certificate: old recorders, desktops. */
export function addBundleCommand(pki: Command, { output, operator }: CommandContext): void {
  pki
    .command('p12')
    .description('make a key and its certificate as one PKCS #12 file, for what cannot enrol by itself')
    .argument('<subject>', 'id of the device, service or person')
    .addOption(
      new Option('--profile <profile>', 'what it is for')
        .choices(['device', 'service', 'staff'])
        .default('device'),
    )
    .addOption(
      new Option('--key <type>', 'what the receiver knows')
        .choices(['RSA-2048', 'RSA-3072', 'EC-P256'])
        .default('RSA-2048'),
    )
    .addOption(new Option('--kind <kind>', 'of a device').choices(DeviceKind.options).default('other'))
    .option('--zone <zone>', 'of a device: part of the city’s network', 'default')
    .option('--name <name...>', 'DNS names and addresses, for services', [])
    .option('--email <address...>', 'for people', [])
    .option('--out <file>', 'where the bundle goes (default: <subject>.p12)')
    .option('--passphrase-file <file>', 'file with its passphrase (default: one is made and printed)')
    .option('--legacy', 'with 3DES and SHA-1, for what knows nothing younger; easier to break open')
    .action(async (subject: string, wish: Wish) => {
      const { profile, key, kind, zone, name, email, legacy = false } = wish;
      if (profile === 'staff' && key === 'RSA-2048')
        throw new ShellError('usage', 'people get RSA-3072 or EC-P256: choose with --key');
      const file = wish.out ?? `${subject}.p12`;
      refuseExisting(file);
      const passphrase =
        wish.passphraseFile === undefined ? makePassphrase() : readText(wish.passphraseFile).trim();
      const { privateKey, request } = await makeKeyAndRequest({
        subject,
        keyType: key,
        names: name,
        emails: email,
      });
      const body = { profile, subject, request, ...(profile === 'device' ? { kind, zone } : {}) };
      const issued = await operator().call('POST', '/api/v1/pki/certificates', IssuedView, body);
      const certificates = issued.chain.map((each) => Buffer.from(each, 'base64'));
      const bundle = writePkcs12({ privateKey, certificates, name: subject, passphrase, legacy });
      writeNew(file, bundle, 0o600);
      output.write(
        `${file}: key and certificate of ${subject}, until ${new Date(issued.notAfter).toISOString().slice(0, 10)}.\n`,
      );
      if (wish.passphraseFile === undefined)
        output.write(`Its passphrase, not kept anywhere: ${passphrase}\n`);
      if (legacy)
        output.write('Its encryption is old and weak: carry it by hand and delete it once imported.\n');
    });
}

/** 120 bits in groups that can be read out and typed: no letter looks like another. */
function makePassphrase(): string {
  const letters = 'abcdefghjkmnpqrstuvwxyz23456789';
  const group = (): string => Array.from({ length: 5 }, () => letters[randomInt(letters.length)]).join('');
  return Array.from({ length: 5 }, group).join('-');
}
