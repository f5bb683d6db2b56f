import { createPublicKey } from 'node:crypto';
import type { AuditLog, Clock, RecordStore } from '@kydai/contracts';
import { type KeyStore, openKeyStore } from '@kydai/pki';
import { openRecords } from '@kydai/store';
import type { Logger } from 'pino';
import type { DataFolder } from '../boot/data-folder.ts';
import { keepCheckpoint } from './kept-checkpoint.ts';

export interface Keepers {
  readonly records: RecordStore;
  readonly audit: AuditLog;
  /** PEM of the key that signs checkpoints. */
  readonly auditKeyPem: string;
  readonly keys: KeyStore;
  close(): Promise<void>;
}

const checkpointEvery = 5 * 60_000;

/** Keys, records and the audit log, whose checkpoints are signed with a key of the same key store. */
export async function openKeepers(parts: {
  readonly folder: DataFolder;
  readonly passphrase: string;
  readonly clock: Clock;
  readonly log: Logger;
}): Promise<Keepers> {
  const { folder, passphrase, clock, log } = parts;
  const keys = await openKeyStore({ folder: folder.keys, passphrase });
  const signer = (await keys.open('audit')) ?? (await keys.create('audit', 'Ed25519'));
  const auditKeyPem = spkiPem(signer.publicKey.spki);
  const { records, audit: stored } = await openRecords({
    file: folder.recordsFile,
    clock,
    commits: 'thread',
    auditKey: { publicKeyPem: auditKeyPem, sign: (bytes) => signer.sign(bytes) },
  });
  const audit = keepCheckpoint(stored, { file: folder.checkpointFile, publicKeyPem: auditKeyPem, clock });
  let signed = -1;
  const checkpoint = async () => {
    const size = await audit.size();
    if (size === signed || size === 0) return;
    await audit.checkpoint();
    signed = size;
  };
  const tryCheckpoint = () =>
    checkpoint().catch((error: unknown) => log.error({ err: error }, 'signing a checkpoint failed'));
  // A log that was rewritten or cut while nothing ran is told of at once.
  await tryCheckpoint();
  const timer = setInterval(tryCheckpoint, checkpointEvery);
  timer.unref();
  return {
    records,
    audit,
    auditKeyPem,
    keys,
    async close() {
      clearInterval(timer);
      await tryCheckpoint();
      await records.close();
    },
  };
}

function spkiPem(spki: Uint8Array): string {
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  return key.export({ type: 'spki', format: 'pem' }).toString();
}
