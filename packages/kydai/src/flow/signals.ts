import type { Signal, Signals } from '@kydai/contracts';

/** In-process signals. A listener that throws is reported and does not keep the others from hearing. */
export function createSignals(onError: (error: unknown) => void): Signals {
  const listeners = new Set<(signal: Signal) => void>();
  return {
    publish(signal) {
      for (const listener of listeners) {
        try {
          listener(signal);
        } catch (error) {
          onError(error);
        }
      }
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}
