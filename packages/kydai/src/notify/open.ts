import type { Clock, RecordStore } from '@kydai/contracts';
import type { KeyStore } from '@kydai/pki';
import type { Logger } from 'pino';
import { type ChangeLog, createChangeLog } from './changes.ts';
import { openSetSigner } from './ssf/signer.ts';
import { openTransmitter, type Transmitter } from './ssf/transmitter.ts';

export interface Notification {
  /** Everything that flips decisions is told here. */
  readonly changes: ChangeLog;
  /** Tells receivers of the Shared Signals Framework. */
  readonly transmitter: Transmitter;
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
  const { keys, clock } = parts;
  const changes = createChangeLog(clock, clock.now().toString(36));
  const transmitter = await openTransmitter({ ...parts, signer: await openSetSigner(keys) });
  changes.subscribe(transmitter.take);
  return { changes, transmitter, close: () => transmitter.close() };
}
