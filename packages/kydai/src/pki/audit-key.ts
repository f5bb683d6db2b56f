import { createPublicKey } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ShellError } from '../error.ts';

const KeyFile = z.object({ publicKey: z.base64() });

/** The public key of the audit log of a data folder, PEM; no passphrase is needed. @throws ShellError `usage` */
export function auditKeyOf(keysFolder: string): string {
  try {
    const inToken = join(keysFolder, 'audit.token.json');
    const file = existsSync(inToken) ? inToken : join(keysFolder, 'audit.key.json');
    const { publicKey } = KeyFile.parse(JSON.parse(readFileSync(file, 'utf8')));
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
    return key.export({ type: 'spki', format: 'pem' }).toString();
  } catch (cause) {
    throw new ShellError('usage', 'the data folder has no audit key; give the public key with --key', {
      cause,
    });
  }
}
