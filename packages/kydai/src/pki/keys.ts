import { readFileSync, statSync } from 'node:fs';
import type { Clock } from '@kydai/contracts';
import { type KeyStore, openKeyStore, openTokenKeys } from '@kydai/pki';
import { ShellError } from '../error.ts';
import type { KeySettings } from './settings.ts';

/**
 * Opens the keys of a folder: encrypted files, and beside them a token (PKCS#11) where `pki.keys` names one. Close it: a
 * token has a process. @throws ShellError `setting`; PkiError `wrong-passphrase`, `wrong-pin`
 */
export async function openKeys(wanted: {
  readonly folder: string;
  readonly passphrase: string;
  readonly settings: KeySettings;
  readonly clock: Clock;
}): Promise<KeyStore> {
  const { folder, passphrase, settings, clock } = wanted;
  const files = await openKeyStore({ folder, passphrase });
  if (settings.store === 'file') return files;
  const { module, token, sessions, patienceSeconds } = settings;
  if (module === '')
    throw new ShellError('setting', 'pki.keys.module: needed, the path of the PKCS#11 module');
  if (token === '') throw new ShellError('setting', 'pki.keys.token: needed, the label of the token');
  return openTokenKeys({
    folder,
    files,
    clock,
    settings: { module, token, sessions, pin: readPin(settings), patience: patienceSeconds * 1000 },
  });
}

function readPin({ pin, pinFile }: KeySettings): string {
  if ((pin === '') === (pinFile === ''))
    throw new ShellError('setting', 'pki.keys: give the PIN either by KYDAI_PKI_KEYS_PIN or by pinFile');
  if (pin !== '') return pin;
  let text: string;
  try {
    if ((statSync(pinFile).mode & 0o077) !== 0)
      throw new ShellError('setting', `pki.keys.pinFile: others may read \`${pinFile}\`; chmod 600 it`);
    text = readFileSync(pinFile, 'utf8').replace(/\r?\n$/, '');
  } catch (cause) {
    if (cause instanceof ShellError) throw cause;
    throw new ShellError('setting', `pki.keys.pinFile: cannot read \`${pinFile}\``, { cause });
  }
  if (text === '') throw new ShellError('setting', `pki.keys.pinFile: \`${pinFile}\` is empty`);
  return text;
}
