import type { Clock } from '@kydai/contracts';
import type { Intake } from '@kydai/siem';
import { ShellError } from '../error.ts';
import type { Peer } from '../http/listen.ts';

/** Keeps what a device published as an event of its own dataset; resolves once it is durable. */
export function keepReading(intake: Intake, clock: Clock) {
  return async (deviceId: string, peer: Peer, body: string): Promise<void> => {
    const document = {
      '@timestamp': new Date(clock.now()).toISOString(),
      'event.dataset': 'device.reading',
      'device.id': deviceId,
      'source.ip': peer.address,
      message: body,
    };
    const raw = JSON.stringify(document);
    const frame = { raw, bytes: raw.length, normalised: intake.normaliser.document(document, clock.now()) };
    const outcomes = await intake.submit(intake.account('internal', 'devices'), [frame]);
    if (outcomes?.[0] !== 'kept')
      throw new ShellError('busy', 'the reading could not be kept now; send it again');
  };
}
