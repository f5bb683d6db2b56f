import type { Clock } from '@kydai/contracts';
import type { Authority } from '@kydai/pki';
import type { Intake } from '@kydai/siem';
import type { Logger } from 'pino';

const every = 60_000;
/** A round takes a twentieth of the time at most, however many keys there are. */
const rest = 20;

/**
 * Lets the authority compare RSA keys, round after round, and tells each key that shares a prime with another as an event
 * of the dataset `pki.weak-key`, which a rule makes a detection of. A fault is logged when it comes and when it has gone.
 * Returns the function that ends it and waits for the round that runs.
 */
export function watchPrimes(parts: {
  readonly authority: Pick<Authority, 'compareKeys'>;
  readonly intake: Intake;
  readonly clock: Clock;
  readonly log: Logger;
}): () => Promise<void> {
  const { authority, intake, clock, log } = parts;
  let failing = false;
  let ended = false;
  let timer: NodeJS.Timeout;
  let running = Promise.resolve();
  const wait = (milliseconds: number): void => {
    timer = setTimeout(() => {
      running = round();
    }, milliseconds);
    timer.unref();
  };

  async function round(): Promise<void> {
    const began = performance.now();
    try {
      for (const { id, keys } of await authority.compareKeys()) for (const key of keys) await tell(id, key);
      if (failing) log.info('RSA keys are compared again');
      failing = false;
    } catch (error) {
      if (!failing) log.error({ err: error }, 'RSA keys cannot be compared');
      failing = true;
    }
    if (!ended) wait(Math.max(every, (performance.now() - began) * rest));
  }

  async function tell(finding: string, { serial, subject }: { serial: string; subject: string }) {
    const document = {
      '@timestamp': new Date(clock.now()).toISOString(),
      'event.dataset': 'pki.weak-key',
      'event.action': 'shared-prime',
      'event.reference': finding,
      'device.id': subject,
      'tls.client.x509.serial_number': serial,
      message: `RSA key of ${subject} shares a prime with another: anybody can reckon it`,
    };
    const raw = JSON.stringify(document);
    const frame = { raw, bytes: raw.length, normalised: intake.normaliser.document(document, clock.now()) };
    await intake.submit(intake.account('internal', 'prime-watch'), [frame]);
  }

  wait(every);
  return async () => {
    ended = true;
    clearTimeout(timer);
    await running;
  };
}
