import type { Clock, RecordStore } from '@kydai/contracts';
import type { KeyStore } from '@kydai/pki';
import type { Logger } from 'pino';
import { catchUp, type Present } from './catch-up.ts';
import { type ChangeLog, openChangeLog } from './changes.ts';
import { openSetSigner } from './ssf/signer.ts';
import { openTransmitter, type Transmitter } from './ssf/transmitter.ts';

export interface Notification {
  /** Everything that flips decisions is told here. */
  readonly changes: ChangeLog;
  /** Tells receivers of the Shared Signals Framework. */
  readonly transmitter: Transmitter;
  /** Tells what changed since somebody was told last; resolves to how many changes that were. */
  catchUp(present: Present): Promise<number>;
  close(): Promise<void>;
}

/** The ways in which enforcement points hear of changes: a stream, and signed security events. */
export async function openNotification(parts: {
  readonly records: RecordStore;
  readonly keys: KeyStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** Address of the API, as receivers know us. */
  readonly issuer: () => string;
}): Promise<Notification> {
  const { records, keys, clock, log } = parts;
  const transmitter = await openTransmitter({ ...parts, signer: await openSetSigner(keys) });
  const changes = await openChangeLog({ records, clock, log, commit: transmitter.keep });
  return {
    changes,
    transmitter,
    catchUp: (present) => catchUp({ changes, records, clock, present }),
    async close() {
      await changes.close();
      await transmitter.close();
    },
  };
}
