import type { Logger } from 'pino';
import type { BundleSource } from './bundle-source.ts';

/**
 * Looks for another bundle from time to time and reloads when there is one. A bundle that was refused is not tried again
 * until it changes; a centre that is away is told of once. Returns the function that ends it.
 */
export function keepPolling(parts: {
  readonly source: Pick<BundleSource, 'changed'>;
  readonly reload: () => Promise<unknown>;
  readonly everyMs: number;
  readonly log: Pick<Logger, 'warn' | 'info'>;
}): () => Promise<void> {
  const { source, reload, everyMs, log } = parts;
  let told = '';
  let looking: Promise<void> = Promise.resolve();
  const look = async () => {
    try {
      if (!(await source.changed())) {
        told = '';
        return;
      }
      await reload();
      log.info('another policy bundle is in force');
      told = '';
    } catch (error) {
      const { message } = error as Error;
      if (message !== told) log.warn({ err: error }, 'the policy bundle in force stays');
      told = message;
    }
  };
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, everyMs);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await looking;
  };
}
