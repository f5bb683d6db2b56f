import type { RecordStore } from '@kydai/contracts';
import { authorities, openKeyStore, readCertificate } from '@kydai/pki';
import { type dataPaths, keyPassphrase } from '../boot/data-folder.ts';
import { ShellError } from '../error.ts';
import { keysElsewhere } from './elsewhere.ts';

/** How many authorities can sign again from the restored folder; undefined where nobody gave the passphrase of the keys. */
export async function proveKeys(
  paths: ReturnType<typeof dataPaths>,
  records: RecordStore,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<number | undefined> {
  let passphrase: string;
  try {
    passphrase = keyPassphrase({ ...paths, created: false, release: () => undefined }, environment);
  } catch (error) {
    if (error instanceof ShellError) return undefined;
    throw error;
  }
  const keys = await openKeyStore({ folder: paths.keys, passphrase });
  const elsewhere = new Set(keysElsewhere(paths.keys).map(({ id }) => id));
  let signs = 0;
  for (const { value } of (await records.find(authorities, { limit: 1000 })).records) {
    if (value.offline === true || elsewhere.has(value.id)) continue;
    const signer = await keys.open(value.id);
    const { publicKey } = readCertificate(Buffer.from(value.der, 'base64'));
    if (signer === undefined || Buffer.compare(signer.publicKey.spki, publicKey) !== 0)
      throw new ShellError('invalid', `the restored key of \`${value.id}\` is not that of its certificate`);
    await signer.sign(Buffer.from('kydai: this key signs'));
    signs++;
  }
  return signs;
}
