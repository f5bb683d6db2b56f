import { createPublicKey } from 'node:crypto';
import type { AuditLog, Clock, RecordStore } from '@kydai/contracts';
import { type KeyStore, PkiError } from '@kydai/pki';
import type { Logger } from 'pino';
import type { DataFolder } from '../boot/data-folder.ts';
import type { Config } from '../config/schema.ts';
import { openKeys } from '../pki/keys.ts';
import type { KeySettings } from '../pki/settings.ts';
import { holdRecords, openRecordStore, refuseStrangers } from '../store/records.ts';
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
  readonly keySettings: KeySettings;
  readonly recordSettings: Config['records'];
  readonly clock: Clock;
  readonly log: Logger;
}): Promise<Keepers> {
  const { folder, passphrase, keySettings, recordSettings, clock, log } = parts;
  const keys = await openKeys({ folder: folder.keys, passphrase, settings: keySettings, clock });
  let hold: Awaited<ReturnType<typeof holdRecords>>;
  const close = async () => {
    await hold?.release();
    await keys.close();
  };
  try {
    hold = await holdRecords(recordSettings, log);
    const kept = await openWith(keys, { folder, recordSettings, clock, log });
    return { ...kept, close: () => kept.close().finally(close) };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openWith(
  keys: KeyStore,
  parts: {
    readonly folder: DataFolder;
    readonly recordSettings: Config['records'];
    readonly clock: Clock;
    readonly log: Logger;
  },
): Promise<Keepers> {
  const { folder, recordSettings, clock, log } = parts;
  const known = await keys.open('audit');
  await refuseStrangers(recordSettings, folder, known !== undefined);
  const signer = known ?? (await createAuditKey(keys, log));
  const auditKeyPem = spkiPem(signer.publicKey.spki);
  const { records, audit: stored } = await openRecordStore(recordSettings, {
    file: folder.recordsFile,
    clock,
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

/** In the token, where there is one that makes Ed25519 keys; else in a file. */
async function createAuditKey(keys: KeyStore, log: Logger) {
  try {
    return await keys.create('audit', 'Ed25519');
  } catch (error) {
    if (!(error instanceof PkiError) || error.code !== 'unsupported-algorithm') throw error;
    log.warn('the token makes no Ed25519 keys: the key of the audit log is in a file');
    return keys.create('audit', 'Ed25519', { file: true });
  }
}

function spkiPem(spki: Uint8Array): string {
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  return key.export({ type: 'spki', format: 'pem' }).toString();
}
