import { generateKeyPairSync, sign } from 'node:crypto';
import type { RecordStore } from '@kydai/contracts';
import { openRecords } from '@kydai/store';

/** Real records in memory, or in a file. */
export async function openTestRecords(file = ':memory:'): Promise<RecordStore> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const { records } = await openRecords({
    file,
    clock: { now: Date.now },
    auditKey: {
      publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
      sign: async (bytes) => sign(null, bytes, privateKey),
    },
  });
  return records;
}
