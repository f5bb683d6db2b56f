import { useSyncExternalStore } from 'react';
import { serverNow } from '../api/client.ts';

interface Ticker {
  subscribe(listener: () => void): () => void;
  read(): number;
}

/** One timer for all readers of the same pace; it rests while nobody looks. */
function createTicker(pace: number): Ticker {
  const listeners = new Set<() => void>();
  let now = serverNow();
  let timer: ReturnType<typeof setInterval> | undefined;
  return {
    subscribe: (listener) => {
      listeners.add(listener);
      timer ??= setInterval(() => {
        now = serverNow();
        for (const one of listeners) one();
      }, pace);
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) {
          clearInterval(timer);
          timer = undefined;
        }
      };
    },
    read: () => {
      // Between ticks the same value must come back, or React renders without end.
      if (Math.abs(serverNow() - now) > pace) now = serverNow();
      return now;
    },
  };
}

const seconds = createTicker(1000);
const calm = createTicker(10_000);

/** The server's time, epoch ms: renewed every second for countdowns, every ten seconds for "3 minutes ago". */
export function useNow(pace: 'second' | 'calm' = 'calm'): number {
  const ticker = pace === 'second' ? seconds : calm;
  return useSyncExternalStore(ticker.subscribe, ticker.read, ticker.read);
}
