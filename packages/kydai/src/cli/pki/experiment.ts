import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openKeyStore, tryMlDsa } from '@kydai/pki';
import { type Command, Option } from 'commander';
import { ShellError } from '../../error.ts';
import type { CommandContext } from '../program.ts';
import { writeNew } from './files.ts';

/** EXPERIMENT: post-quantum certificates to try devices and libraries with, apart from everything that counts. */
export function addExperimentCommand(pki: Command, { output, config }: CommandContext): void {
  pki
    .command('experiment')
    .description(
      'EXPERIMENT: a chain signed by ML-DSA (FIPS 204, RFC 9881), to try devices with; nothing trusts it',
    )
    .addOption(
      new Option('--key <type>', 'parameter set')
        .choices(['ML-DSA-44', 'ML-DSA-65', 'ML-DSA-87'])
        .default('ML-DSA-65'),
    )
    .option('--out <folder>', 'where root, authority, device, its key and a CRL go', 'ml-dsa')
    .action(async ({ key, out }: { key: 'ML-DSA-44' | 'ML-DSA-65' | 'ML-DSA-87'; out: string }) => {
      if (existsSync(out))
        throw new ShellError('usage', `\`${out}\` is there already; choose another folder`);
      const folder = mkdtempSync(join(tmpdir(), 'kydai-experiment-'));
      try {
        const keys = await openKeyStore({ folder, passphrase: randomBytes(16).toString('hex') });
        const { organization, status } = config();
        const made = await tryMlDsa({
          keys,
          type: key,
          organization,
          publicUrl: status.url || 'http://pki.example',
          clock: { now: Date.now },
        });
        mkdirSync(out, { recursive: true, mode: 0o700 });
        writeNew(join(out, 'root.pem'), made.rootPem);
        writeNew(join(out, 'device-ca.pem'), made.authorityPem);
        writeNew(join(out, 'device.pem'), made.devicePem);
        writeNew(join(out, 'device.key'), made.deviceKeyPem, 0o600);
        writeNew(join(out, 'device-ca.crl'), made.crl);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
      output.write(
        `An experiment, trusted by nothing: root, authority, device and CRL by ${key} are in ${out}.\n`,
      );
      output.write(
        `Try: openssl verify -CAfile ${out}/root.pem -untrusted ${out}/device-ca.pem ${out}/device.pem (3.5 or later)\n`,
      );
    });
}
