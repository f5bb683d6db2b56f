import type { Authority } from '@kydai/pki';
import type { Logger } from 'pino';

const every = 5000;

/**
 * Lets the authority sign lists and OCSP answers ahead of their end, round after round, none beside another. A fault is
 * logged when it comes and when it has gone. Returns the function that ends it and waits for the round that runs.
 */
export function keepPublishing(authority: Pick<Authority, 'tend'>, log: Logger): () => Promise<void> {
  let running: Promise<void> | undefined;
  let failing = false;

  async function round(): Promise<void> {
    try {
      await authority.tend();
      if (failing) log.info('CRLs and OCSP answers are signed ahead again');
      failing = false;
    } catch (error) {
      if (!failing) log.error({ err: error }, 'CRLs and OCSP answers cannot be signed ahead');
      failing = true;
    }
  }

  const timer = setInterval(() => {
    running ??= round().finally(() => {
      running = undefined;
    });
  }, every);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await running;
  };
}
