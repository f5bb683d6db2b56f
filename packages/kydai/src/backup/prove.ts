import { openLake, openRecords } from '@kydai/store';
import { dataPaths } from '../boot/data-folder.ts';
import { ShellError } from '../error.ts';
import { auditKeyOf } from '../pki/audit-key.ts';
import { proveKeys } from './prove-keys.ts';

export interface Proof {
  /** Entries of the audit log, each of them read and hashed again. */
  readonly entries: number;
  readonly checkpoints: number;
  readonly events: number;
  /** Authorities whose key decrypts, fits its certificate and signs; undefined where nobody gave the keys' passphrase. */
  readonly keys: number | undefined;
}

/**
 * Opens a restored data folder as the program would and reads it: the whole audit log with every checkpoint, the keys of
 * the authorities, and the event store, with its key where it is encrypted. @throws ShellError `invalid` that names what is wrong
 */
export async function proveRestore(
  folder: string,
  environment: Readonly<Record<string, string | undefined>>,
  eventsKey?: Uint8Array,
): Promise<Proof> {
  const paths = dataPaths(folder);
  const clock = { now: Date.now };
  const auditKey = { publicKeyPem: auditKeyOf(paths.keys) };
  const { records, audit } = await openRecords({ file: paths.recordsFile, clock, auditKey });
  try {
    const verdict = await audit.verify();
    if (!verdict.intact)
      throw new ShellError('invalid', `the restored audit log is broken: ${verdict.faults[0]}`);
    const keys = await proveKeys(paths, records, environment);
    const lake = await openLake({ folder: paths.events, clock, ...(eventsKey && { key: eventsKey }) });
    try {
      const { events } = await lake.stats();
      await lake.search({ limit: 1 });
      return { entries: verdict.size, checkpoints: verdict.checkpoints, events, keys };
    } finally {
      await lake.close();
    }
  } finally {
    await records.close();
  }
}
